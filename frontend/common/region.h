#pragma once

#include <cstdint>
#include <vector>

#include "ir/guest_arch.h"

namespace ferry::frontend {

/// How control leaves one guest instruction.
enum class FlowKind : uint8_t {
  Next,    ///< to the instruction after it
  Jump,    ///< to the target
  Fork,    ///< to the target or the instruction after it
  Call,    ///< to the target, and later perhaps back to the instruction after it
  Return,  ///< back from a call
  End,     ///< somewhere else: indirect branches and calls, system calls, barriers to instructions
};

struct Flow {
  FlowKind kind = FlowKind::End;
  uint8_t size = 0;  ///< bytes of the instruction
  GuestAddr target;  ///< Jump, Fork, Call
};

/// What region discovery asks the guest architecture.
class FlowReader {
 public:
  /// The instruction at `pc`, whose page is known to be code.
  virtual Flow flow(GuestAddr pc) const = 0;

 protected:
  ~FlowReader() = default;
};

/// Where a region's code lies: in the code that was entered, or in a function that a call of it leads to. The
/// region has a copy of that function for each such call; the address behind the call names the copy.
struct RegionPlace {
  GuestAddr pc;
  GuestAddr return_to;  ///< zero: not in a called function

  constexpr auto operator<=>(const RegionPlace&) const = default;
};

/// A guest basic block: [place.pc, end).
struct RegionBlock {
  RegionPlace place;
  GuestAddr end;
};

/// The guest code of one multi-block translation: the entry's block first, the others in the order of their
/// places. Control enters a block at its first instruction only.
class Region {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  const std::vector<RegionBlock>& blocks() const { return blocks_; }
  bool empty() const { return blocks_.empty(); }

  /// Index of the block that begins at `place`, or kNone.
  uint32_t find(RegionPlace place) const;

  /// Follows direct branches from `entry` to code that was executed before, until the limits are reached.
  /// Only pages that limits.code says are executable are read, besides the entry's own.
  static Region discover(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader);

 private:
  std::vector<RegionBlock> blocks_;
};

}  // namespace ferry::frontend
