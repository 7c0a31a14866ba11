// Random IR functions that use every op.
#pragma once

#include <cstdint>
#include <random>

#include "ir/function.h"
#include "tests/unit/x64/harness.h"

namespace ferry::backend::x64::test {

struct GeneratorLimits {
  unsigned blocks = 3;
  unsigned insts = 60;  ///< per block
  bool floating_point = true;
  bool memory = true;
  uint64_t buffer = 0;  ///< address of kBufferBytes that the function may read and write
};
inline constexpr unsigned kBufferBytes = 4096;

using Rng = std::mt19937_64;

/// A verified function drawn from `rng`.
ir::Function generate(Rng& rng, const GeneratorLimits& limits);

/// A number that is likely to be an interesting integer or floating-point value.
uint64_t edgy(Rng& rng);

}  // namespace ferry::backend::x64::test
