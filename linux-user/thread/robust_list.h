#pragma once

#include "linux-user/guest_task.h"

namespace ferry::linux_user {

/// What the kernel does with a thread's robust futexes when the thread ends (kernel/futex/core.c,
/// exit_robust_list): marks those it still owns as ownerless and wakes a waiter. Done by hand at a thread's
/// orderly end, because the guest may free the list's memory as soon as it sees the thread gone, which the
/// guest can see before the host thread is. The kernel's own list serves all other ends.
void release_robust_list(Task& task);

}  // namespace ferry::linux_user
