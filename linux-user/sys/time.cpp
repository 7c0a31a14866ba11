#include "linux-user/sys/time.h"

#include <sched.h>

#include "linux-user/host/safe_syscall.h"

namespace ferry::linux_user {

SysResult sys_clock_gettime(Task&, int clock, Ptr<timespec> time) {
  timespec now;
  if (::clock_gettime(clock, &now) != 0) return SysResult::error(errno);
  return time.write(now) ? SysResult{0} : SysResult::error(EFAULT);
}

SysResult sys_getcpu(Task&, Ptr<uint32_t> cpu, Ptr<uint32_t> node, uint64_t) {
  unsigned cpu_now, node_now;
  if (::getcpu(&cpu_now, &node_now) != 0) return SysResult::error(errno);
  if (cpu && !cpu.write(cpu_now)) return SysResult::error(EFAULT);
  if (node && !node.write(node_now)) return SysResult::error(EFAULT);
  return 0;
}

SysResult sys_gettimeofday(Task&, Ptr<timeval> time, Ptr<struct timezone> zone) {
  timeval now;
  struct timezone host_zone;
  if (::gettimeofday(&now, nullptr) != 0) return SysResult::error(errno);
  if (time && !time.write(now)) return SysResult::error(EFAULT);
  if (!zone) return 0;
  // The C library's own gettimeofday() does not ask the kernel for the zone.
  const SysResult result = raw_syscall(SYS_gettimeofday, 0, reinterpret_cast<uint64_t>(&host_zone));
  if (result.failed()) return result;
  return zone.write(host_zone) ? SysResult{0} : SysResult::error(EFAULT);
}

}  // namespace ferry::linux_user
