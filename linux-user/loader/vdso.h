#pragma once

#include "linux-user/sys_result.h"

namespace ferry::linux_user {

struct Process;

/// Maps the guest's vDSO, the same everywhere: it has its place as files have theirs, and its code may come
/// from the persistent code cache.
SysResult map_vdso(Process& process);

}  // namespace ferry::linux_user
