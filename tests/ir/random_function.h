#pragma once

#include <cstdint>

#include "ir/function.h"
#include "tests/ir/machine.h"

namespace ferry::ir_test {

struct RandomOptions {
  unsigned blocks = 1;            ///< branches inside the function lead forward, so it ends
  unsigned insts_per_block = 24;  ///< roughly
};

/// A verified function of the toy guest made of whatever ops.def allows; the same one for the same seed.
/// x7 is its pointer to Machine::memory and is left alone.
ir::Function random_function(uint64_t seed, const RandomOptions& options);

/// Registers and memory to run it on, x7 included; rounding mode at random.
Machine random_machine(uint64_t seed);

}  // namespace ferry::ir_test
