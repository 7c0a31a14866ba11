#pragma once

#include <csignal>
#include <cstdint>

#include "linux-user/guest_task.h"
#include "linux-user/signal/signal_state.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

// The kernel's own calls: the C library's wrappers hide signals 32 and 33 from their callers, which are the
// guest's to use.

/// rt_sigprocmask(SIG_SETMASK) of the calling thread; answers the mask of before. `mask` is used as it is.
uint64_t set_host_mask(uint64_t mask);
/// Adds to or takes from the calling thread's mask (`how`: SIG_BLOCK or SIG_UNBLOCK); answers the mask of
/// before.
uint64_t change_host_mask(int how, uint64_t bits);
/// The host mask that belongs to a guest's mask.
constexpr uint64_t host_mask_for(uint64_t guest_mask) { return guest_mask & ~(kHostFaults | kUnblockable); }
inline constexpr uint64_t kAllBlocked = ~(kHostFaults | kUnblockable);

/// Makes the host's disposition of `signal` follow the action of the guest's process: ferry's handler when
/// the guest has one (and always for kHostFaults), else the kernel's default or SIG_IGN. A process in
/// borrowed memory is not left to the kernel to be killed, because it might hold one of its parent's locks:
/// it dies at a safe point. Answers 0 or -errno.
int64_t install_host_action(const TaskGroup& group, int signal, const GuestSigaction& action);
/// The host's disposition becomes SIG_DFL or SIG_IGN.
int64_t set_host_disposition(int signal, bool ignore);
/// Whether `signal` is ignored on the host now.
bool host_ignores(int signal);

/// The host mask for the time of a call that waits under the guest's mask `guest_mask`. No instruction of
/// ferry's raises anything meanwhile: kHostFaults are blocked when the guest blocks or ignores them, so that
/// they do not cut the call short.
uint64_t waiting_mask(const Task& task, uint64_t guest_mask);

/// Keeps those of kHostFaults that are in `mask` blocked on the host, and in the kernel's queues those that
/// ferry has held back: around system calls, whose pointers only the kernel follows.
class BlocksHostFaults {
 public:
  BlocksHostFaults(Task& task, uint64_t mask);
  ~BlocksHostFaults();
  BlocksHostFaults(const BlocksHostFaults&) = delete;
  BlocksHostFaults& operator=(const BlocksHostFaults&) = delete;

 private:
  const uint64_t blocked_;
};

/// Before execve(2), whose new program inherits ignored signals: tells the kernel about those that ferry
/// otherwise keeps from it. The second undoes it when execve failed.
void hand_ignored_to_kernel(const Task& task);
void take_ignored_back(const Task& task);

/// Sends a signal with its siginfo to the calling thread, or to the process if it was the process's.
void requeue_signal(const siginfo_t& info);

/// Keeps host signals away from the calling thread while something is done that must not be cut in two by one
/// (fork, clone, a change of the mask). A signal that came just before is in the task's slot then: the call
/// answers restart() and is made again after delivery.
class SignalBlocker {
 public:
  explicit SignalBlocker(Task& task) : task_(task) { set_host_mask(kAllBlocked); }
  ~SignalBlocker() {
    if (!must_restart()) set_host_mask(host_mask_for(task_.signals.mask));
  }
  SignalBlocker(const SignalBlocker&) = delete;
  SignalBlocker& operator=(const SignalBlocker&) = delete;

  bool must_restart() const { return task_.signals.pending.load(std::memory_order_relaxed) != 0; }
  static SysResult restart() { return SysResult::error(kErestartnointr); }

 private:
  Task& task_;
};

/// Makes `mask` the guest's, atomically with respect to signals. Answers 0, or -kErestartnointr when a signal
/// came before.
SysResult change_guest_mask(Task& task, uint64_t mask);

/// CLONE_CLEAR_SIGHAND: every signal that is handled goes back to its default.
void clear_signal_handlers(TaskGroup& group);
/// When borrows_memory changes: host dispositions of signals without a handler follow.
void refresh_default_actions(TaskGroup& group);

/// Looks whether held-back signals may be delivered now (after the mask changed).
void release_held_signals(Task& task);

}  // namespace ferry::linux_user
