#pragma once

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// System calls about signals that differ from the host's. kill, tkill, tgkill, rt_sigqueueinfo,
// rt_tgsigqueueinfo, rt_sigtimedwait, pidfd_send_signal are the host's own.

SysResult sys_rt_sigaction(Task& task, int signal, Ptr<GuestSigaction> action, Ptr<GuestSigaction> old,
                           uint64_t mask_bytes);
SysResult sys_rt_sigprocmask(Task& task, int how, Ptr<uint64_t> set, Ptr<uint64_t> old, uint64_t mask_bytes);
SysResult sys_rt_sigpending(Task& task, Ptr<uint64_t> set, uint64_t mask_bytes);
SysResult sys_rt_sigsuspend(Task& task, Ptr<uint64_t> mask, uint64_t mask_bytes);
SysResult sys_rt_sigreturn(Task& task);
SysResult sys_sigaltstack(Task& task, Ptr<GuestStack> stack, Ptr<GuestStack> old);
SysResult sys_restart_syscall(Task& task);

}  // namespace ferry::linux_user
