#include "ir/passes/passes.h"

namespace ferry::ir {

void compact(Function& function, PassContext& context) {
  context.prepare(function);
  uint32_t kept = 0;
  for (Block& block : function.blocks) {
    const uint32_t begin = kept;
    for (ValueId id = block.begin; id < block.end; ++id) {
      Inst& inst = function.insts[id];
      if (inst.dead) continue;
      replace_operands(function, inst, context);
      context.replacement[id] = kept;
      function.insts[kept++] = inst;
    }
    block.begin = begin;
    block.end = kept;
  }
  function.insts.resize(kept);
}

}  // namespace ferry::ir
