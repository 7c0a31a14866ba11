#include "frontend/arm64/flow.h"

#include <cstring>

#include "frontend/arm64/flags.h"

namespace ferry::arm64 {
namespace {

using frontend::FlowKind;

FlowKind direct_kind(uint32_t word) {
  if ((word & 0xfc000000) == 0x14000000) return FlowKind::Jump;    // B
  if ((word & 0xfc000000) == 0x94000000) return FlowKind::Call;    // BL
  if ((word & 0xfffffc1f) == 0xd65f0000) return FlowKind::Return;  // RET
  if ((word & 0xff00000e) == 0x5400000e) return FlowKind::Jump;    // B.AL, B.NV
  if ((word & 0xff000000) == 0x54000000) return FlowKind::Fork;    // B.cond
  if ((word & 0x7c000000) == 0x34000000) return FlowKind::Fork;    // CBZ, CBNZ, TBZ, TBNZ
  if ((word & 0xfffff0ff) == 0xd50330df) return FlowKind::End;     // ISB
  if ((word & 0x1c000000) == 0x14000000 && (word & 0xff000000) != 0xd5000000) return FlowKind::End;
  return FlowKind::Next;
}

/// What an indirect branch does that mostly leads to one place: a call, and BR X16 and X17, by which linkers
/// lead from a call to its function. BLR X30 loses its target and is left alone.
FlowKind indirect_kind(uint32_t word) {
  if ((word & 0xfffffc1f) == 0xd63f0000 && word != 0xd63f03c0) return FlowKind::Call;
  if ((word & 0xffffffdf) == 0xd61f0200) return FlowKind::Jump;
  return FlowKind::End;
}

/// CPYFM, CPYM, SETM, SETGM: run again while something is left.
bool repeats(uint32_t word) { return (word & 0xfbe00c00) == 0x19400400 || (word & 0xfbe0cc00) == 0x19c04400; }

/// CPYFE, CPYE, SETE, SETGE: may go back to their prologue.
bool may_start_over(uint32_t word) {
  return (word & 0xfbe00c00) == 0x19800400 || (word & 0xfbe0cc00) == 0x19c08400;
}

}  // namespace

frontend::Flow A64Flow::flow(GuestAddr pc) const {
  constexpr uint8_t kBytes = 4;
  uint32_t word;
  std::memcpy(&word, reinterpret_cast<const void*>(pc.value), sizeof(word));
  if (repeats(word)) return {FlowKind::Fork, kBytes, pc};
  if (may_start_over(word)) return {FlowKind::Fork, kBytes, GuestAddr{pc.value - 2 * kBytes}};
  const FlowKind indirect = indirect_kind(word);
  if (indirect == FlowKind::End) return {direct_kind(word), kBytes, direct_target(word, pc)};
  const GuestAddr target = code_ != nullptr ? code_->last_target(pc) : GuestAddr{};
  if (target == GuestAddr{} || target.value % kBytes != 0) return {FlowKind::End, kBytes, {}};
  return {indirect, kBytes, target};
}

}  // namespace ferry::arm64
