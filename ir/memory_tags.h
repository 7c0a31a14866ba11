#pragma once

#include <cstdint>

#include "ir/support/address.h"

namespace ferry::ir {

/// What a guest's CPU keeps beside its memory and goes where memory goes (AArch64's allocation tags). The
/// embedder says here what becomes of mappings; ranges are whole pages below 2^47. Not thread-safe against
/// itself; guest threads may use the tags meanwhile.
class MemoryTags {
 public:
  virtual ~MemoryTags() = default;
  /// [first, last) is new memory, or none any more: it keeps tags or not, and all are zero. False: no room,
  /// and nothing has changed.
  [[nodiscard]] virtual bool reset(GuestAddr first, GuestAddr last, bool tagged) = 0;
  /// The tags of `bytes` bytes at `from` move to `to`, which was reset to be tagged and does not overlap;
  /// those at `from` are zero then.
  virtual void move(GuestAddr from, GuestAddr to, uint64_t bytes) = 0;
};

}  // namespace ferry::ir
