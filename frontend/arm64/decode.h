#pragma once

#include <cstdint>
#include <span>

#include "frontend/common/bit_pattern.h"

namespace ferry::arm64 {

/// The encodings of a64.def; the value is the row's index.
enum class InsnId : uint16_t {
#define INSN(handler, names, pattern, feature) handler,
#include "frontend/arm64/a64.def"
  kCount
};

/// The architectural features of features.def.
enum class Feature : uint8_t {
#define FEATURE(name, manual_name) name,
#include "frontend/arm64/features.def"
  kCount
};

/// One row of a64.def.
struct Row {
  InsnId id;
  Feature feature;
  const char* name;    ///< the handler's name
  const char* names;   ///< the manual's mnemonics and variant
  const char* layout;  ///< the pattern's text
  frontend::BitPattern pattern;
};

/// The row that describes `word`, or null if the word is unallocated (which includes the reserved values of
/// a64_holes.def). Does not look at what the guest CPU has: see required_feature().
const Row* decode(uint32_t word);

/// All rows, in the order of a64.def.
std::span<const Row> rows();
const Row& row(InsnId id);

/// What a CPU needs to execute `word`, an instance of `row`: the row's feature, except that scalar floating
/// point with a half-precision type needs FP16.
Feature required_feature(const Row& row, uint32_t word);

/// The manual's name of a feature, e.g. "FEAT_DotProd".
const char* feature_name(Feature feature);

}  // namespace ferry::arm64
