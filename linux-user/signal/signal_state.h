#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "ir/support/address.h"

namespace ferry::linux_user {

inline constexpr int kSignalCount = 64;
/// The bit of `signal` in a mask.
constexpr uint64_t signal_bit(int signal) { return uint64_t{1} << (signal - 1); }

/// Signals that nothing can block, catch or ignore.
inline constexpr uint64_t kUnblockable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);
/// Signals that instructions of ferry and of translated code raise on the host (copies of guest memory,
/// tagged and misaligned addresses), in the order in which the kernel delivers them. The host's handler for
/// them is always there, and a thread blocks them on the host only while it waits in one of the host's calls
/// (BlocksHostFaults). When the guest blocks one, an instance that somebody sends is held back in
/// TaskSignals::held.
inline constexpr std::array kHostFaultSignals = {SIGILL, SIGBUS, SIGSEGV};
inline constexpr uint64_t kHostFaults = signal_bit(SIGILL) | signal_bit(SIGBUS) | signal_bit(SIGSEGV);
/// Signals that an access of the guest's to memory can raise, in the middle of translated code. Others come
/// from instructions that leave it, with all registers in their places.
inline constexpr uint64_t kFromAccesses = signal_bit(SIGSEGV) | signal_bit(SIGBUS);
/// Signals whose default action does not end the process.
inline constexpr uint64_t kHarmlessByDefault =
    signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT) |
    signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU);
constexpr bool is_host_fault(int signal) { return (signal_bit(signal) & kHostFaults) != 0; }
constexpr bool may_come_from_access(int signal) { return (signal_bit(signal) & kFromAccesses) != 0; }

/// The guest's struct sigaction in the kernel's layout (asm-generic/signal.h).
struct GuestSigaction {
  uint64_t handler = 0;  ///< 0 SIG_DFL, 1 SIG_IGN
  uint64_t flags = 0;
  uint64_t restorer = 0;
  uint64_t mask = 0;

  bool is_default() const { return handler == 0; }
  bool is_ignored() const { return handler == 1; }
};

/// The guest's stack_t of 64-bit guests.
struct GuestStack {
  uint64_t sp = 0;
  int32_t flags = SS_DISABLE;
  uint32_t pad = 0;
  uint64_t size = 0;
};

/// Memory for the host's signal handlers of one thread: translated code runs on a stack that may have no room
/// for them.
class HostSignalStack {
 public:
  /// Maps the stack and makes it the calling thread's alternate stack. Without memory the thread has none.
  HostSignalStack();
  ~HostSignalStack();
  HostSignalStack(const HostSignalStack&) = delete;
  HostSignalStack& operator=(const HostSignalStack&) = delete;

 private:
  void* base_ = MAP_FAILED;
  size_t size_ = 0;
};

/// What a thread knows of its signals. While `pending` is 0 the thread's host mask is `mask` (without
/// kHostFaults); while it is not, the host handler has blocked everything, so that the one slot is
/// enough and the kernel does the queueing.
struct TaskSignals {
  uint64_t mask = 0;  ///< the guest's mask, bit n-1 for signal n
  /// Not 0: a signal waits to be delivered; blocking calls return (safe_syscall) and deliver_signals() has
  /// work. Set by the host handler.
  std::atomic<uint32_t> pending{0};
  std::atomic<bool> slot_full{false};
  siginfo_t slot{};  ///< the signal, when slot_full

  /// Signals of kHostFaults that were sent (not raised by an instruction) while blocked or while the slot was
  /// taken.
  std::atomic<uint64_t> held_set{0};
  std::array<siginfo_t, kHostFaultSignals.size()> held{};  ///< in the order of kHostFaultSignals
  siginfo_t& held_info(int signal) {
    const auto at = std::find(kHostFaultSignals.begin(), kHostFaultSignals.end(), signal);
    return held[static_cast<size_t>(at - kHostFaultSignals.begin())];
  }

  /// One of kHostFaults came that the guest's system call is not to notice: it is blocked or ignored.
  std::atomic<bool> kept_back{false};

  /// The mask before a call with a temporary mask (ppoll, rt_sigsuspend...) that a signal ended; the frame
  /// restores it.
  bool has_saved_mask = false;
  uint64_t saved_mask = 0;

  GuestStack alternate_stack;

  bool tag_mismatch = false;  ///< see note_tag_mismatch()

  // The last fault, as the guest's signal frame shows it.
  uint64_t fault_address = 0;
  uint64_t fault_syndrome = 0;  ///< ESR_EL1; 0: none

  std::unique_ptr<HostSignalStack> host_stack;
};

/// What a process knows of its signals: the actions, shared by its threads.
struct SignalActions {
  std::mutex mutex;
  std::array<GuestSigaction, kSignalCount + 1> actions{};  ///< by signal number
  /// Those in `actions` that are ignored, for who does not want the mutex.
  std::atomic<uint64_t> ignored{0};

  /// Needs the mutex.
  void set(int signal, const GuestSigaction& action) {
    actions[static_cast<size_t>(signal)] = action;
    if (action.is_ignored()) {
      ignored.fetch_or(signal_bit(signal), std::memory_order_relaxed);
    } else {
      ignored.fetch_and(~signal_bit(signal), std::memory_order_relaxed);
    }
  }
};

}  // namespace ferry::linux_user
