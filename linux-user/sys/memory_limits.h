#pragma once

#include <sys/resource.h>

#include <map>
#include <mutex>

#include "ir/support/left_lock.h"

namespace ferry::linux_user {

/// Limits that the guest has set on itself and that ferry only remembers.
class MemoryLimits {
 public:
  /// Answers the limit in force through `limit` (in: the host's), and replaces it if `wanted` is given.
  /// False: raising the hard limit.
  [[nodiscard]] bool exchange(int resource, const rlimit* wanted, rlimit& limit) {
    const std::lock_guard guard(mutex_);
    const auto known = limits_.find(resource);
    if (known != limits_.end()) limit = known->second;
    if (!wanted) return true;
    if (wanted->rlim_max > limit.rlim_max) return false;
    limits_[resource] = *wanted;
    return true;
  }

  /// Around fork().
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  void unlock_if_left() { support::unlock_if_left(mutex_); }

 private:
  std::mutex mutex_;
  std::map<int, rlimit> limits_;
};

}  // namespace ferry::linux_user
