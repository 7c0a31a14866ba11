#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/helper.h"
#include "ir/inst.h"
#include "ir/state_layout.h"
#include "ir/support/address.h"

namespace ferry::ir {

using BlockId = uint32_t;

enum class BlockKind : uint8_t {
  Exit,  ///< leaves the function: its guest code is elsewhere
  Main,
  Copy,  ///< of a called function's code, for one call: control comes from the call and goes on behind it
};

/// A straight run of instructions, insts[begin, end), the last one with Trait::Ends.
struct Block {
  uint32_t begin = 0;
  uint32_t end = 0;
  GuestAddr pc;  ///< the guest address whose code starts here; of an exit block, where it leaves for
  BlockKind kind = BlockKind::Exit;
};

/// Branches inside a function that may close a loop are safe points: a pending interrupt is taken there, with
/// every guest register in its place. Every cycle has one, since guest addresses cannot only grow; a copy
/// counts as if it lay between its call and what is behind that.
constexpr bool is_safe_point(const Block& from, const Block& to) {
  const bool calls = from.kind == BlockKind::Main && to.kind == BlockKind::Copy;
  const bool returns = from.kind == BlockKind::Copy && to.kind == BlockKind::Main;
  return to.pc <= from.pc && !calls && !returns;
}

enum class NanRule : uint8_t { Arm, X86 };

/// The unit of translation: one guest block, or a region of many. Block 0 is the entry. Values are local to
/// their block; what crosses blocks lives in guest registers (a backend may keep those in host registers).
struct Function {
  const StateLayout* layout = nullptr;
  std::span<const HelperInfo> helpers;
  GuestAddr pc;              ///< guest address of the entry
  uint64_t mode = 0;         ///< mode bits of the block key
  uint32_t guest_insts = 0;  ///< guest instructions translated
  NanRule nan_rule = NanRule::Arm;
  bool ignore_fp_flags = false;  ///< cumulative FP exception flags need not be exact
  /// The underflow flag must be raised as the Arm ARM does, by the unrounded result; x86 goes by the rounded
  /// one and says nothing where that is the smallest normal number.
  bool exact_underflow = false;
  bool precise = true;  ///< guest registers must be exact at every access that may fault
  std::vector<Inst> insts;
  std::vector<Block> blocks;
  std::vector<ValueId> call_args;
  /// Guest code that this function was made from, as [first, last) address pairs.
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges;

  /// Empties the function, keeping its memory for the next one.
  void clear() {
    insts.clear();
    blocks.clear();
    call_args.clear();
    ranges.clear();
    guest_insts = 0;
  }

  /// The operands of `inst`, a helper call's included.
  std::span<const ValueId> operands(const Inst& inst) const {
    if (inst.op == Op::call) return {call_args.data() + inst.args[0], inst.arg_count};
    return {inst.args.data(), inst.arg_count};
  }
  std::span<ValueId> operands(Inst& inst) {
    if (inst.op == Op::call) return {call_args.data() + inst.args[0], inst.arg_count};
    return {inst.args.data(), inst.arg_count};
  }
};

}  // namespace ferry::ir
