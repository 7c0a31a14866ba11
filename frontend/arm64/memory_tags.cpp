#include "frontend/arm64/memory_tags.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "ir/support/bits.h"

namespace ferry::arm64 {
namespace {

constexpr uint64_t kPage = 4096;

/// Pages that nobody has written to are zero and cost nothing.
void* map_zeros(uint64_t bytes) {
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  ::madvise(memory, bytes, MADV_DONTDUMP);
  return memory;
}

/// Host pages that lie in `memory` as a whole are given back.
void zero(uint8_t* memory, uint64_t bytes) {
  const auto first = reinterpret_cast<uint64_t>(memory);
  const uint64_t whole_first = support::align_up(first, kPage);
  const uint64_t whole_last = support::align_down(first + bytes, kPage);
  if (whole_first >= whole_last ||
      ::madvise(reinterpret_cast<void*>(whole_first), whole_last - whole_first, MADV_DONTNEED) != 0) {
    std::memset(memory, 0, bytes);
    return;
  }
  std::memset(memory, 0, whole_first - first);
  std::memset(reinterpret_cast<void*>(whole_last), 0, first + bytes - whole_last);
}

constexpr uint64_t granules(uint64_t bytes) { return bytes / MemoryTags::kGranule; }

}  // namespace

/// Bytes of other threads' tags are read and written without order, as hardware does.
struct MemoryTags::Piece {
  static constexpr uint64_t kBytes = uint64_t{1} << kPieceBits;

  uint8_t tagged[kBytes / kPage];
  uint8_t tags[kBytes / kGranule];

  uint8_t& tagged_at(uint64_t address) { return tagged[address % kBytes / kPage]; }
  uint8_t& tag_at(uint64_t address) { return tags[address % kBytes / kGranule]; }
  bool is_tagged(uint64_t address) { return __atomic_load_n(&tagged_at(address), __ATOMIC_RELAXED) != 0; }
  uint8_t tag(uint64_t address) { return __atomic_load_n(&tag_at(address), __ATOMIC_RELAXED); }
};

MemoryTags::~MemoryTags() {
  for (const std::atomic<Piece*>& piece : pieces_) {
    if (Piece* made = piece.load(std::memory_order_relaxed)) ::munmap(made, sizeof(Piece));
  }
}

bool MemoryTags::make_pieces(uint64_t first, uint64_t last) {
  for (uint64_t at = support::align_down(first, Piece::kBytes); at < last; at += Piece::kBytes) {
    std::atomic<Piece*>& place = pieces_[at >> kPieceBits];
    if (place.load(std::memory_order_relaxed) != nullptr) continue;
    auto* piece = static_cast<Piece*>(map_zeros(sizeof(Piece)));
    if (piece == nullptr) return false;
    place.store(piece, std::memory_order_release);
  }
  return true;
}

bool MemoryTags::reset(GuestAddr first, GuestAddr last, bool tagged) {
  if (tagged && !make_pieces(first.value, last.value)) return false;
  for (uint64_t at = first.value; at < last.value;) {
    const uint64_t end = std::min(support::align_down(at, Piece::kBytes) + Piece::kBytes, last.value);
    if (Piece* piece = piece_of(at)) {
      uint8_t* const pages = &piece->tagged_at(at);
      const uint64_t count = (end - at) / kPage;
      // Pages that are not tagged have no tag but 0.
      if (std::memchr(pages, 1, count) != nullptr) zero(&piece->tag_at(at), granules(end - at));
      if (tagged) {
        std::memset(pages, 1, count);
      } else {
        zero(pages, count);
      }
    }
    at = end;
  }
  return true;
}

void MemoryTags::move(GuestAddr from, GuestAddr to, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes; done += kPage) {
    Piece* source = piece_of(from.value + done);
    Piece* target = piece_of(to.value + done);
    if (source == nullptr || target == nullptr) continue;
    uint8_t* const tags = &source->tag_at(from.value + done);
    std::memcpy(&target->tag_at(to.value + done), tags, granules(kPage));
    std::memset(tags, 0, granules(kPage));
  }
}

uint8_t MemoryTags::load(uint64_t address) const {
  Piece* piece = piece_of(address);
  return piece != nullptr && piece->is_tagged(address) ? piece->tag(address) : 0;
}

void MemoryTags::store(uint64_t address, uint64_t bytes, uint8_t tag) {
  const uint64_t end = address + bytes;
  for (uint64_t at = support::align_down(address, kGranule); at < end; at += kGranule) {
    Piece* piece = piece_of(at);
    if (piece != nullptr && piece->is_tagged(at)) __atomic_store_n(&piece->tag_at(at), tag, __ATOMIC_RELAXED);
  }
}

uint64_t MemoryTags::find_mismatch(uint64_t address, uint64_t bytes, uint8_t tag) const {
  const uint64_t end = address + bytes;
  for (uint64_t at = support::align_down(address, kGranule); at < end; at += kGranule) {
    Piece* piece = piece_of(at);
    if (piece != nullptr && piece->is_tagged(at) && piece->tag(at) != tag) return std::max(at, address);
  }
  return end;
}

}  // namespace ferry::arm64
