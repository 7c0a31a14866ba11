#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "backend/codegen.h"
#include "ir/support/populate.h"
#include "ir/support/result.h"

namespace ferry::backend {

/// The one reserved range that holds all translated code, link slots and counters. Code grows upwards from a
/// place in its middle, slots and counters downwards, so that a store to them never hits a line that is being
/// executed, and so that what a short program needs of both is one huge page. Everything is a bump
/// allocation; reset() gives it all back at once.
class CodeCache final : public CodeSpace {
 public:
  /// `code_bytes`: room for code; half as much is reserved beside it for slots. `address`: where it should
  /// lie, or 0. Errors: larger than 32-bit displacements reach, or no address space.
  static support::Result<std::unique_ptr<CodeCache>> create(uint64_t code_bytes, uint64_t address);
  ~CodeCache() override;
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  std::span<std::byte> reserve(size_t bytes) override;
  void commit(size_t used) override;
  LinkSlot* allocate_slots(size_t count) override;
  uint64_t* allocate_counter(uint64_t value) override;

  /// Room for what belongs to translations and goes with them, as long as it fits into that first huge page;
  /// else nullptr, which is no failure. 16-byte aligned.
  std::byte* allocate_near(size_t bytes);

  /// What was allocated so far (the stubs) survives every reset().
  void keep();
  /// Forgets all else. The caller has made sure that no thread runs it.
  void reset();

  /// True from when an allocation failed until reset().
  bool full() const { return full_; }
  bool contains(uint64_t host_pc) const {
    return host_pc - reinterpret_cast<uintptr_t>(code_begin_) < static_cast<size_t>(code_end_ - code_begin_);
  }
  const std::byte* code_begin() const { return code_begin_; }
  size_t code_used() const { return static_cast<size_t>(code_ - code_begin_); }

 private:
  CodeCache(std::byte* mapping, size_t mapping_bytes, std::byte* code, size_t code_bytes, size_t data_bytes);
  std::byte* allocate_data(size_t bytes);

  std::byte* mapping_;
  size_t mapping_bytes_;
  std::byte* data_;  ///< the lowest byte in use
  std::byte* data_kept_;
  std::byte* data_end_;
  std::byte* code_begin_;  ///< and where the data part began
  std::byte* code_;
  std::byte* code_kept_;
  std::byte* code_end_;
  support::Populated populated_;
  bool full_ = false;
};

}  // namespace ferry::backend
