#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "backend/codegen.h"
#include "ir/function.h"
#include "ir/guest_arch.h"

namespace ferry::backend {

/// What was made from guest code and is to be published: host code, or IR for the interpreter.
struct Made {
  CodeImage image;
  std::optional<PlacedCode> code;  ///< of `image`
  std::unique_ptr<ir::Function> function = nullptr;
  bool keep_baseline = false;  ///< see Record

  explicit operator bool() const { return code || function; }
};

/// One translation as the engine keeps it, in an arena. Lives from its publication to the next flush, also
/// when it was invalidated or replaced: a thread may still be inside, and return stacks may lead to it.
struct Record {
  using Range = std::pair<GuestAddr, GuestAddr>;

  ir::BlockKey key;
  std::span<const std::byte> code;  ///< the entry is its first byte; empty: `function` is to be interpreted
  const ir::Function* function = nullptr;
  std::span<const FaultPoint> fault_points;
  std::span<const RegisterPlace> places;
  std::span<const Range> ranges;  ///< guest code it was made from
  LinkSlot* incoming = nullptr;   ///< the slots that lead here, linked by next_incoming
  std::atomic<bool> valid{true};  ///< false once it was invalidated or replaced
  bool optimized = false;
  bool pins_in_registers = false;  ///< see CodeImage
  bool precise = true;
  bool keep_baseline = false;  ///< the optimizer cannot improve it, or could not: do not ask
  /// Code that counts who comes by and goes on to the entry; optimized code and indirect branches lead there.
  /// nullptr: none yet, or not worth it.
  std::atomic<const void*> gate{nullptr};

  const void* entry() const { return code.data(); }
  /// Where ways lead that have no counter of their own.
  const void* counted_entry() const {
    const void* counts = gate.load(std::memory_order_acquire);
    return counts ? counts : entry();
  }
  bool overlaps(GuestAddr first, GuestAddr last) const {
    for (const auto& [from, to] : ranges) {
      if (from < last && first < to) return true;
    }
    return false;
  }
};

}  // namespace ferry::backend
