#include "linux-user/paths/guest_path.h"

#include <fcntl.h>
#include <unistd.h>

#include "linux-user/guest_process.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/paths/proc_files.h"

namespace ferry::linux_user {

namespace {

/// A relative path below a directory in the sysroot: the host would follow absolute links out of it. Answers
/// whether `out` was set.
bool resolve_relative(const PathResolver& paths, int dirfd, const std::string& path, FollowLast follow,
                      HostPath& out) {
  const bool leads_nowhere = follow == FollowLast::No && path.find('/') == path.npos;
  if (leads_nowhere && !PathResolver::names_shared_directory(path)) return false;
  const std::string directory = fd_host_path(dirfd);
  if (!paths.inside_sysroot(directory)) return false;
  const std::string parent = paths.to_guest(directory);
  const auto host = paths.to_host_existing((parent == "/" ? "" : parent) + "/" + path, follow);
  if (!host || host->size() >= PATH_MAX) return false;
  out = {AT_FDCWD, *host};
  return true;
}

void resolve(const Process& process, const PathResolver& paths, int dirfd, const std::string& path,
             FollowLast follow, HostPath& out) {
  out = {dirfd, path};
  if (path.empty()) return;
  if (follow == FollowLast::Yes && classify_proc_path(dirfd, path) == ProcFile::Exe &&
      !process.exe_host_path.empty()) {
    out.path = process.exe_host_path;
    return;
  }
  if (!paths.has_sysroot()) return;
  if (path.front() == '/') {
    out.path = paths.to_host(path, follow);
  } else {
    resolve_relative(paths, dirfd, path, follow, out);
  }
}

}  // namespace

std::string fd_host_path(int fd) {
  char text[PATH_MAX];
  if (fd == AT_FDCWD) return ::getcwd(text, sizeof text) ? text : "";
  char link[32];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, text, sizeof text);
  return length > 0 ? std::string(text, static_cast<size_t>(length)) : "";
}

void resolve_path(const Task& task, int dirfd, const std::string& path, FollowLast follow, HostPath& out) {
  resolve(task.process, paths_of(task), dirfd, path, follow, out);
}

void resolve_path(const Process& process, int dirfd, const std::string& path, FollowLast follow,
                  HostPath& out) {
  resolve(process, process.paths, dirfd, path, follow, out);
}

SysResult resolve_path(Task& task, int dirfd, GuestAddr address, FollowLast follow, HostPath& out) {
  char text[PATH_MAX];
  const int64_t length = copy_string_from_guest(text, address, sizeof text);
  if (length < 0) return length;
  resolve_path(task, dirfd, std::string(text, static_cast<size_t>(length)), follow, out);
  return 0;
}

const PathResolver& paths_of(const Task& task) {
  return task.file_system->left_sysroot.load(std::memory_order_relaxed) ? task.process.host_paths
                                                                        : task.process.paths;
}

void unshare_file_system(Task& task) {
  auto own = std::make_shared<FileSystemView>();
  own->left_sysroot.store(task.file_system->left_sysroot.load());
  task.file_system = std::move(own);
}

}  // namespace ferry::linux_user
