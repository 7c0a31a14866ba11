#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <optional>
#include <vector>

#include "backend/codegen.h"
#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

/// Where a precise region keeps guest registers at its accesses.
struct Places {
  std::vector<FaultPoint> points;
  std::vector<RegisterPlace> places;
};

/// The name of the section that holds a region's stack maps.
inline constexpr const char* kStackMapSection = ".llvm_stackmaps";

/// Reads that section of a region of `code_bytes` that was lowered with `plan`. Nothing: there is a place in
/// it that RegisterPlace cannot describe.
std::optional<Places> read_places(llvm::ArrayRef<uint8_t> section, const Plan& plan, uint32_t code_bytes);

}  // namespace ferry::backend::llvm_tier
