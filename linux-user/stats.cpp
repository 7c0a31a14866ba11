#include "linux-user/stats.h"

namespace ferry::linux_user {

void SyscallStats::count_missing(uint64_t number) {
  const std::lock_guard guard(mutex_);
  ++missing_[number];
}

std::map<uint64_t, uint64_t> SyscallStats::missing() const {
  const std::lock_guard guard(mutex_);
  return missing_;
}

}  // namespace ferry::linux_user
