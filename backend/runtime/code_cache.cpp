#include "backend/runtime/code_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>

#include "ir/support/bits.h"

namespace ferry::backend {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kCodeAlignment = 16;
constexpr uint64_t kReach = (uint64_t{1} << 31) - kPage;  ///< of a 32-bit displacement

/// Fewer TLB misses and page faults, behind the first `kSmallBytes` at least.
void use_huge_pages(std::byte* first, size_t bytes) {
  constexpr uint64_t kHugePage = uint64_t{2} << 20;
  constexpr uint64_t kSmallBytes = kHugePage;
  const uint64_t address = reinterpret_cast<uint64_t>(first);
  const uint64_t begin = support::align_up(address + kSmallBytes, kHugePage);
  const uint64_t end = support::align_down(address + bytes, kHugePage);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace

support::Result<std::unique_ptr<CodeCache>> CodeCache::create(uint64_t code_bytes, uint64_t address) {
  const uint64_t code = support::align_up(code_bytes, kPage);
  const uint64_t data = support::align_up(code_bytes / 2, kPage);
  if (code_bytes == 0 || code_bytes > kReach || code + data > kReach) {
    return support::Error{"the code cache cannot have " + std::to_string(code_bytes) + " bytes; at most " +
                          std::to_string(kReach / 3 * 2)};
  }
  void* base = mmap(reinterpret_cast<void*>(address), code + data, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return support::Error{std::string("no room for the code cache: ") + std::strerror(errno)};
  mprotect(base, data, PROT_READ | PROT_WRITE);
  // Short programs stay within the small pages at the start of each part.
  use_huge_pages(static_cast<std::byte*>(base), data);
  use_huge_pages(static_cast<std::byte*>(base) + data, code);
  return std::unique_ptr<CodeCache>(new CodeCache(static_cast<std::byte*>(base), data, code + data));
}

CodeCache::CodeCache(std::byte* base, size_t data_bytes, size_t total_bytes)
    : base_(base),
      total_bytes_(total_bytes),
      data_(base),
      data_kept_(base),
      data_end_(base + data_bytes),
      code_begin_(base + data_bytes),
      code_(code_begin_),
      code_kept_(code_begin_),
      code_end_(base + total_bytes),
      data_populated_{base},
      code_populated_{code_begin_} {}

CodeCache::~CodeCache() { munmap(base_, total_bytes_); }

std::span<std::byte> CodeCache::reserve(size_t bytes) {
  const auto room = static_cast<size_t>(code_end_ - code_);
  if (bytes > room) {
    full_ = true;
    return {};
  }
  code_populated_.cover(code_ + bytes, code_end_);
  return {code_, room};
}

void CodeCache::commit(size_t used) {
  // Stays within the mapping: its size is a multiple of the alignment.
  code_ += support::align_up(used, kCodeAlignment);
}

std::byte* CodeCache::allocate_data(size_t bytes) {
  if (bytes > static_cast<size_t>(data_end_ - data_)) {
    full_ = true;
    return nullptr;
  }
  std::byte* at = data_;
  data_ += bytes;
  data_populated_.cover(data_, data_end_);
  return at;
}

LinkSlot* CodeCache::allocate_slots(size_t count) {
  std::byte* at = allocate_data(count * sizeof(LinkSlot));
  if (!at) return nullptr;
  auto* slots = reinterpret_cast<LinkSlot*>(at);
  for (size_t i = 0; i < count; ++i) new (&slots[i]) LinkSlot{};
  return slots;
}

uint64_t* CodeCache::allocate_counter(uint64_t value) {
  std::byte* at = allocate_data(sizeof(uint64_t));
  return at ? new (at) uint64_t{value} : nullptr;
}

void CodeCache::keep() {
  data_kept_ = data_;
  code_kept_ = code_;
}

void CodeCache::reset() {
  data_ = data_kept_;
  code_ = code_kept_;
  full_ = false;
}

}  // namespace ferry::backend
