#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/paths/guest_path.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// Keeps ferry's own file open, so that execve() of a guest program works where /proc is not mounted or ferry
/// cannot be seen (chroot). Called once at the start.
void remember_own_executable(Process& process);

/// What execve(2) and execveat(2) ask for.
struct ExecRequest {
  int dirfd;
  GuestAddr path;
  GuestAddr argv;
  GuestAddr envp;
  int flags;
};

/// A call of the host's execve that is ready to be made. Belongs to the task: a vfork child that succeeds
/// never comes back to free it, its parent does.
struct ExecImage {
  HostPath program;                ///< what the host shall run; not used when `through_ferry`
  int flags = 0;                   ///< for execveat
  bool through_ferry = false;      ///< a guest program
  std::vector<std::string> words;  ///< ferry's own part of argv
  std::vector<uint64_t> argv;      ///< pointers to `words` and into guest memory, with the null
  uint64_t host_argv = 0;          ///< for a host program
  uint64_t envp = 0;
  std::vector<uint64_t> plain_argv,
      plain_envp;       ///< what `host_argv` and `envp` point to where tags are ignored
  int program_fd = -1;  ///< handed to ferry when the program has no path
};

/// Runs another program in this process. Everything that can be wrong with the program is found out, with the
/// error number of the kernel, before the current one is given up. Answers only when it failed.
SysResult exec_program(Task& task, const ExecRequest& request);

}  // namespace ferry::linux_user
