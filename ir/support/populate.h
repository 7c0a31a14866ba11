#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ir/support/bits.h"

namespace ferry::support {

/// madvise(2) on all pages that hold a part of the range.
inline void advise(const void* first, size_t bytes, int advice) {
  constexpr uint64_t kPage = 4096;
  const uint64_t begin = align_down(reinterpret_cast<uint64_t>(first), kPage);
  const uint64_t end = align_up(reinterpret_cast<uint64_t>(first) + bytes, kPage);
  madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

/// Takes the pages of writable private memory from the kernel ahead of their use: a fault for each costs
/// several times more, in a virtual machine fifteen times. Where the kernel cannot, pages come one by one.
inline void populate(void* first, size_t bytes) { advise(first, bytes, MADV_POPULATE_WRITE); }

/// The same for what is only read: code and constants of the executable.
inline void populate_read(const char* first, const char* last) {
  advise(first, static_cast<size_t>(last - first), MADV_POPULATE_READ);
}

/// Makes the calling thread's heap grow by `bytes` that are populated, for what will be allocated next.
inline void populate_heap(size_t bytes) {
  void* block = std::malloc(bytes);
  if (block == nullptr) return;
  populate(block, bytes);
  std::free(block);
}

/// The populated middle of memory that is used upwards, downwards, or both ways from one place.
struct Populated {
  static constexpr size_t kStep = 64 * 1024;

  std::byte* first;
  std::byte* last;

  /// Call before memory from `from` to `to` is used; never goes beyond `low` and `high`.
  void cover(std::byte* from, std::byte* to, std::byte* low, std::byte* high) {
    if (to > last) {
      const size_t bytes = step(static_cast<size_t>(to - last), static_cast<size_t>(high - last));
      populate(last, bytes);
      last += bytes;
    }
    if (from < first) {
      const size_t bytes = step(static_cast<size_t>(first - from), static_cast<size_t>(first - low));
      first -= bytes;
      populate(first, bytes);
    }
  }

 private:
  static size_t step(size_t wanted, size_t most) { return std::min(std::max(wanted, kStep), most); }
};

}  // namespace ferry::support
