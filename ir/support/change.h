#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace ferry::support {

/// What std::condition_variable is for, but with nothing in memory that tells of those who wait: a waiter may
/// be gone for ever without its being noticed (after fork in the child; in memory that a vfork child shared
/// and that was killed).
class Change {
 public:
  /// Returns when `done()`, which is asked with the lock held.
  template <typename Predicate>
  void wait(std::unique_lock<std::mutex>& hold, Predicate done) {
    while (!done()) {
      const uint32_t seen = count_.load(std::memory_order_relaxed);
      hold.unlock();
      count_.wait(seen, std::memory_order_relaxed);
      hold.lock();
    }
  }

  /// By who has changed something under the lock.
  void notify_all() {
    count_.fetch_add(1, std::memory_order_relaxed);
    count_.notify_all();
  }

 private:
  std::atomic<uint32_t> count_{0};
};

}  // namespace ferry::support
