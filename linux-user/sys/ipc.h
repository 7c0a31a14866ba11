#pragma once

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// System V and POSIX IPC that differs from the host's; shmat and shmdt are in mm.h.

SysResult sys_semctl(Task& task, int id, int number, int command, uint64_t argument);
SysResult sys_mq_open(Task& task, GuestAddr name, int flags, uint32_t mode, GuestAddr attributes);

}  // namespace ferry::linux_user
