#pragma once

#include <fcntl.h>

#include "linux-user/abi/syscall_table.h"
#include "linux-user/paths/guest_path.h"
#include "linux-user/signal/blocking_syscall.h"

namespace ferry::linux_user {

// Calls whose one path is resolved and that are otherwise the host's own.

/// Whether a call follows a symbolic link at the end of its path.
enum class FollowRule : uint8_t {
  Always,
  Never,
  UnlessNofollow,  ///< the flags have no AT_SYMLINK_NOFOLLOW
};

inline FollowLast follow_last(FollowRule rule, uint64_t flags) {
  const bool follow =
      rule == FollowRule::Always || (rule == FollowRule::UnlessNofollow && !(flags & AT_SYMLINK_NOFOLLOW));
  return follow ? FollowLast::Yes : FollowLast::No;
}

/// The path is argument `PathArg`.
template <long HostNumber, size_t PathArg, FollowRule Rule>
SysResult forward_path(Task& task, const SyscallArgs& args) {
  HostPath path;
  const SysResult resolved = resolve_path(task, AT_FDCWD, {args[PathArg]}, follow_last(Rule, 0), path);
  if (resolved.failed()) return resolved;
  SyscallArgs a = args;
  a[PathArg] = reinterpret_cast<uint64_t>(path.c_str());
  return blocking_syscall(task, HostNumber, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/// The directory is argument `DirArg`, the path the one after it, the AT_ flags argument `FlagsArg`. A null
/// path (with AT_EMPTY_PATH, or a utimensat of the descriptor itself) is the host's business.
template <long HostNumber, size_t DirArg, FollowRule Rule, size_t FlagsArg>
SysResult forward_at(Task& task, const SyscallArgs& args) {
  SyscallArgs a = args;
  HostPath path;
  if (args[DirArg + 1] != 0) {
    const SysResult resolved = resolve_path(task, static_cast<int>(args[DirArg]), {args[DirArg + 1]},
                                            follow_last(Rule, args[FlagsArg]), path);
    if (resolved.failed()) return resolved;
    a[DirArg] = static_cast<uint64_t>(path.dirfd);
    a[DirArg + 1] = reinterpret_cast<uint64_t>(path.c_str());
  }
  return blocking_syscall(task, HostNumber, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // namespace ferry::linux_user
