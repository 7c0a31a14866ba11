#include "frontend/arm64/helpers_memory.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "frontend/arm64/guest_access.h"
#include "frontend/arm64/helpers_tags.h"
#include "frontend/arm64/memory_tags.h"
#include "ir/support/misaligned.h"

namespace ferry::arm64::helpers {
namespace {

// ---- memory copy and set

/// Pieces end where a page does, the source's or the destination's. So the first access of a piece decides
/// whether it faults, before any byte of it was stored: a copy onto itself can go on from there, and the
/// registers are exact.
constexpr uint64_t kPage = 4096;

/// A copy's pieces are short besides: from 2048 bytes on memmove takes REP MOVSB, which where the destination
/// lies a little above the source (modulo 4096) moves a byte per cycle on some of AMD's: 2.3 GB/s in
/// place of 100. Longer pieces win nothing inside the caches.
constexpr uint64_t kCopyPiece = 1024;

void* pointer(uint64_t address) { return reinterpret_cast<void*>(address); }

/// Pages that an operation has touched. The string instructions of memmove and memset do not say where their
/// first byte is that faults, so each page is touched where the operation comes to it.
class TouchedPages {
 public:
  void read(uint64_t address) {
    if (is_new(read_, address)) require_readable(address);
  }
  void write(uint64_t address) {
    if (is_new(written_, address)) require_writable(address);
  }

 private:
  static bool is_new(uint64_t& page, uint64_t address) {
    return std::exchange(page, address / kPage) != address / kPage;
  }

  uint64_t read_ = ~uint64_t{0};
  uint64_t written_ = ~uint64_t{0};
};

constexpr uint64_t up_to_page_end(uint64_t address) { return kPage - address % kPage; }
constexpr uint64_t down_to_page_start(uint64_t end) { return (end - 1) % kPage + 1; }

/// All of a piece or none: from its end backwards there is no part that comes first.
void check_whole(const State& state, uint64_t address, uint64_t bytes, bool write) {
  for (uint64_t done = 0; done < bytes;) done += checked_length(state, address + done, bytes - done, write);
}

/// One piece, of at most `limit` bytes; answers its length. `size` is below zero.
uint64_t copy_piece_forward(const State& state, TouchedPages& pages, uint64_t to_end, uint64_t from_end,
                            uint64_t size, uint64_t limit) {
  const uint64_t to = strip_tag(to_end + size);
  const uint64_t from = strip_tag(from_end + size);
  uint64_t piece = std::min({0 - size, limit, kCopyPiece, up_to_page_end(to), up_to_page_end(from)});
  piece = checked_length(state, from_end + size, piece, false);
  piece = checked_length(state, to_end + size, piece, true);
  pages.read(from);
  pages.write(to);
  std::memmove(pointer(to), pointer(from), piece);
  return piece;
}

/// `size` is above zero.
uint64_t copy_piece_backward(const State& state, TouchedPages& pages, uint64_t to_start, uint64_t from_start,
                             uint64_t size, uint64_t limit) {
  const uint64_t to_end = strip_tag(to_start + size);
  const uint64_t from_end = strip_tag(from_start + size);
  const uint64_t piece =
      std::min({size, limit, kCopyPiece, down_to_page_start(to_end), down_to_page_start(from_end)});
  check_whole(state, from_start + size - piece, piece, false);
  check_whole(state, to_start + size - piece, piece, true);
  pages.read(from_end - 1);
  pages.write(to_end - 1);
  std::memmove(pointer(to_end - piece), pointer(from_end - piece), piece);
  return piece;
}

/// SETM, SETGM. `prepare` is asked, before bytes are stored at an address (with its tag), how many may be.
template <typename Prepare>
void set_pieces(State& state, uint32_t registers, uint64_t limit, Prepare prepare) {
  const uint64_t& end = state.x[registers & 0xff];
  const auto byte = static_cast<uint8_t>(read_x(state, registers >> 8 & 0xff));
  uint64_t& size = state.x[registers >> 16];
  TouchedPages pages;
  while (size != 0 && limit != 0) {
    const uint64_t to = end + size;
    const uint64_t piece = prepare(to, std::min({0 - size, limit, up_to_page_end(to)}));
    pages.write(strip_tag(to));
    std::memset(pointer(strip_tag(to)), byte, piece);
    size += piece;
    limit -= piece;
  }
}

// ---- pairs

/// With AVX the host's aligned 16-byte moves are atomic (both vendors' manuals say so); no compiler may split
/// these.
Vec load_16(uint64_t address) {
  __m128i value;
  __asm__ volatile("movdqa (%[memory]), %[value]" : [value] "=x"(value) : [memory] "r"(address) : "memory");
  return {static_cast<uint64_t>(_mm_cvtsi128_si64(value)),
          static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(value, value)))};
}

void store_16(uint64_t address, const Vec& pair) {
  const __m128i value = _mm_set_epi64x(static_cast<int64_t>(pair.hi), static_cast<int64_t>(pair.lo));
  __asm__ volatile("movdqa %[value], (%[memory])" : : [value] "x"(value), [memory] "r"(address) : "memory");
}

uint64_t load_8(uint64_t address) {
  return __atomic_load_n(static_cast<const uint64_t*>(pointer(address)), __ATOMIC_ACQUIRE);
}

void store_8(uint64_t address, uint64_t value) {
  __atomic_store_n(static_cast<uint64_t*>(pointer(address)), value, __ATOMIC_RELEASE);
}

/// AArch64.UnalignedAccessFaults for a pair, of a CPU with FEAT_LSE2: both in 16 bytes, or each aligned.
void check_pair_alignment(uint64_t address, uint32_t size) {
  const uint64_t bytes = uint64_t{1} << size;
  if (address % bytes != 0 && !support::lies_within(address, 2 * bytes, 16))
    support::raise_misaligned(address);
}

constexpr uint64_t kLowHalf = 0xffffffff;
constexpr uint32_t kWord = 2;

/// Swaps in what `change` makes of the old pair and the registers' pair.
template <typename Change>
void modify_pair(State& state, uint64_t address, uint32_t registers, Change change) {
  const unsigned t = registers & 0xff;
  const unsigned t2 = registers >> 8;
  address = strip_tag(address);
  const Vec operand{read_x(state, t), read_x(state, t2)};
  Vec old{load_8(address), load_8(address + 8)};
  while (!swap_pair_if_equal(address, old, {change(old.lo, operand.lo), change(old.hi, operand.hi)})) {
  }
  write_x(state, t, old.lo);
  write_x(state, t2, old.hi);
}

}  // namespace

void copy_memory(State* state, uint32_t registers, uint64_t limit) {
  const uint64_t& to = state->x[registers & 0xff];
  const uint64_t& from = state->x[registers >> 8 & 0xff];
  uint64_t& size = state->x[registers >> 16];
  TouchedPages pages;
  while (size != 0 && limit != 0) {
    const bool forward = static_cast<int64_t>(size) < 0;
    const uint64_t piece = forward ? copy_piece_forward(*state, pages, to, from, size, limit)
                                   : copy_piece_backward(*state, pages, to, from, size, limit);
    size += forward ? piece : 0 - piece;
    limit -= piece;
  }
}

void set_memory(State* state, uint32_t registers, uint64_t limit) {
  set_pieces(*state, registers, limit,
             [&](uint64_t to, uint64_t bytes) { return checked_length(*state, to, bytes, true); });
}

void set_tagged_memory(State* state, uint32_t registers, uint64_t limit) {
  MemoryTags* memory = state->tags.memory;
  set_pieces(*state, registers, limit, [&](uint64_t to, uint64_t bytes) {
    if ((to | bytes) % MemoryTags::kGranule != 0) support::raise_misaligned(strip_tag(to));
    require_writable(strip_tag(to));
    if (memory != nullptr) memory->store(strip_tag(to), bytes, tag_of(to));
    return bytes;
  });
}

void load_pair_ordered(State* state, uint64_t address, uint32_t registers, uint32_t size) {
  address = strip_tag(address);
  check_pair_alignment(address, size);
  Vec pair;
  if (size == kWord) {
    const uint64_t both = load_8(address);
    pair = {both & kLowHalf, both >> 32};
  } else if (address % 16 == 0) {
    pair = load_16(address);
  } else {
    pair.lo = load_8(address);
    pair.hi = load_8(address + 8);
  }
  write_x(*state, registers & 0xff, pair.lo);
  write_x(*state, registers >> 8, pair.hi);
}

void store_pair_ordered(State* state, uint64_t address, uint32_t registers, uint32_t size) {
  address = strip_tag(address);
  check_pair_alignment(address, size);
  const Vec pair{read_x(*state, registers & 0xff), read_x(*state, registers >> 8)};
  if (size == kWord) {
    store_8(address, (pair.lo & kLowHalf) | pair.hi << 32);
  } else if (address % 16 == 0) {
    store_16(address, pair);
  } else {
    // In this order: who sees the second sees the first.
    store_8(address, pair.lo);
    store_8(address + 8, pair.hi);
  }
  // A later load-acquire must not pass it.
  _mm_mfence();
}

void swap_pair(State* state, uint64_t address, uint32_t registers) {
  modify_pair(*state, address, registers, [](uint64_t, uint64_t operand) { return operand; });
}

void clear_pair(State* state, uint64_t address, uint32_t registers) {
  modify_pair(*state, address, registers, [](uint64_t old, uint64_t operand) { return old & ~operand; });
}

void set_pair(State* state, uint64_t address, uint32_t registers) {
  modify_pair(*state, address, registers, [](uint64_t old, uint64_t operand) { return old | operand; });
}

}  // namespace ferry::arm64::helpers
