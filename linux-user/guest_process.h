#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "backend/engine.h"
#include "ir/guest_arch.h"
#include "linux-user/abi/abi.h"
#include "linux-user/guest_task.h"
#include "linux-user/mm/address_space.h"
#include "linux-user/options.h"
#include "linux-user/paths/path_resolver.h"
#include "linux-user/stats.h"
#include "linux-user/strace.h"
#include "linux-user/sys/memory_limits.h"

namespace ferry::linux_user {

/// The guest's process: what its threads share. One per ferry process; made in main() before the first Task
/// and never destroyed.
struct Process {
  /// `guest_abi` and `guest_arch`: the guest's Linux and its CPU, as --cpu names it.
  Process(Options opts, std::unique_ptr<const Abi> guest_abi,
          std::unique_ptr<const ir::GuestArch> guest_arch);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const Options options;

 private:
  const std::unique_ptr<const Abi> abi_;
  const std::unique_ptr<const ir::GuestArch> arch_;

 public:
  const Abi& abi;
  const ir::GuestArch& arch;
  std::unique_ptr<backend::Engine> engine;
  const std::unique_ptr<ir::MemoryTags> memory_tags;  ///< null: the CPU has none
  AddressSpace memory;
  const PathResolver paths;
  const PathResolver host_paths;  ///< of who has left the sysroot
  Strace strace;
  SyscallStats stats;
  MemoryLimits limits;

  // The program that runs.
  std::string exe_guest_path;  ///< absolute, as the guest sees it: what readlink of /proc/self/exe answers
  std::string exe_host_path;
  std::vector<std::string> argv;         ///< the guest's
  std::vector<std::string> environment;  ///< the guest's, at its start
  std::vector<uint64_t> auxv;            ///< pairs, AT_NULL included
  // Where the strings lie on its stack: /proc/self/cmdline and environ show them as the guest has changed
  // them.
  GuestAddr argv_first, argv_last;
  GuestAddr environment_first, environment_last;

  int log_fd = STDERR_FILENO;  ///< where --strace and --stats print
  int own_executable_fd = -1;  ///< ferry's own file, for execve(2) of guest programs

  /// Descriptors that ferry itself keeps open, ascending: the guest can neither close nor replace them.
  std::vector<int> own_fds() const;
  bool owns_fd(int fd) const {
    return fd >= 0 && (fd == own_executable_fd || (fd == log_fd && fd != STDERR_FILENO));
  }
};

/// Ends the process like exit_group(2), after --stats and --strace are written.
[[noreturn]] void exit_process(Process& process, int status);
/// What exit_process() does before the end; for ends by a signal too.
void flush_reports(Process& process);

/// How the thread's paths are resolved.
const PathResolver& paths_of(const Task& task);
/// From now on the thread has a view of its own, the same as before.
void unshare_file_system(Task& task);

/// Whether system calls of the thread ignore the tags of pointers (PR_TAGGED_ADDR_ENABLE).
bool ignores_tags(const Task& task);
/// A pointer that was read from guest memory, as the kernel then takes it; arguments of calls are so already.
GuestAddr untagged(const Task& task, GuestAddr address);

/// Runs a thread of the guest until it is exiting. Delivers signals between engine runs and after system
/// calls.
void run_task(Task& task);

/// ir::SystemCall: a call that translated code makes by itself on the thread of `current_task`, when its row
/// says that it may and nothing is left for run_task() to do.
bool make_direct_call(void* state);

}  // namespace ferry::linux_user
