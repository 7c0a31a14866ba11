#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "backend/runtime/code_cache.h"
#include "ir/support/populate.h"

namespace ferry::backend {

/// Memory for things that all go at once with the code in a cache, without destructors.
class Arena {
 public:
  explicit Arena(CodeCache& cache) : cache_(cache) {}

  template <typename T, typename... Args>
  T& make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return *new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }
  template <typename T>
  std::span<const T> copy(std::span<const T> from) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (from.empty()) return {};
    auto* to = static_cast<T*>(allocate(from.size() * sizeof(T), alignof(T)));
    std::uninitialized_copy(from.begin(), from.end(), to);
    return {to, from.size()};
  }
  /// Before the cache is reset.
  void clear() {
    chunks_.clear();
    next_ = end_ = nullptr;
  }

 private:
  static constexpr size_t kChunkBytes = 64 * 1024;

  struct Free {
    void operator()(std::byte* at) const { std::free(at); }
  };

  static std::byte* new_chunk(size_t size) {
    auto* chunk = static_cast<std::byte*>(std::malloc(size));
    if (!chunk) std::abort();
    support::populate(chunk, size);
    return chunk;
  }

  void* allocate(size_t bytes, size_t alignment) {
    auto at = (reinterpret_cast<uintptr_t>(next_) + alignment - 1) & ~(alignment - 1);
    if (!next_ || at + bytes > reinterpret_cast<uintptr_t>(end_)) {
      const size_t size = bytes > kChunkBytes ? bytes : kChunkBytes;
      next_ = cache_.allocate_near(size);
      if (!next_) next_ = chunks_.emplace_back(new_chunk(size)).get();
      end_ = next_ + size;
      at = reinterpret_cast<uintptr_t>(next_);
    }
    next_ = reinterpret_cast<std::byte*>(at + bytes);
    return reinterpret_cast<void*>(at);
  }

  CodeCache& cache_;
  std::vector<std::unique_ptr<std::byte, Free>> chunks_;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace ferry::backend
