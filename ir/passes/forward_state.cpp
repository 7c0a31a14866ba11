#include "ir/passes/passes.h"

namespace ferry::ir {
namespace {

class StateForwarder {
 public:
  StateForwarder(Function& function, PassContext& context) : fn_(function), context_(context) {}

  void run(const Block& block) {
    known_epoch_ = context_.next_epoch();
    set_epoch_ = context_.next_epoch();
    for (ValueId id = block.begin; id < block.end; ++id) {
      Inst& inst = fn_.insts[id];
      context_.replacement[id] = id;
      if (!inst.dead) visit(id, inst);
    }
  }

 private:
  void visit(ValueId id, Inst& inst) {
    replace_operands(fn_, inst, context_);
    if (inst.op == Op::get_reg) return get(id, inst);
    if (inst.op == Op::set_reg) return set(id, inst);
    if (observes_state(fn_, inst)) set_epoch_ = context_.next_epoch();
    if (clobbers_state(fn_, inst)) known_epoch_ = context_.next_epoch();
  }

  void get(ValueId id, Inst& inst) {
    PassContext::RegFact& fact = context_.regs[inst.imm];
    if (fact.value_epoch == known_epoch_) {
      context_.replacement[id] = fact.value;
      inst.dead = true;
      return;
    }
    fact.value = id;
    fact.value_epoch = known_epoch_;
  }

  void set(ValueId id, Inst& inst) {
    PassContext::RegFact& fact = context_.regs[inst.imm];
    if (fact.value_epoch == known_epoch_ && fact.value == inst.args[0]) {
      inst.dead = true;
      return;
    }
    if (fact.set_epoch == set_epoch_) fn_.insts[fact.set].dead = true;
    fact = {.value = inst.args[0], .value_epoch = known_epoch_, .set = id, .set_epoch = set_epoch_};
  }

  Function& fn_;
  PassContext& context_;
  uint32_t known_epoch_ = 0;
  uint32_t set_epoch_ = 0;
};

}  // namespace

void forward_state(Function& function, PassContext& context) {
  context.prepare(function);
  StateForwarder forwarder(function, context);
  for (const Block& block : function.blocks) forwarder.run(block);
}

}  // namespace ferry::ir
