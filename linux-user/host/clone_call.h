#pragma once

#include <linux/sched.h>

#include <cstdint>

namespace ferry::linux_user {

/// clone(2) or clone3(2) of the host, whichever can say what `args` asks for. With args.stack the child calls
/// `entry(argument)` on that stack (which must not return); without, the call returns twice. Answers the
/// child's number, 0 in the child, or -errno. args.stack is the stack's top, args.stack_size must be 0.
int64_t host_clone(clone_args args, void (*entry)(void*), void* argument);

}  // namespace ferry::linux_user
