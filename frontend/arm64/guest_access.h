#pragma once

#include <cstdint>

#include "frontend/arm64/memory_tags.h"
#include "frontend/arm64/state.h"
#include "ir/support/compare_exchange_pair.h"

// What the helpers that access guest memory share.

namespace ferry::arm64::helpers {

/// untagged_addr() of Linux: the upper half, where every access faults, has no tags.
constexpr uint64_t strip_tag(uint64_t address) {
  return address & static_cast<uint64_t>(static_cast<int64_t>(address << 8) >> 8);
}

constexpr uint8_t tag_of(uint64_t address) { return address >> MemoryTags::kTagShift & MemoryTags::kTagMask; }

/// Faults where the guest's would.
inline void require_readable(uint64_t address) {
  __asm__ volatile("testb $0, (%[memory])" : : [memory] "r"(address) : "cc", "memory");
}
inline void require_writable(uint64_t address) {
  __asm__ volatile("lock orb $0, (%[memory])" : : [memory] "r"(address) : "cc", "memory");
}

inline uint64_t read_x(const State& state, unsigned n) { return n == 31 ? 0 : state.x[n]; }

inline void write_x(State& state, unsigned n, uint64_t value) {
  if (n != 31) state.x[n] = value;
}

/// `expected` becomes the old value.
inline bool swap_pair_if_equal(uint64_t address, Vec& expected, const Vec& desired) {
  return support::compare_exchange_pair(address, expected.lo, expected.hi, desired.lo, desired.hi);
}

}  // namespace ferry::arm64::helpers
