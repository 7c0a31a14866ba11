#pragma once

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
SysResult sys_prctl(Task& task, int option, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

}  // namespace ferry::linux_user
