#pragma once

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// System calls about threads that differ from the host's. gettid, the sched_* family, get_robust_list and
// futex (through safe_syscall) are the host's own: a guest thread is a host thread, and the guest's addresses
// are ours.

/// clone(2) of architectures with CONFIG_CLONE_BACKWARDS (arm, arm64, i386): the TLS argument comes before
/// the child's word.
SysResult sys_clone_backwards(Task& task, uint64_t flags, GuestAddr stack, Ptr<int32_t> parent_tid,
                              uint64_t tls, Ptr<int32_t> child_tid);
/// clone(2) of x86-64.
SysResult sys_clone(Task& task, uint64_t flags, GuestAddr stack, Ptr<int32_t> parent_tid,
                    Ptr<int32_t> child_tid, uint64_t tls);
SysResult sys_clone3(Task& task, GuestAddr arguments, uint64_t size);
/// Some namespaces are only entered by a process that has one thread, and shares no file-system state with
/// another.
SysResult sys_unshare(Task& task, uint64_t flags);
SysResult sys_setns(Task& task, int fd, int flags);
/// Instruction streams are translations: the host cannot synchronize them.
SysResult sys_membarrier(Task& task, int command, uint64_t flags, int cpu);
SysResult sys_set_tid_address(Task& task, GuestAddr address);
SysResult sys_set_robust_list(Task& task, GuestAddr head, uint64_t size);

}  // namespace ferry::linux_user
