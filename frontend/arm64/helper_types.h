#pragma once

#include <cstdint>

#include "frontend/arm64/state.h"

namespace ferry::arm64::helpers {

/// How a helper takes and returns a 128-bit value and a half-precision number: in a vector register.
using Vector128 = long long __attribute__((vector_size(16)));
using Half = _Float16;

}  // namespace ferry::arm64::helpers
