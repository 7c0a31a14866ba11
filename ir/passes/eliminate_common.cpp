#include <algorithm>

#include "ir/passes/passes.h"

namespace ferry::ir {
namespace {

uint64_t hash(const Inst& inst) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
  uint64_t h = static_cast<uint64_t>(inst.op) << 8 | static_cast<uint64_t>(inst.type);
  for (const uint64_t part :
       {uint64_t{inst.args[0]}, uint64_t{inst.args[1]}, uint64_t{inst.args[2]}, inst.imm, inst.imm2}) {
    h = (h ^ part) * kMultiplier;
    h ^= h >> 29;
  }
  return h;
}

bool same(const Inst& a, const Inst& b) {
  return a.op == b.op && a.type == b.type && a.arg_count == b.arg_count && a.args == b.args &&
         a.imm == b.imm && a.imm2 == b.imm2;
}

}  // namespace

void eliminate_common(Function& function, PassContext& context) {
  context.prepare(function);
  for (const Block& block : function.blocks) {
    const uint32_t epoch = context.next_epoch();
    for (ValueId id = block.begin; id < block.end; ++id) {
      Inst& inst = function.insts[id];
      context.replacement[id] = id;
      if (inst.dead) continue;
      replace_operands(function, inst, context);
      if (info(inst.op).trait != Trait::Pure) continue;
      PassContext::CseEntry& entry = context.cse[hash(inst) % PassContext::kCseEntries];
      if (entry.epoch == epoch && same(function.insts[entry.value], inst)) {
        context.replacement[id] = entry.value;
        inst.dead = true;
      } else {
        entry = {id, epoch};
      }
    }
  }
}

}  // namespace ferry::ir
