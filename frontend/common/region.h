#pragma once

#include <cstdint>
#include <vector>

#include "ir/guest_arch.h"

namespace ferry::frontend {

/// How control leaves one guest instruction.
enum class FlowKind : uint8_t {
  Next,  ///< to the instruction after it
  Jump,  ///< to the target
  Fork,  ///< to the target or the instruction after it
  End,   ///< somewhere else: indirect branches, calls, system calls, undefined instructions
};

struct Flow {
  FlowKind kind = FlowKind::End;
  uint8_t size = 0;  ///< bytes of the instruction
  GuestAddr target;  ///< Jump, Fork
};

/// What region discovery asks the guest architecture.
class FlowReader {
 public:
  /// The instruction at `pc`, whose page is known to be code.
  virtual Flow flow(GuestAddr pc) const = 0;

 protected:
  ~FlowReader() = default;
};

/// A guest basic block: [pc, end).
struct RegionBlock {
  GuestAddr pc;
  GuestAddr end;
};

/// The guest code of one multi-block translation: the entry's block first, the others by ascending address.
/// Control enters a block at its first instruction only.
class Region {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  const std::vector<RegionBlock>& blocks() const { return blocks_; }
  bool empty() const { return blocks_.empty(); }

  /// Index of the block that begins at `pc`, or kNone.
  uint32_t find(GuestAddr pc) const;

  /// Follows direct branches from `entry` to code that was executed before, until the limits are reached.
  /// Only pages that limits.code says are executable are read, besides the entry's own.
  static Region discover(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader);

 private:
  std::vector<RegionBlock> blocks_;
};

}  // namespace ferry::frontend
