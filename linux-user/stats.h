#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "ir/support/left_lock.h"

namespace ferry::linux_user {

/// Counts for --stats: system calls made and those that ferry does not have.
class SyscallStats {
 public:
  /// Calls are counted from now on: one word for all threads, which others need not pay for.
  void start_counting() { counts_calls_ = true; }
  void count_call() {
    if (counts_calls_) calls_.fetch_add(1, std::memory_order_relaxed);
  }
  /// A number without a row, or with a row of Support::None.
  void count_missing(uint64_t number);
  uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  /// Number -> how often.
  std::map<uint64_t, uint64_t> missing() const;

  /// Around fork().
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  void unlock_if_left() { support::unlock_if_left(mutex_); }

 private:
  bool counts_calls_ = false;
  std::atomic<uint64_t> calls_{0};
  mutable std::mutex mutex_;
  std::map<uint64_t, uint64_t> missing_;
};

}  // namespace ferry::linux_user
