#pragma once

#include "frontend/arm64/simd_crypto.h"

namespace ferry::arm64 {

/// Advanced SIMD and cryptography (a64_simd.def, a64_simd_scalar.def, a64_crypto.def, structure loads and
/// stores) but for floating point:
///   SimdCore <- SimdIntegerHandlers <- SimdWideHandlers <- SimdShiftHandlers <- SimdPermuteHandlers
///   <- SimdLoadStoreHandlers <- SimdCryptoHandlers
class SimdHandlers : public SimdCryptoHandlers {
 protected:
  using SimdCryptoHandlers::SimdCryptoHandlers;
  ~SimdHandlers() = default;
};

}  // namespace ferry::arm64
