#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "backend/codegen.h"
#include "backend/runtime/host_access.h"

namespace ferry::backend {

/// Executable room for single instructions that run with another address. Places are claimed in signal
/// handlers and given back when their thread has left translated code.
class RelocationPool {
 public:
  static constexpr int kNone = -1;

  /// Takes its room from `space`. False: there is none.
  bool allocate(CodeSpace& space) {
    const auto room = space.reserve(kPlaces * kRelocatedBytes);
    if (room.empty()) return false;
    begin_ = room.data();
    space.commit(kPlaces * kRelocatedBytes);
    return true;
  }

  /// A free place, or kNone. Async-signal-safe.
  int claim() {
    uint64_t used = used_.load(std::memory_order_relaxed);
    while (~used != 0) {
      const int place = __builtin_ctzll(~used);
      if (used_.compare_exchange_weak(used, used | uint64_t{1} << place, std::memory_order_acquire))
        return place;
    }
    return kNone;
  }
  void release(int place) { used_.fetch_and(~(uint64_t{1} << place), std::memory_order_release); }

  std::byte* at(int place) const { return begin_ + static_cast<size_t>(place) * kRelocatedBytes; }
  bool contains(uint64_t host_pc) const {
    return host_pc - reinterpret_cast<uintptr_t>(begin_) < kPlaces * kRelocatedBytes;
  }

 private:
  static constexpr size_t kPlaces = 64;

  std::byte* begin_ = nullptr;
  std::atomic<uint64_t> used_{0};
};

}  // namespace ferry::backend
