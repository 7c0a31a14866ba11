#pragma once

#include <sys/time.h>
#include <time.h>

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// Clocks that the host's vDSO reads without a system call.

SysResult sys_clock_gettime(Task& task, int clock, Ptr<timespec> time);
SysResult sys_gettimeofday(Task& task, Ptr<timeval> time, Ptr<struct timezone> zone);

}  // namespace ferry::linux_user
