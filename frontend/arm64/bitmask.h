#pragma once

#include <bit>
#include <cstdint>

#include "ir/support/bits.h"

namespace ferry::arm64 {

/// The immediate of a logical instruction (Arm ARM, DecodeBitMasks): a run of imms + 1 ones in an element of
/// 2 to 64 bits, rotated right by immr, repeated. False: reserved.
constexpr bool decode_bitmask(bool is_64, uint32_t n_bit, uint32_t imms, uint32_t immr, uint64_t& mask) {
  const uint32_t pattern = n_bit << 6 | (~imms & 0x3f);
  if (pattern < 2 || (n_bit != 0 && !is_64)) return false;
  const unsigned size = 1u << (std::bit_width(pattern) - 1);
  const unsigned ones = (imms & (size - 1)) + 1;
  if (ones == size) return false;
  const unsigned rotation = immr & (size - 1);
  const uint64_t run = support::low_mask(ones);
  const uint64_t rotated =
      rotation == 0 ? run : ((run >> rotation) | (run << (size - rotation))) & support::low_mask(size);
  mask = rotated;
  for (unsigned width = size; width < 64; width *= 2) mask |= mask << width;
  return true;
}

}  // namespace ferry::arm64
