#pragma once

#include "frontend/arm64/load_store.h"

namespace ferry::arm64 {

/// Scalar floating point (a64_fp.def).
class FpHandlers : public LoadStoreHandlers {
 public:

 protected:
  using LoadStoreHandlers::LoadStoreHandlers;
  ~FpHandlers() = default;
};

}  // namespace ferry::arm64
