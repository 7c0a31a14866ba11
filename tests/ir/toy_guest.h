// A guest that exists only in the IR's tests: few registers of every kind, and helpers of every shape and
// effect.
#pragma once

#include <cstdint>
#include <span>

#include "ir/helper.h"
#include "ir/interp.h"
#include "ir/state_layout.h"

namespace ferry::ir_test {

/// The state that toy_layout() describes.
struct alignas(16) ToyState {
  uint64_t x[9] = {};  ///< x0 to x7 have pins, x8 has none
  uint64_t pc = 0;
  uint64_t trap_arg = 0;
  uint32_t w = 0;
  uint8_t n = 0, z = 0, c = 0, s = 0;
  ir::Bits128 v[4] = {};

  bool operator==(const ToyState&) const = default;
};

/// Named "toy".
const ir::StateLayout& toy_layout();
std::span<const ir::HelperInfo> toy_helpers();

}  // namespace ferry::ir_test
