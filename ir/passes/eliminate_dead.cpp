#include <cstring>

#include "ir/passes/passes.h"

namespace ferry::ir {
namespace {

bool removable_when_unused(const Function& fn, const Inst& inst) {
  switch (info(inst.op).trait) {
    case Trait::Pure:
    case Trait::ReadsState:
      return true;
    case Trait::FlagsOnly:
      return fn.ignore_fp_flags;
    case Trait::Calls: {
      const HelperEffect effect = fn.helpers[inst.imm].effect;
      return effect == HelperEffect::Pure || (effect == HelperEffect::FpFlags && fn.ignore_fp_flags);
    }
    default:
      return false;
  }
}

}  // namespace

// Uses come after definitions, so one scan from the end knows every use of a value before it meets the value.
void eliminate_dead(Function& function, PassContext& context) {
  context.prepare(function);
  std::memset(context.used.data(), 0, function.insts.size());
  for (size_t id = function.insts.size(); id-- > 0;) {
    Inst& inst = function.insts[id];
    if (inst.dead) continue;
    if (context.used[id] == 0 && removable_when_unused(function, inst)) {
      inst.dead = true;
      continue;
    }
    for (const ValueId operand : function.operands(inst)) {
      if (operand != kNoValue) context.used[operand] = 1;
    }
  }
}

}  // namespace ferry::ir
