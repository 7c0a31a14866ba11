#include "linux-user/sys/fd.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/paths/guest_path.h"
#include "linux-user/paths/proc_files.h"

namespace ferry::linux_user {

namespace {

uint64_t word(int value) { return static_cast<uint64_t>(value); }
uint64_t word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

/// Opening may block: a FIFO waits for the other end.
template <typename Call>
SysResult open_path(Task& task, int dirfd, GuestAddr address, int host_flags, Call call) {
  char text[PATH_MAX];
  const int64_t length = copy_string_from_guest(text, address, sizeof text);
  if (length < 0) return length;
  const std::string path(text, static_cast<size_t>(length));
  const ProcFile file = classify_proc_path(dirfd, path);
  const bool made_up = file != ProcFile::None && file != ProcFile::Exe && file != ProcFile::Link;
  if (made_up && !(host_flags & O_PATH)) return open_proc_file(task.process, file, host_flags);
  const bool creates_new = (host_flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  const FollowLast follow = (host_flags & O_NOFOLLOW) || creates_new ? FollowLast::No : FollowLast::Yes;
  HostPath host;
  resolve_path(task.process, dirfd, path, follow, host);
  return call(host);
}

}  // namespace

SysResult sys_openat(Task& task, int dirfd, GuestAddr path, int flags, uint32_t mode) {
  const int host_flags = task.process.abi.host_open_flags(flags);
  return open_path(task, dirfd, path, host_flags, [&](const HostPath& host) {
    return blocking_syscall(task, SYS_openat, word(host.dirfd), word(host.c_str()), word(host_flags), mode);
  });
}

SysResult sys_openat2(Task& task, int dirfd, GuestAddr path, Ptr<OpenHow> how, uint64_t size) {
  OpenHow in;
  if (size < sizeof in) return SysResult::error(EINVAL);
  if (!how.read(in)) return SysResult::error(EFAULT);
  for (uint64_t at = sizeof in; at < size;
       ++at) {  // fields of a newer kernel's structure: zero means "not used"
    char byte;
    if (at >= AddressSpace::kPageSize) return SysResult::error(E2BIG);
    if (!copy_from_guest(&byte, how.address + at, 1)) return SysResult::error(EFAULT);
    if (byte != 0) return SysResult::error(E2BIG);
  }
  const int flags = static_cast<int>(in.flags);
  if (in.flags != static_cast<uint32_t>(flags)) return SysResult::error(EINVAL);
  const int host_flags = task.process.abi.host_open_flags(flags);
  OpenHow host_how = in;
  host_how.flags = static_cast<uint32_t>(host_flags);
  const auto open = [&](int fd, uint64_t text) {
    return blocking_syscall(task, SYS_openat2, word(fd), text, word(&host_how), sizeof host_how);
  };
  // A path confined to its directory must not be changed.
  if (in.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) return open(dirfd, path.value);
  return open_path(task, dirfd, path, host_flags,
                   [&](const HostPath& host) { return open(host.dirfd, word(host.c_str())); });
}

/// A dynamic linker looks at the header before it makes room for the file.
SysResult sys_read(Task& task, int fd, GuestAddr buffer, uint64_t size) {
  const SysResult result = blocking_syscall(task, SYS_read, word(fd), buffer.value, size);
  char magic[SELFMAG];
  if (result.value >= static_cast<int64_t>(sizeof(Elf64_Ehdr)) &&
      copy_from_guest(magic, buffer, sizeof magic) && std::memcmp(magic, ELFMAG, SELFMAG) == 0) {
    task.process.memory.expect_image(fd);
  }
  return result;
}

SysResult sys_close(Task& task, int fd) {
  if (task.process.owns_fd(fd)) return SysResult::error(EBADF);
  return raw_syscall(SYS_close, word(fd));
}

SysResult sys_close_range(Task& task, uint32_t first, uint32_t last, uint32_t flags) {
  if (first > last) return SysResult::error(EINVAL);
  // In pieces around the descriptors that ferry keeps.
  for (const int own : task.process.own_fds()) {
    const auto kept = static_cast<uint32_t>(own);
    if (kept < first || kept > last) continue;
    if (kept > first) {
      const SysResult result = raw_syscall(SYS_close_range, first, kept - 1, flags);
      if (result.failed()) return result;
    }
    if (kept == last) return 0;
    first = kept + 1;
  }
  return raw_syscall(SYS_close_range, first, last, flags);
}

SysResult sys_dup3(Task& task, int from, int to, int flags) {
  if (task.process.owns_fd(from) || task.process.owns_fd(to)) return SysResult::error(EBADF);
  return raw_syscall(SYS_dup3, word(from), word(to), word(flags));
}

SysResult sys_fcntl(Task& task, int fd, int command, uint64_t argument) {
  const Abi& abi = task.process.abi;
  if (task.process.owns_fd(fd)) return SysResult::error(EBADF);
  if (command == F_SETFL) argument = word(abi.host_open_flags(static_cast<int>(argument)));
  const SysResult result = blocking_syscall(task, SYS_fcntl, word(fd), word(command), argument);
  if (command == F_GETFL && !result.failed()) return abi.guest_open_flags(static_cast<int>(result.value));
  return result;
}

SysResult sys_pipe2(Task& task, GuestAddr fds, int flags) {
  return raw_syscall(SYS_pipe2, fds.value, word(task.process.abi.host_open_flags(flags)));
}

SysResult sys_fanotify_init(Task& task, uint32_t flags, int event_flags) {
  return raw_syscall(SYS_fanotify_init, flags, word(task.process.abi.host_open_flags(event_flags)));
}

SysResult sys_open_by_handle_at(Task& task, int mount_fd, GuestAddr handle, int flags) {
  const int host_flags = task.process.abi.host_open_flags(flags);
  return blocking_syscall(task, SYS_open_by_handle_at, word(mount_fd), handle.value, word(host_flags));
}

}  // namespace ferry::linux_user
