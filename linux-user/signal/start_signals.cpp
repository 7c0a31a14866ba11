#include <sys/syscall.h>

#include "linux-user/guest_task.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {
namespace {

/// Ignored signals stay ignored across execve(2); all others are at their default.
void inherit_ignored(SignalActions& signals) {
  const std::scoped_lock lock(signals.mutex);
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (host_ignores(signal)) signals.set(signal, GuestSigaction{.handler = 1});
  }
}

}  // namespace

void start_signals(Task& main_task) {
  TaskGroup& group = *main_task.group;
  inherit_ignored(group.signals);
  main_task.signals.mask = change_host_mask(SIG_BLOCK, kAllBlocked);
  start_task_signals(main_task);
  for (const int signal : kHostFaultSignals)
    install_host_action(group, signal, group.signals.actions[static_cast<size_t>(signal)]);
  // The C library registered a list of its own for this thread; the guest has none until it says so.
  constexpr uint64_t kHeadBytes = 24;
  raw_syscall(SYS_set_robust_list, 0, kHeadBytes);
  set_host_mask(host_mask_for(main_task.signals.mask));
}

}  // namespace ferry::linux_user
