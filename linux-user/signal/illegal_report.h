#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "ir/support/address.h"

namespace ferry::linux_user {

struct Process;

/// Says on standard error which instructions ferry does not run.
class IllegalReports {
 public:
  /// One line with address, bytes and disassembly, and with the feature that the CPU lacks, if that is it;
  /// once per address, or per feature.
  void report(const Process& process, GuestAddr pc);

  /// Around fork().
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::set<GuestAddr> reported_;
  std::set<std::string, std::less<>> reported_reasons_;
};

}  // namespace ferry::linux_user
