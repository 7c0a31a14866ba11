#pragma once

#include <cstdint>

#include "frontend/arm64/state.h"

// Branch target identification (FEAT_BTI; docs/adr/0011-control-flow-integrity.md). PSTATE.BTYPE is not
// 0 only between an indirect branch and the instruction it leads to. There it is kept in the two low bits of
// the pc, in block keys as in State::pc, if State::guards_branches is set; until then nobody keeps it. A
// block key with such bits stands for the check of the target alone, whose code goes on at the plain address.

namespace ferry::arm64 {

/// The block key's mode bit: State::guards_branches.
inline constexpr uint64_t kModeGuardBranches = 2;

/// Values of PSTATE.BTYPE.
enum BranchType : uint32_t {
  kNoBranch = 0b00,
  kBranchByX16 = 0b01,  ///< BR by x16 or x17, or from a page that is not guarded
  kBranchCall = 0b10,   ///< BLR
  kBranchJump = 0b11,   ///< any other BR
};
inline constexpr uint64_t kBranchTypeMask = 3;

/// A target that is no multiple of 4 has no room for the type. It cannot be executed whatever it is, so this
/// bit of the upper half of addresses marks it, which is never executable.
inline constexpr uint64_t kMisalignedTarget = uint64_t{1} << 55;

/// State::pc taken apart.
struct ProgramCounter {
  uint64_t address;
  uint32_t branch_type;
};
constexpr ProgramCounter program_counter(const State& state) {
  const uint64_t low = state.pc & kBranchTypeMask;
  if (state.guards_branches == 0 || low == 0) return {state.pc, kNoBranch};
  if ((state.pc & kMisalignedTarget) != 0) return {state.pc ^ kMisalignedTarget, kNoBranch};
  return {state.pc ^ low, static_cast<uint32_t>(low)};
}
/// And put together: the branch to `address` is not checked yet.
constexpr void set_program_counter(State& state, uint64_t address, uint32_t branch_type) {
  const bool keeps_type = state.guards_branches != 0 && (address & kBranchTypeMask) == 0;
  state.pc = address | (keeps_type ? branch_type & kBranchTypeMask : 0);
}

/// Whether a branch of type `branch_type` may lead to the instruction `word` in a guarded page (Arm ARM
/// D8.4.5 with SCTLR_EL1.BT0 = 1, as Linux sets it).
bool may_land(uint32_t word, uint32_t branch_type);

}  // namespace ferry::arm64
