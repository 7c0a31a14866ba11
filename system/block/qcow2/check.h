#pragma once

#include "system/block/qcow2/format.h"

namespace ferry::system::qcow2 {

enum class Repair : uint8_t { None, Leaks, All };

struct CheckResult {
  std::vector<std::string> findings;    ///< a line each; of many of a kind the first ones
  uint64_t corruptions = 0, leaks = 0;  ///< that are left
  uint64_t corruptions_fixed = 0, leaks_fixed = 0;
  uint64_t image_end = 0;  ///< behind the last cluster in use
  uint64_t total_clusters = 0, allocated_clusters = 0, compressed_clusters = 0;
};

/// Compares the reference counts with the references, and repairs them. `header` is the file's; it changes
/// where a repair moves what it points to.
Result<CheckResult> check(HostFile& file, Header& header, Repair repair);

}  // namespace ferry::system::qcow2
