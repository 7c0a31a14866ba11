#include "linux-user/sys/info.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"

namespace ferry::linux_user {

namespace {

uint64_t word(int value) { return static_cast<uint64_t>(value); }

/// Limits on the address space would hit ferry's own code buffers, which are larger than most programs: they are remembered only.
bool is_remembered(int resource) { return resource == RLIMIT_AS || resource == RLIMIT_DATA; }

/// prctl options that mean the same here. The rest is about the host's CPU, or would act on ferry instead of the guest: for
/// those this guest's kernel answers EINVAL, as one without the feature.
constexpr int kForwarded[] = {
    PR_SET_PDEATHSIG,  PR_GET_PDEATHSIG,  PR_GET_DUMPABLE,         PR_SET_DUMPABLE,         PR_GET_KEEPCAPS,   PR_SET_KEEPCAPS,
    PR_GET_TIMING,     PR_SET_TIMING,     PR_SET_NAME,             PR_GET_NAME,             PR_CAPBSET_READ,   PR_CAPBSET_DROP,
    PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_SET_TIMERSLACK,       PR_GET_TIMERSLACK,       PR_MCE_KILL,       PR_MCE_KILL_GET,
    PR_SET_PTRACER,    PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,   PR_SET_CHILD_SUBREAPER,  PR_GET_CHILD_SUBREAPER,
    PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, PR_CAP_AMBIENT,        PR_GET_SPECULATION_CTRL, PR_SET_SPECULATION_CTRL,
    PR_SET_IO_FLUSHER, PR_GET_IO_FLUSHER, PR_SCHED_CORE,           PR_SET_VMA,
};

}  // namespace

SysResult sys_uname(Task& task, Ptr<utsname> name) {
  utsname host;
  const SysResult result = raw_syscall(SYS_uname, reinterpret_cast<uint64_t>(&host));
  if (result.failed()) return result;
  const std::string_view machine = task.process.abi.machine();
  std::memset(host.machine, 0, sizeof host.machine);
  std::memcpy(host.machine, machine.data(), std::min(machine.size(), sizeof host.machine - 1));
  return name.write(host) ? SysResult{0} : SysResult::error(EFAULT);
}

SysResult sys_getrlimit(Task& task, int resource, Ptr<rlimit> limit) { return sys_prlimit64(task, 0, resource, {}, limit); }

SysResult sys_setrlimit(Task& task, int resource, Ptr<rlimit> limit) {
  if (!limit) return SysResult::error(EFAULT);
  return sys_prlimit64(task, 0, resource, limit, {});
}

SysResult sys_prlimit64(Task& task, int pid, int resource, Ptr<rlimit> set, Ptr<rlimit> old) {
  const bool self = pid == 0 || pid == ::getpid();
  if (!self || !is_remembered(resource)) return raw_syscall(SYS_prlimit64, word(pid), word(resource), set.address.value, old.address.value);
  rlimit wanted{}, previous{};
  if (set && !set.read(wanted)) return SysResult::error(EFAULT);
  if (set && wanted.rlim_cur > wanted.rlim_max) return SysResult::error(EINVAL);
  const SysResult result = raw_syscall(SYS_prlimit64, 0, word(resource), 0, reinterpret_cast<uint64_t>(&previous));
  if (result.failed()) return result;
  if (!task.process.limits.exchange(resource, set ? &wanted : nullptr, previous)) return SysResult::error(EPERM);
  return !old || old.write(previous) ? SysResult{0} : SysResult::error(EFAULT);
}

SysResult sys_prctl(Task& task, int option, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4) {
  if (option == PR_GET_SECCOMP) return 0;
  if (option == PR_GET_TID_ADDRESS) {
    return Ptr<uint64_t>{{a1}}.write(task.clear_child_tid) ? SysResult{0} : SysResult::error(EFAULT);
  }
  if (std::find(std::begin(kForwarded), std::end(kForwarded), option) == std::end(kForwarded)) return SysResult::error(EINVAL);
  return raw_syscall(SYS_prctl, word(option), a1, a2, a3, a4);
}

SysResult sys_missing(Task&) { return SysResult::error(ENOSYS); }

}  // namespace ferry::linux_user
