#pragma once

#include <atomic>
#include <array>
#include <csignal>
#include <cstdint>
#include <mutex>

namespace ferry::linux_user {

/// The guest's struct sigaction in the kernel's layout (asm-generic/signal.h).
struct GuestSigaction {
  uint64_t handler = 0;  ///< 0 SIG_DFL, 1 SIG_IGN
  uint64_t flags = 0;
  uint64_t restorer = 0;
  uint64_t mask = 0;
};

/// What a thread knows of its signals.
struct TaskSignals {
  uint64_t mask = 0;  ///< the guest's mask, bit n-1 for signal n
  /// Not 0: a signal waits to be delivered; blocking calls return (safe_syscall) and deliver_signals() has work. Set by the host handler.
  std::atomic<uint32_t> pending{0};
};

/// What a process knows of its signals: the actions, shared by its threads.
struct SignalActions {
  std::mutex mutex;
  std::array<GuestSigaction, 65> actions{};  ///< by signal number
};

}  // namespace ferry::linux_user
