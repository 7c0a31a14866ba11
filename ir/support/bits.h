#pragma once

#include <cstdint>
#include <type_traits>

namespace ferry::support {

/// All ones in the low `width` bits (0 to 64).
constexpr uint64_t low_mask(unsigned width) {
  return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

/// `value` in every `width` bits (8, 16, 32 or 64).
constexpr uint64_t replicate(uint64_t value, unsigned width) {
  for (; width < 64; width *= 2) value |= value << width;
  return value;
}

/// Bits [lsb, lsb + width) of `value`, right-aligned.
constexpr uint64_t extract(uint64_t value, unsigned lsb, unsigned width) {
  return (value >> lsb) & low_mask(width);
}

/// `value`'s low `width` bits (1 to 64) read as a two's complement number.
constexpr int64_t sign_extend(uint64_t value, unsigned width) {
  const unsigned shift = 64 - width;
  return static_cast<int64_t>(value << shift) >> shift;
}

constexpr uint64_t align_down(uint64_t value, uint64_t alignment) { return value & ~(alignment - 1); }
constexpr uint64_t align_up(uint64_t value, uint64_t alignment) {
  return align_down(value + alignment - 1, alignment);
}

}  // namespace ferry::support
