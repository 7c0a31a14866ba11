#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ir/function.h"
#include "ir/interp.h"

namespace ferry::ir {

/// Memory that passes need while they run, kept from one function to the next so that none of them allocates
/// once it has grown. One per thread that translates.
class PassContext {
 public:
  /// What is known of a guest register at the point that a scan has reached. Entries of an older epoch say
  /// nothing.
  struct RegFact {
    ValueId value = kNoValue;  ///< the value that the register holds
    uint32_t value_epoch = 0;
    ValueId set = kNoValue;  ///< the set_reg that wrote it, which nobody has seen yet
    uint32_t set_epoch = 0;
  };
  struct CseEntry {
    ValueId value = kNoValue;
    uint32_t epoch = 0;
  };
  static constexpr unsigned kCseEntries = 256;

  /// What flows between blocks, one bit per one-bit guest register.
  struct BlockFlags {
    uint64_t read_first = 0;     ///< read before it is written
    uint64_t written_first = 0;  ///< written, and unless it is in read_first before anybody can see it
    uint64_t live_out = 0;
  };

  /// Makes room for `function`'s instructions, registers and blocks.
  void prepare(const Function& function) {
    const size_t insts = function.insts.size();
    if (replacement.size() < insts) {
      const size_t room = insts + insts / 2;
      replacement.resize(room);
      width.resize(room);
      used.resize(room);
      values.resize(room);
    }
    if (regs.size() < function.layout->regs.size()) regs.resize(function.layout->regs.size());
    if (block_flags.size() < function.blocks.size()) block_flags.resize(function.blocks.size());
  }

  /// Starts a new epoch: every fact and table entry so far is forgotten.
  uint32_t next_epoch() { return ++epoch_; }

  std::vector<ValueId>
      replacement;              ///< by ValueId: the value to use in its place; set before it is first read
  std::vector<uint8_t> width;   ///< by ValueId: no bit at or above this one is set
  std::vector<uint8_t> used;    ///< by ValueId
  std::vector<Bits128> values;  ///< by ValueId, of constants
  std::vector<RegFact> regs;    ///< by RegId
  std::vector<BlockFlags> block_flags;
  std::array<CseEntry, kCseEntries> cse{};
  InterpContext scratch;

 private:
  uint32_t epoch_ = 0;
};

/// Lets `inst` use the values that stand in for its operands.
inline void replace_operands(Function& function, Inst& inst, const PassContext& context) {
  for (ValueId& operand : function.operands(inst)) {
    if (operand != kNoValue) operand = context.replacement[operand];
  }
}

/// True where all guest registers must be in their places when `inst` runs: somebody may look at them.
inline bool observes_state(const Function& function, const Inst& inst) {
  switch (info(inst.op).trait) {
    case Trait::Ends:
      return true;
    case Trait::Reads:
      return function.precise;
    case Trait::Writes:
      return function.precise && inst.op != Op::fence;
    case Trait::Calls:
      return function.helpers[inst.imm].effect >= HelperEffect::State;
    default:
      return false;
  }
}

/// True where `inst` may change guest registers other than by set_reg.
inline bool clobbers_state(const Function& function, const Inst& inst) {
  return inst.op == Op::call && function.helpers[inst.imm].effect >= HelperEffect::State;
}

}  // namespace ferry::ir
