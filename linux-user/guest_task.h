#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "backend/engine.h"
#include "linux-user/signal/signal_state.h"
#include "linux-user/sys_result.h"
#include "linux-user/thread/task_group.h"

namespace ferry::linux_user {

struct ExecImage;
struct Process;

/// What threads share that were not cloned without CLONE_FS, as the kernel's fs_struct, which has the rest.
struct FileSystemView {
  std::atomic<bool> left_sysroot{false};  ///< by chroot(2) or pivot_root(2): paths are the host's own
};

/// A thread of the guest: one host thread runs it from start to end.
struct Task {
  explicit Task(Process& owner) : process(owner) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  Process& process;
  std::shared_ptr<TaskGroup> group =
      std::make_shared<TaskGroup>();  ///< shared by the threads of one guest process
  std::shared_ptr<FileSystemView> file_system = std::make_shared<FileSystemView>();
  std::unique_ptr<backend::Cpu> cpu;
  pid_t tid = 0;  ///< the host's; the guest sees the same

  TaskSignals signals;

  /// PR_SET_TAGGED_ADDR_CTRL's argument.
  uint64_t tagged_address_control = 0;

  // Set by clone, set_tid_address and set_robust_list; used when the thread ends.
  uint64_t clear_child_tid = 0;
  uint64_t robust_list = 0;
  uint64_t robust_list_size = 0;

  std::shared_ptr<ExecImage> exec_image;  ///< while execve(2) is under way

  /// Set by exit(2): run_task() returns to the thread's start function.
  bool exiting = false;
  int exit_status = 0;

  /// What a call answered that translated code made, for run_task() to finish.
  std::optional<SysResult> direct_result;
  /// Branches are checked (Abi::guard_branches).
  bool guards_branches = false;

  void* state() { return cpu->state(); }
};

/// The thread's Task, for those whom nobody can give it: the host's signal handler and make_direct_call().
extern constinit thread_local Task* current_task;

}  // namespace ferry::linux_user
