#pragma once

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// Memory: see AddressSpace.

SysResult sys_brk(Task& task, GuestAddr wanted);
SysResult sys_mmap(Task& task, GuestAddr address, uint64_t length, int protection, int flags, int fd,
                   uint64_t offset);
SysResult sys_munmap(Task& task, GuestAddr address, uint64_t length);
SysResult sys_mprotect(Task& task, GuestAddr address, uint64_t length, int protection);
SysResult sys_mremap(Task& task, GuestAddr old_address, uint64_t old_length, uint64_t new_length, int flags,
                     GuestAddr new_address);
SysResult sys_madvise(Task& task, GuestAddr address, uint64_t length, int advice);
SysResult sys_mlockall(Task& task, int flags);
SysResult sys_munlockall(Task& task);
SysResult sys_remap_file_pages(Task& task, GuestAddr address, uint64_t size, int protection,
                               uint64_t page_offset, int flags);
SysResult sys_shmat(Task& task, int id, GuestAddr address, int flags);
SysResult sys_shmdt(Task& task, GuestAddr address);
SysResult sys_pkey_mprotect(Task& task, GuestAddr address, uint64_t length, int protection, int key);
SysResult sys_pkey_alloc(Task& task, uint64_t flags, uint64_t rights);
SysResult sys_pkey_free(Task& task, int key);

}  // namespace ferry::linux_user
