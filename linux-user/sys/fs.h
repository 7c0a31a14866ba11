#pragma once

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// Files by their names: what is more than one resolved path (see path_calls.h), and what is told about files.

SysResult sys_getcwd(Task& task, GuestAddr buffer, uint64_t size);
SysResult sys_readlinkat(Task& task, int dirfd, GuestAddr path, GuestAddr buffer, int size);
SysResult sys_newfstatat(Task& task, int dirfd, GuestAddr path, GuestAddr status, int flags);
SysResult sys_fstat(Task& task, int fd, GuestAddr status);
SysResult sys_linkat(Task& task, int old_dirfd, GuestAddr old_path, int new_dirfd, GuestAddr new_path,
                     int flags);
SysResult sys_renameat(Task& task, int old_dirfd, GuestAddr old_path, int new_dirfd, GuestAddr new_path);
SysResult sys_renameat2(Task& task, int old_dirfd, GuestAddr old_path, int new_dirfd, GuestAddr new_path,
                        uint32_t flags);
SysResult sys_mount(Task& task, GuestAddr source, GuestAddr target, GuestAddr type, uint64_t flags,
                    GuestAddr data);
SysResult sys_chroot(Task& task, GuestAddr path);
SysResult sys_pivot_root(Task& task, GuestAddr new_root, GuestAddr put_old);
SysResult sys_move_mount(Task& task, int from_dirfd, GuestAddr from_path, int to_dirfd, GuestAddr to_path,
                         uint32_t flags);
SysResult sys_quotactl(Task& task, uint32_t command, GuestAddr special, int id, GuestAddr address);
SysResult sys_name_to_handle_at(Task& task, int dirfd, GuestAddr path, GuestAddr handle, GuestAddr mount_id,
                                int flags);

}  // namespace ferry::linux_user
