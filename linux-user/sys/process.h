#pragma once

#include "linux-user/abi/syscall_table.h"
#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// System calls about processes that differ from the host's. wait4, waitid, getpid and its kin, setpgid,
// setsid, unshare, setns, pidfd_open are the host's own.

SysResult sys_exit(Task& task, int status);
SysResult sys_exit_group(Task& task, int status);
SysResult sys_execve(Task& task, GuestAddr path, GuestAddr argv, GuestAddr envp);
SysResult sys_execveat(Task& task, int dirfd, GuestAddr path, GuestAddr argv, GuestAddr envp, int flags);
/// After a call that may have changed the thread's credentials (credentials(7)), which Linux has for each
/// thread: the C library makes the call in all threads that it knows, so ferry's own must not go on with the
/// old ones. Answers `result`.
SysResult settle_identity(Task& task, SysResult result);
/// Calls that do so and are otherwise the host's own.
template <long HostNumber>
SysResult forward_identity(Task& task, const SyscallArgs& args) {
  return settle_identity(task, forward<HostNumber>(task, args));
}

SysResult sys_prctl(Task& task, int option, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

}  // namespace ferry::linux_user
