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

/// The populated front part of memory that is used from one end to the other.
struct Populated {
  static constexpr size_t kStep = 64 * 1024;

  std::byte* end;

  /// Call before memory up to `used_to` is used; never goes beyond `limit`.
  void cover(std::byte* used_to, std::byte* limit) {
    if (used_to <= end) return;
    const size_t wanted = std::max(static_cast<size_t>(used_to - end), kStep);
    const size_t bytes = std::min(wanted, static_cast<size_t>(limit - end));
    populate(end, bytes);
    end += bytes;
  }
};

}  // namespace ferry::support
