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
constexpr uint64_t kHugePage = uint64_t{2} << 20;
constexpr uint64_t kNearBytes = kHugePage / 2;  ///< of data in the first huge page, and of code
constexpr uint64_t kCodeAlignment = 16;
constexpr uint64_t kDataAlignment = 8;
constexpr uint64_t kReach = (uint64_t{1} << 31) - kPage;  ///< of a 32-bit displacement

}  // namespace

support::Result<std::unique_ptr<CodeCache>> CodeCache::create(uint64_t code_bytes, uint64_t address) {
  const uint64_t code = support::align_up(code_bytes, kPage);
  const uint64_t data = support::align_up(code_bytes / 2, kPage) + kNearBytes;
  if (code_bytes == 0 || code_bytes > kReach || code + data > kReach) {
    return support::Error{"the code cache cannot have " + std::to_string(code_bytes) + " bytes; at most " +
                          std::to_string((kReach - kNearBytes) / 3 * 2)};
  }
  // Data is executable too: a huge page cannot have two kinds of permissions.
  const uint64_t total = code + data + kHugePage;
  void* mapping = mmap(reinterpret_cast<void*>(address), total, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return support::Error{std::string("no room for the code cache: ") + std::strerror(errno)};
  madvise(mapping, total, MADV_HUGEPAGE);  // fewer page faults and TLB misses
  const uint64_t first = reinterpret_cast<uint64_t>(mapping) + data - kNearBytes;
  auto* boundary = reinterpret_cast<std::byte*>(support::align_up(first, kHugePage) + kNearBytes);
  return std::unique_ptr<CodeCache>(
      new CodeCache(static_cast<std::byte*>(mapping), total, boundary, code, data));
}

CodeCache::CodeCache(std::byte* mapping, size_t mapping_bytes, std::byte* code, size_t code_bytes,
                     size_t data_bytes)
    : mapping_(mapping),
      mapping_bytes_(mapping_bytes),
      data_(code),
      data_kept_(code),
      data_end_(code - data_bytes),
      code_begin_(code),
      code_(code),
      code_kept_(code),
      code_end_(code + code_bytes),
      populated_{code, code} {}

CodeCache::~CodeCache() { munmap(mapping_, mapping_bytes_); }

std::span<std::byte> CodeCache::reserve(size_t bytes) {
  const auto room = static_cast<size_t>(code_end_ - code_);
  if (bytes > room) {
    full_ = true;
    return {};
  }
  populated_.cover(data_, code_ + bytes, data_end_, code_end_);
  return {code_, room};
}

void CodeCache::commit(size_t used) {
  // Stays within the mapping: its size is a multiple of the alignment.
  code_ += support::align_up(used, kCodeAlignment);
}

std::byte* CodeCache::allocate_data(size_t bytes) {
  bytes = support::align_up(bytes, kDataAlignment);
  if (bytes > static_cast<size_t>(data_ - data_end_)) {
    full_ = true;
    return nullptr;
  }
  data_ -= bytes;
  populated_.cover(data_, code_, data_end_, code_end_);
  return data_;
}

std::byte* CodeCache::allocate_near(size_t bytes) {
  constexpr uint64_t kAlignment = 16;
  auto* at = reinterpret_cast<std::byte*>(
      support::align_down(reinterpret_cast<uint64_t>(data_ - bytes), kAlignment));
  if (at < code_begin_ - kNearBytes) return nullptr;
  return allocate_data(static_cast<size_t>(data_ - at));
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
