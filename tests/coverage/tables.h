#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontend/arm64/decode.h"

// What the lists of the source tree say of each row of a64.def.

namespace ferry::coverage {

/// What tests a row, and why what does not.
struct RowCoverage {
  const arm64::Row* row = nullptr;
  bool handled = false;         ///< the translator has a handler
  unsigned cases = 0;           ///< one-line cases with the row (tests/guest/cases)
  std::string no_handler;       ///< why it has none (tests/coverage/unhandled.txt)
  std::string no_differential;  ///< why random sequences leave it out (tests/diff/excluded.txt)
};

struct FeatureCoverage {
  arm64::Feature feature{};
  bool implemented = false;  ///< cpu_features.def lists it
  std::string announced;     ///< its HWCAP bits and fields of ID registers
  std::vector<RowCoverage> rows;
};

struct Coverage {
  std::vector<FeatureCoverage> features;
  std::vector<std::string> left_out;  ///< extensions without rows (tests/decode/differences.txt)
  std::vector<std::string> errors;    ///< what is wrong with the lists
};

/// Reads the lists below `root`, the source tree.
Coverage read_coverage(const std::string& root);

}  // namespace ferry::coverage
