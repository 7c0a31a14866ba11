#pragma once

#include "frontend/arm64/decode.h"
#include "frontend/common/bit_pattern.h"

namespace ferry::arm64 {

/// The pattern of one row as a constant: fields taken from it compile to shifts and masks.
template <InsnId id>
inline constexpr frontend::BitPattern kPattern;

#define INSN(handler, names, pattern, feature)                      \
  template <>                                                       \
  inline constexpr frontend::BitPattern kPattern<InsnId::handler> = \
      frontend::parse_bit_pattern(pattern, 32);
#include "frontend/arm64/a64.def"

}  // namespace ferry::arm64
