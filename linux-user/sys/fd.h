#pragma once

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// Descriptors: open and close, duplicates, flags; read.

/// struct open_how of include/uapi/linux/openat2.h.
struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};

SysResult sys_openat(Task& task, int dirfd, GuestAddr path, int flags, uint32_t mode);
SysResult sys_openat2(Task& task, int dirfd, GuestAddr path, Ptr<OpenHow> how, uint64_t size);
SysResult sys_read(Task& task, int fd, GuestAddr buffer, uint64_t size);
SysResult sys_close(Task& task, int fd);
SysResult sys_close_range(Task& task, uint32_t first, uint32_t last, uint32_t flags);
SysResult sys_dup3(Task& task, int from, int to, int flags);
SysResult sys_fcntl(Task& task, int fd, int command, uint64_t argument);
SysResult sys_pipe2(Task& task, GuestAddr fds, int flags);
SysResult sys_fanotify_init(Task& task, uint32_t flags, int event_flags);
SysResult sys_open_by_handle_at(Task& task, int mount_fd, GuestAddr handle, int flags);

}  // namespace ferry::linux_user
