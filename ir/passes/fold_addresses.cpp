#include <limits>

#include "ir/passes/passes.h"

namespace ferry::ir {
namespace {

constexpr uint64_t kMaxScale = 3;  // what an x86 address can hold

class AddressFolder {
 public:
  AddressFolder(Function& function, Inst& inst) : fn_(function), inst_(inst), mem_(inst.mem()) {}

  void run() {
    while (fold_displacement() || fold_index()) {
    }
    fold_scale();
    inst_.imm = mem_.pack();
  }

 private:
  const Inst& base() const { return fn_.insts[inst_.args[0]]; }

  // [x + constant + disp] -> [x + (constant + disp)]
  bool fold_displacement() {
    if (base().op != Op::add && base().op != Op::sub) return false;
    const Inst& amount = fn_.insts[base().args[1]];
    if (amount.op != Op::konst) return false;
    const uint64_t delta = base().op == Op::add ? amount.imm : 0 - amount.imm;
    const auto disp = static_cast<int64_t>(delta + static_cast<uint64_t>(int64_t{mem_.disp}));
    const bool fits =
        disp >= std::numeric_limits<int32_t>::min() && disp <= std::numeric_limits<int32_t>::max();
    if (!fits) return false;
    mem_.disp = static_cast<int32_t>(disp);
    inst_.args[0] = base().args[0];
    return true;
  }

  // [x + y] -> base and index
  bool fold_index() {
    if (base().op != Op::add || inst_.args[1] != kNoValue) return false;
    const Inst& sum = base();
    if (fn_.insts[sum.args[1]].op == Op::konst) return false;  // too large for a displacement
    inst_.args[1] = sum.args[1];
    inst_.args[0] = sum.args[0];
    return true;
  }

  // [x + (y << constant)] -> scale
  void fold_scale() {
    if (inst_.args[1] == kNoValue) return;
    const Inst& index = fn_.insts[inst_.args[1]];
    if (index.op != Op::shl || fn_.insts[index.args[1]].op != Op::konst) return;
    const uint64_t amount = fn_.insts[index.args[1]].imm % 64;
    if (mem_.scale + amount > kMaxScale) return;
    mem_.scale = static_cast<uint8_t>(mem_.scale + amount);
    inst_.args[1] = index.args[0];
  }

  Function& fn_;
  Inst& inst_;
  MemAccess mem_;
};

}  // namespace

void fold_addresses(Function& function, PassContext&) {
  for (Inst& inst : function.insts) {
    if (!inst.dead && (inst.op == Op::load || inst.op == Op::store)) AddressFolder(function, inst).run();
  }
}

}  // namespace ferry::ir
