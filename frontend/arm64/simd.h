#pragma once

#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

/// Advanced SIMD and cryptography (a64_simd.def, a64_simd_scalar.def, a64_crypto.def, structure loads and stores).
class SimdHandlers : public FpVectorHandlers {
 public:

 protected:
  using FpVectorHandlers::FpVectorHandlers;
  ~SimdHandlers() = default;
};

}  // namespace ferry::arm64
