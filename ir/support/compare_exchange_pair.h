#pragma once

#include <cstdint>

namespace ferry::support {

/// Compare-and-swap of the aligned 16 bytes at `address`; `low` and `high`, what is expected there, become
/// what was. Answers whether it was the same. Compilers leave this to a library that does not promise to be
/// without locks.
inline bool compare_exchange_pair(uint64_t address, uint64_t& low, uint64_t& high, uint64_t desired_low,
                                  uint64_t desired_high) {
  bool equal;
  __asm__ volatile("lock cmpxchg16b (%[memory])"
                   : "=@ccz"(equal), "+a"(low), "+d"(high)
                   : [memory] "r"(address), "b"(desired_low), "c"(desired_high)
                   : "memory");
  return equal;
}

}  // namespace ferry::support
