#pragma once

#include <mutex>
#include <set>

#include "ir/support/address.h"

namespace ferry::linux_user {

struct Process;

/// Says on standard error which instructions ferry does not run.
class IllegalReports {
 public:
  /// One line with address, bytes and disassembly; once per address.
  void report(const Process& process, GuestAddr pc);

  /// Around fork().
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::set<GuestAddr> reported_;
};

}  // namespace ferry::linux_user
