#include "linux-user/sys/info.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"

namespace ferry::linux_user {

namespace {

uint64_t word(int value) { return static_cast<uint64_t>(value); }

/// Limits on the address space would hit ferry's own code buffers, which are larger than most programs: they
/// are remembered only.
bool is_remembered(int resource) { return resource == RLIMIT_AS || resource == RLIMIT_DATA; }

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

SysResult sys_getrlimit(Task& task, int resource, Ptr<rlimit> limit) {
  return sys_prlimit64(task, 0, resource, {}, limit);
}

SysResult sys_setrlimit(Task& task, int resource, Ptr<rlimit> limit) {
  if (!limit) return SysResult::error(EFAULT);
  return sys_prlimit64(task, 0, resource, limit, {});
}

SysResult sys_prlimit64(Task& task, int pid, int resource, Ptr<rlimit> set, Ptr<rlimit> old) {
  const bool self = pid == 0 || pid == ::getpid();
  if (!self || !is_remembered(resource))
    return raw_syscall(SYS_prlimit64, word(pid), word(resource), set.address.value, old.address.value);
  rlimit wanted{}, previous{};
  if (set && !set.read(wanted)) return SysResult::error(EFAULT);
  if (set && wanted.rlim_cur > wanted.rlim_max) return SysResult::error(EINVAL);
  const SysResult result =
      raw_syscall(SYS_prlimit64, 0, word(resource), 0, reinterpret_cast<uint64_t>(&previous));
  if (result.failed()) return result;
  if (!task.process.limits.exchange(resource, set ? &wanted : nullptr, previous))
    return SysResult::error(EPERM);
  return !old || old.write(previous) ? SysResult{0} : SysResult::error(EFAULT);
}

SysResult sys_missing(Task&) { return SysResult::error(ENOSYS); }

}  // namespace ferry::linux_user
