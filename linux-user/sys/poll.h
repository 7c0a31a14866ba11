#pragma once

#include <time.h>

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// Waiting for descriptors, with and without a temporary signal mask.

SysResult sys_epoll_ctl(Task& task, int epoll, int operation, int fd, GuestAddr event);
SysResult sys_epoll_pwait(Task& task, int epoll, GuestAddr events, int count, int timeout, Ptr<uint64_t> mask,
                          uint64_t mask_bytes);
SysResult sys_epoll_pwait2(Task& task, int epoll, GuestAddr events, int count, Ptr<timespec> timeout,
                           Ptr<uint64_t> mask, uint64_t mask_bytes);
SysResult sys_ppoll(Task& task, GuestAddr fds, uint32_t count, GuestAddr timeout, Ptr<uint64_t> mask,
                    uint64_t mask_bytes);
SysResult sys_pselect6(Task& task, int count, GuestAddr read, GuestAddr write, GuestAddr except,
                       GuestAddr timeout, GuestAddr mask_and_size);
SysResult sys_io_pgetevents(Task& task, uint64_t context, int64_t at_least, int64_t count, GuestAddr events,
                            GuestAddr timeout, GuestAddr mask_and_size);

}  // namespace ferry::linux_user
