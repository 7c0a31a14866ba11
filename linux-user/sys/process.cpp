#include "linux-user/sys/process.h"

#include <fcntl.h>

#include "linux-user/guest_process.h"
#include "linux-user/process/exec.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/thread/clone.h"

namespace ferry::linux_user {

SysResult sys_exit(Task& task, int status) {
  // A signal that this thread took for the whole process must not end with it: its handler runs before.
  set_host_mask(kAllBlocked);
  if (task.signals.pending.load(std::memory_order_relaxed) != 0) return SignalBlocker::restart();
  task.exiting = true;
  task.exit_status = status & 0xff;
  return SysResult::keep_registers();
}

SysResult sys_exit_group(Task& task, int status) {
  if (task.signals.pending.load(std::memory_order_relaxed) != 0) return SignalBlocker::restart();
  end_process(task, status & 0xff);
}

SysResult sys_execve(Task& task, GuestAddr path, GuestAddr argv, GuestAddr envp) {
  return exec_program(task, {.dirfd = AT_FDCWD, .path = path, .argv = argv, .envp = envp, .flags = 0});
}

SysResult sys_execveat(Task& task, int dirfd, GuestAddr path, GuestAddr argv, GuestAddr envp, int flags) {
  return exec_program(task, {.dirfd = dirfd, .path = path, .argv = argv, .envp = envp, .flags = flags});
}

}  // namespace ferry::linux_user
