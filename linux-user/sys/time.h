#pragma once

#include <sys/time.h>
#include <time.h>

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// What the host's vDSO answers without a system call.

SysResult sys_clock_gettime(Task& task, int clock, Ptr<timespec> time);
/// `cache` is for nothing, as in the kernel.
SysResult sys_getcpu(Task& task, Ptr<uint32_t> cpu, Ptr<uint32_t> node, uint64_t cache);
SysResult sys_gettimeofday(Task& task, Ptr<timeval> time, Ptr<struct timezone> zone);

}  // namespace ferry::linux_user
