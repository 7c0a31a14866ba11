#include "linux-user/sys/mm.h"

#include "linux-user/guest_process.h"

namespace ferry::linux_user {

SysResult sys_brk(Task& task, GuestAddr wanted) {
  return static_cast<int64_t>(task.process.memory.brk(wanted).value);
}

SysResult sys_mmap(Task& task, GuestAddr address, uint64_t length, int protection, int flags, int fd,
                   uint64_t offset) {
  return task.process.memory.mmap(address, length, protection, flags, fd, offset);
}

SysResult sys_munmap(Task& task, GuestAddr address, uint64_t length) {
  return task.process.memory.munmap(address, length);
}

SysResult sys_mprotect(Task& task, GuestAddr address, uint64_t length, int protection) {
  return task.process.memory.mprotect(address, length, protection);
}

SysResult sys_mremap(Task& task, GuestAddr old_address, uint64_t old_length, uint64_t new_length, int flags,
                     GuestAddr new_address) {
  return task.process.memory.mremap(old_address, old_length, new_length, flags, new_address);
}

SysResult sys_madvise(Task& task, GuestAddr address, uint64_t length, int advice) {
  return task.process.memory.madvise(address, length, advice);
}

SysResult sys_mlockall(Task& task, int flags) { return task.process.memory.mlockall(flags); }

SysResult sys_munlockall(Task& task) { return task.process.memory.munlockall(); }

SysResult sys_remap_file_pages(Task& task, GuestAddr address, uint64_t size, int protection,
                               uint64_t page_offset, int flags) {
  return task.process.memory.remap_file_pages(address, size, protection, page_offset, flags);
}

SysResult sys_shmat(Task& task, int id, GuestAddr address, int flags) {
  return task.process.memory.shmat(id, address, flags);
}

SysResult sys_shmdt(Task& task, GuestAddr address) { return task.process.memory.shmdt(address); }

// A CPU without protection keys (mm/mprotect.c).

SysResult sys_pkey_mprotect(Task& task, GuestAddr address, uint64_t length, int protection, int key) {
  return key == -1 ? task.process.memory.mprotect(address, length, protection) : SysResult::error(EINVAL);
}

SysResult sys_pkey_alloc(Task&, uint64_t flags, uint64_t rights) {
  return SysResult::error(flags != 0 || rights > 3 ? EINVAL : ENOSPC);
}

SysResult sys_pkey_free(Task&, int) { return SysResult::error(EINVAL); }

}  // namespace ferry::linux_user
