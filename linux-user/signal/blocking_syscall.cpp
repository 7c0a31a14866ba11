#include "linux-user/signal/blocking_syscall.h"

#include "linux-user/host/safe_syscall.h"
#include "linux-user/signal/host_signals.h"

namespace ferry::linux_user {

uint64_t waiting_mask(const Task& task, uint64_t guest_mask) {
  const uint64_t ignored = task.group->signals.ignored.load(std::memory_order_relaxed);
  return (guest_mask | (ignored & kHostFaults)) & ~kUnblockable;
}

BlocksHostFaults::BlocksHostFaults(Task& task, uint64_t mask) : blocked_(mask & kHostFaults) {
  if (blocked_ == 0) return;
  change_host_mask(SIG_BLOCK, blocked_);
  const uint64_t held = task.signals.held_set.fetch_and(~blocked_, std::memory_order_relaxed) & blocked_;
  for (const int signal : kHostFaultSignals) {
    if ((held & signal_bit(signal)) != 0) requeue_signal(task.signals.held_info(signal));
  }
}

BlocksHostFaults::~BlocksHostFaults() {
  if (blocked_ != 0) change_host_mask(SIG_UNBLOCK, blocked_);
}

int64_t blocking_syscall(Task& task, long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                         uint64_t a4, uint64_t a5) {
  TaskSignals& signals = task.signals;
  signals.kept_back.store(false, std::memory_order_relaxed);
  if (signals.held_set.load(std::memory_order_relaxed) == 0) {
    const int64_t result = safe_syscall(signals.pending, number, a0, a1, a2, a3, a4, a5);
    if (result != -EINTR || !signals.kept_back.load(std::memory_order_relaxed)) return result;
  }
  return waiting_syscall(task, number, a0, a1, a2, a3, a4, a5);
}

int64_t waiting_syscall(Task& task, long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                        uint64_t a4, uint64_t a5) {
  const BlocksHostFaults blocks(task, waiting_mask(task, task.signals.mask));
  return safe_syscall(task.signals.pending, number, a0, a1, a2, a3, a4, a5);
}

}  // namespace ferry::linux_user
