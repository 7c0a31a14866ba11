#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "tests/guest/runner.h"

namespace ferry::guest_test {

/// One way to run cases. make() may fail: null, and why in `error`.
struct Way {
  const char* name;
  bool precise;  ///< registers are exact at faults
  std::unique_ptr<Runner> (*make)(GuestMemory& memory, std::string& error);
};

inline void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

/// The ways of this test program (translate_ways.cpp or engine_ways.cpp).
std::span<const Way> ways();

}  // namespace ferry::guest_test
