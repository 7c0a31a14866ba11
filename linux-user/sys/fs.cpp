#include "linux-user/sys/fs.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/paths/guest_path.h"
#include "linux-user/paths/proc_files.h"

namespace ferry::linux_user {

namespace {

uint64_t word(int value) { return static_cast<uint64_t>(value); }
uint64_t word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

FollowLast follow_if(bool follow) { return follow ? FollowLast::Yes : FollowLast::No; }

struct TwoPaths {
  HostPath first, second;
};

SysResult resolve_two(Task& task, int first_dirfd, GuestAddr first, FollowLast follow_first, int second_dirfd,
                      GuestAddr second, FollowLast follow_second, TwoPaths& out) {
  const SysResult result = resolve_path(task, first_dirfd, first, follow_first, out.first);
  return result.failed() ? result : resolve_path(task, second_dirfd, second, follow_second, out.second);
}

SysResult write_status(Task& task, SysResult result, GuestAddr to, const struct stat& status) {
  if (result.failed()) return result;
  return task.process.abi.write_stat(to, status) ? SysResult{0} : SysResult::error(EFAULT);
}

/// The text of a link: what the guest must read instead of the host's, if that differs.
std::string guest_link_text(const Task& task, ProcFile file, std::string text) {
  if (file == ProcFile::Exe) return task.process.exe_guest_path;
  if (file == ProcFile::Link) return paths_of(task).to_guest(text);
  return text;
}

}  // namespace

SysResult sys_getcwd(Task& task, GuestAddr buffer, uint64_t size) {
  const PathResolver& paths = paths_of(task);
  if (!paths.has_sysroot()) return raw_syscall(SYS_getcwd, buffer.value, size);
  char host[PATH_MAX];
  const SysResult result = raw_syscall(SYS_getcwd, word(host), sizeof host);
  if (result.failed()) return result;
  const std::string guest = paths.to_guest(host);
  if (guest.size() + 1 > size) return SysResult::error(ERANGE);
  if (!copy_to_guest(buffer, guest.c_str(), guest.size() + 1)) return SysResult::error(EFAULT);
  return static_cast<int64_t>(guest.size() + 1);
}

SysResult sys_readlinkat(Task& task, int dirfd, GuestAddr path, GuestAddr buffer, int size) {
  if (size <= 0) return SysResult::error(EINVAL);
  HostPath host;
  if (const SysResult resolved = resolve_path(task, dirfd, path, FollowLast::No, host); resolved.failed())
    return resolved;
  const ProcFile file = classify_proc_path(host.dirfd, host.path);
  if (file != ProcFile::Exe && file != ProcFile::Link) {
    return raw_syscall(SYS_readlinkat, word(host.dirfd), word(host.c_str()), buffer.value, word(size));
  }
  char text[PATH_MAX];
  const SysResult length =
      raw_syscall(SYS_readlinkat, word(host.dirfd), word(host.c_str()), word(text), sizeof text);
  if (length.failed()) return length;
  const std::string guest = guest_link_text(task, file, std::string(text, static_cast<size_t>(length.value)));
  const size_t shown = std::min(guest.size(), static_cast<size_t>(size));
  if (!copy_to_guest(buffer, guest.data(), shown)) return SysResult::error(EFAULT);
  return static_cast<int64_t>(shown);
}

SysResult sys_newfstatat(Task& task, int dirfd, GuestAddr path, GuestAddr to, int flags) {
  struct stat status;
  HostPath host{dirfd, ""};
  if (path.value != 0 || !(flags & AT_EMPTY_PATH)) {
    const SysResult resolved =
        resolve_path(task, dirfd, path, follow_if(!(flags & AT_SYMLINK_NOFOLLOW)), host);
    if (resolved.failed()) return resolved;
  }
  return write_status(
      task, raw_syscall(SYS_newfstatat, word(host.dirfd), word(host.c_str()), word(&status), word(flags)), to,
      status);
}

SysResult sys_fstat(Task& task, int fd, GuestAddr to) {
  struct stat status;
  return write_status(task, raw_syscall(SYS_fstat, word(fd), word(&status)), to, status);
}

SysResult sys_linkat(Task& task, int old_dirfd, GuestAddr old_path, int new_dirfd, GuestAddr new_path,
                     int flags) {
  TwoPaths paths;
  const SysResult resolved = resolve_two(task, old_dirfd, old_path, follow_if(flags & AT_SYMLINK_FOLLOW),
                                         new_dirfd, new_path, FollowLast::No, paths);
  if (resolved.failed()) return resolved;
  return raw_syscall(SYS_linkat, word(paths.first.dirfd), word(paths.first.c_str()), word(paths.second.dirfd),
                     word(paths.second.c_str()), word(flags));
}

SysResult sys_renameat(Task& task, int old_dirfd, GuestAddr old_path, int new_dirfd, GuestAddr new_path) {
  return sys_renameat2(task, old_dirfd, old_path, new_dirfd, new_path, 0);
}

SysResult sys_renameat2(Task& task, int old_dirfd, GuestAddr old_path, int new_dirfd, GuestAddr new_path,
                        uint32_t flags) {
  TwoPaths paths;
  const SysResult resolved =
      resolve_two(task, old_dirfd, old_path, FollowLast::No, new_dirfd, new_path, FollowLast::No, paths);
  if (resolved.failed()) return resolved;
  return raw_syscall(SYS_renameat2, word(paths.first.dirfd), word(paths.first.c_str()),
                     word(paths.second.dirfd), word(paths.second.c_str()), flags);
}

SysResult sys_mount(Task& task, GuestAddr source, GuestAddr target, GuestAddr type, uint64_t flags,
                    GuestAddr data) {
  HostPath source_path, target_path;
  uint64_t host_source = source.value;
  // The source is a path, a word like "tmpfs", or nothing.
  char first = 0;
  if (source.value != 0 && copy_from_guest(&first, source, 1) && first == '/') {
    if (const SysResult resolved = resolve_path(task, AT_FDCWD, source, FollowLast::Yes, source_path);
        resolved.failed())
      return resolved;
    host_source = word(source_path.c_str());
  }
  if (const SysResult resolved = resolve_path(task, AT_FDCWD, target, FollowLast::Yes, target_path);
      resolved.failed())
    return resolved;
  return raw_syscall(SYS_mount, host_source, word(target_path.c_str()), type.value, flags, data.value);
}

// After these two the kernel resolves absolute paths inside the new root, where the sysroot's own path leads
// nowhere.

SysResult sys_chroot(Task& task, GuestAddr path) {
  HostPath root;
  const SysResult resolved = resolve_path(task, AT_FDCWD, path, FollowLast::Yes, root);
  if (resolved.failed()) return resolved;
  const SysResult result = raw_syscall(SYS_chroot, word(root.c_str()));
  if (!result.failed()) task.file_system->left_sysroot.store(true);
  return result;
}

SysResult sys_pivot_root(Task& task, GuestAddr new_root, GuestAddr put_old) {
  TwoPaths paths;
  const SysResult resolved =
      resolve_two(task, AT_FDCWD, new_root, FollowLast::Yes, AT_FDCWD, put_old, FollowLast::Yes, paths);
  if (resolved.failed()) return resolved;
  const SysResult result = raw_syscall(SYS_pivot_root, word(paths.first.c_str()), word(paths.second.c_str()));
  if (!result.failed()) task.file_system->left_sysroot.store(true);
  return result;
}

SysResult sys_move_mount(Task& task, int from_dirfd, GuestAddr from_path, int to_dirfd, GuestAddr to_path,
                         uint32_t flags) {
  TwoPaths paths;
  const SysResult resolved =
      resolve_two(task, from_dirfd, from_path, follow_if(flags & MOVE_MOUNT_F_SYMLINKS), to_dirfd, to_path,
                  follow_if(flags & MOVE_MOUNT_T_SYMLINKS), paths);
  if (resolved.failed()) return resolved;
  return raw_syscall(SYS_move_mount, word(paths.first.dirfd), word(paths.first.c_str()),
                     word(paths.second.dirfd), word(paths.second.c_str()), flags);
}

SysResult sys_quotactl(Task& task, uint32_t command, GuestAddr special, int id, GuestAddr address) {
  if (special.value == 0) return raw_syscall(SYS_quotactl, command, 0, word(id), address.value);
  HostPath path;
  if (const SysResult resolved = resolve_path(task, AT_FDCWD, special, FollowLast::Yes, path);
      resolved.failed())
    return resolved;
  return raw_syscall(SYS_quotactl, command, word(path.c_str()), word(id), address.value);
}

SysResult sys_name_to_handle_at(Task& task, int dirfd, GuestAddr path, GuestAddr handle, GuestAddr mount_id,
                                int flags) {
  HostPath host;
  if (const SysResult resolved = resolve_path(task, dirfd, path, follow_if(flags & AT_SYMLINK_FOLLOW), host);
      resolved.failed())
    return resolved;
  return raw_syscall(SYS_name_to_handle_at, word(host.dirfd), word(host.c_str()), handle.value,
                     mount_id.value, word(flags));
}

}  // namespace ferry::linux_user
