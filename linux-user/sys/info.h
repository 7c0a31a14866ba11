#pragma once

#include <sys/resource.h>
#include <sys/utsname.h>

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// What the system and the process say about themselves: uname, limits.

SysResult sys_uname(Task& task, Ptr<utsname> name);
SysResult sys_getrlimit(Task& task, int resource, Ptr<rlimit> limit);
SysResult sys_setrlimit(Task& task, int resource, Ptr<rlimit> limit);
SysResult sys_prlimit64(Task& task, int pid, int resource, Ptr<rlimit> set, Ptr<rlimit> old);
/// Rows of Support::None.
SysResult sys_missing(Task& task);

}  // namespace ferry::linux_user
