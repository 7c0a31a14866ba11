#pragma once

#include <atomic>

#include "ir/support/address.h"
#include "linux-user/signal/illegal_report.h"
#include "linux-user/signal/signal_state.h"

namespace ferry::linux_user {

/// What the threads of one guest process share and a child that runs in the same memory (vfork, CLONE_VM) has
/// of its own.
struct TaskGroup {
  SignalActions signals;

  IllegalReports illegal;

  std::atomic<int> live_threads{1};
  /// exit(2)'s argument of the thread whose end gives the process its exit status (the leader, when it ends
  /// first).
  std::atomic<int> leader_status{0};
  /// The process runs in its parent's memory and host threads: it ends by _exit alone and reports nothing.
  bool borrows_memory = false;
};

}  // namespace ferry::linux_user
