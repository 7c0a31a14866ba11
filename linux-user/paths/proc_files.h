#pragma once

#include <string_view>

#include "linux-user/guest_task.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// Files below /proc that tell about ferry or the host what a guest must see of itself.
enum class ProcFile : uint8_t { None, Exe, Maps, Auxv, Cmdline, Environ, Cpuinfo, Link };

/// Which of them a path argument names. Link: a link of /proc/self (cwd, root, fd/N) whose text is a host
/// path.
ProcFile classify_proc_path(int dirfd, std::string_view path);

/// A descriptor to read the guest's version of `file` (not Exe, not Link), opened with the host's `flags`.
/// Answers it or -errno.
SysResult open_proc_file(const Task& task, ProcFile file, int flags);

}  // namespace ferry::linux_user
