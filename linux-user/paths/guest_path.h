#pragma once

#include <climits>
#include <string>

#include "ir/support/address.h"
#include "linux-user/guest_task.h"
#include "linux-user/paths/path_resolver.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// A path argument of a system call, resolved for the host's call of the same name.
struct HostPath {
  int dirfd;         ///< what to pass as the directory
  std::string path;  ///< what to pass as the path
  const char* c_str() const { return path.c_str(); }
};

/// Reads the path at `address` and resolves it. Answers 0, -EFAULT or -ENAMETOOLONG. AT_EMPTY_PATH calls
/// work: an empty path stays empty. The ways in which /proc/self differs for a guest (exe) are resolved as
/// well; files with made-up contents are open_proc_file()'s.
SysResult resolve_path(Task& task, int dirfd, GuestAddr address, FollowLast follow, HostPath& out);
/// The same for a path that ferry already has in its own memory.
void resolve_path(const Task& task, int dirfd, const std::string& path, FollowLast follow, HostPath& out);
/// The same before there is a program.
void resolve_path(const Process& process, int dirfd, const std::string& path, FollowLast follow,
                  HostPath& out);

/// Where a descriptor of this process points, as a host path ("" when it has none).
std::string fd_host_path(int fd);

}  // namespace ferry::linux_user
