// Which NaN an operation gives is the only thing in which the host's arithmetic differs from the guest's. A
// NaN stays one through further arithmetic, so a chain of operations is computed on the host and looked at
// once, at its end and before anybody can see its bits; only if that is a NaN is the chain computed again,
// exactly. The flags that the first computation raised are the right ones: results are quiet NaNs either way.
#include <llvm/IR/MDBuilder.h>

#include <algorithm>

#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

using ir::Op;
using ir::ValueId;

namespace {

/// Every instruction waiting to be looked at keeps its operands alive.
constexpr size_t kMostUnchecked = 12;

/// Whether a NaN comes out of it in lanes of another width.
bool converts(Op op) { return op == Op::fconvert || op == Op::fwiden || op == Op::fnarrow; }

}  // namespace

Lowering::NanUse Lowering::nan_use(const Inst& inst) const {
  switch (inst.op) {
    case Op::fma:
      return host_.fma && !lacks_half(inst) ? NanUse::Arithmetic : NanUse::Final;
    case Op::fadd:
    case Op::fsub:
    case Op::fmul:
    case Op::fdiv:
    case Op::fsqrt:
      return lacks_half(inst) ? NanUse::Final : NanUse::Arithmetic;
    case Op::fabs:
    case Op::fneg:
    case Op::fconvert:
    case Op::fwiden:
    case Op::fnarrow:
    case Op::bitcast:
    case Op::extract_lane:
    case Op::insert_lane:
    case Op::scalar_to_vec:
    case Op::zero_upper:
    case Op::splat:
    case Op::shuffle:
    case Op::set_reg:
      return NanUse::Carries;
    case Op::fcmp:
    case Op::vfcmp:
    case Op::fp_to_sint:
    case Op::fp_to_uint:
      return NanUse::Indifferent;
    default:
      return NanUse::Final;
  }
}

// What the instruction takes its operands' lanes for, whatever they were made as.
ir::Type Lowering::lanes_seen(const Inst& inst) const {
  if (!ir::is_vector(inst.type)) return arg_type(inst, 0);
  if (inst.op == Op::fwiden) return ir::float_type(ir::lane_bits(inst.type) / 2);
  if (inst.op == Op::fnarrow) return ir::float_type(ir::lane_bits(inst.type) * 2);
  return ir::float_type(ir::lane_bits(inst.type));
}

// The lanes of the first operand that is unchecked, or Void.
ir::Type Lowering::unchecked_operand(const Inst& inst) const {
  for (const ValueId id : source_.operands(inst)) {
    if (id != ir::kNoValue && unchecked_lanes_[id] != ir::Type::Void) return unchecked_lanes_[id];
  }
  return ir::Type::Void;
}

// Whether the instruction could tell the wrong NaN from the right one: it shows the bits, or takes them for
// lanes of another width, where they may be a number.
bool Lowering::minds_unchecked(const Inst& inst) const {
  const ir::Type lanes = unchecked_operand(inst);
  if (lanes == ir::Type::Void) return false;
  const NanUse use = nan_use(inst);
  const auto other_lanes = [&](ValueId id) {
    return id != ir::kNoValue && unchecked_lanes_[id] != ir::Type::Void && unchecked_lanes_[id] != lanes;
  };
  const auto operands = source_.operands(inst);
  if (use == NanUse::Final || std::any_of(operands.begin(), operands.end(), other_lanes)) return true;
  return (use != NanUse::Carries || converts(inst.op)) && lanes_seen(inst) != lanes;
}

std::vector<ValueId>::iterator Lowering::unchecked_write(uint64_t reg) {
  return std::find_if(unchecked_.begin(), unchecked_.end(), [&](ValueId id) {
    return source_.insts[id].op == Op::set_reg && source_.insts[id].imm == reg;
  });
}

void Lowering::settle_nans_before(const Inst& inst) {
  if (unchecked_.empty()) return;
  const ir::Trait trait = ir::info(inst.op).trait;
  const bool shows_state = trait == ir::Trait::Ends || trait == ir::Trait::Calls || may_fault(inst);
  const bool reads_write = inst.op == Op::get_reg && unchecked_write(inst.imm) != unchecked_.end();
  if (shows_state || reads_write || unchecked_.size() >= kMostUnchecked || minds_unchecked(inst)) {
    settle_nans();
  }
}

void Lowering::track_nans_after(ValueId id) {
  const Inst& inst = source_.insts[id];
  if (inst.op == Op::set_reg && !unchecked_.empty()) {
    const auto overwritten = unchecked_write(inst.imm);
    if (overwritten != unchecked_.end()) unchecked_.erase(overwritten);
  }
  const NanUse use = nan_use(inst);
  const bool arithmetic = use == NanUse::Arithmetic && source_.nan_rule != ir::NanRule::X86;
  const ir::Type carried = use == NanUse::Carries ? unchecked_operand(inst) : ir::Type::Void;
  if (!arithmetic && carried == ir::Type::Void) return;
  unchecked_lanes_[id] = arithmetic || converts(inst.op) ? ir::lane_type(inst.type) : carried;
  unchecked_.push_back(id);
  if (!options_.defer_nan_checks) settle_nans();
}

// One bit: whether one of the chains ended in a NaN. What further arithmetic on the same lanes has consumed
// need not be looked at itself.
llvm::Value* Lowering::any_nan() {
  std::vector<ValueId> ends;
  for (const ValueId id : unchecked_) {
    const Inst& inst = source_.insts[id];
    if (nan_use(inst) != NanUse::Arithmetic) continue;
    for (unsigned i = 0; i < inst.arg_count; ++i) {
      if (arg_type(inst, i) == inst.type) std::erase(ends, inst.args[i]);
    }
    ends.push_back(id);
  }
  Value* any = nullptr;
  while (!ends.empty()) {
    Value* first = values_[ends.back()];
    ends.pop_back();
    const auto partner = std::find_if(ends.begin(), ends.end(),
                                      [&](ValueId id) { return values_[id]->getType() == first->getType(); });
    Value* second = first;
    if (partner != ends.end()) {
      second = values_[*partner];
      ends.erase(partner);
    }
    Value* nan = any_lane(unordered(first, second));
    any = any != nullptr ? b_.CreateOr(any, nan) : nan;
  }
  return any;
}

void Lowering::settle_nans() {
  if (unchecked_.empty()) return;
  Value* nan = any_nan();
  auto* fast_end = b_.GetInsertBlock();
  auto* exact = llvm::BasicBlock::Create(context_, "exact", function_);
  auto* join = llvm::BasicBlock::Create(context_, "", function_);
  b_.CreateCondBr(nan, exact, join, unlikely());
  b_.SetInsertPoint(exact);
  std::vector<Value*> fast;
  for (const ValueId id : unchecked_) {
    const Inst& inst = source_.insts[id];
    fast.push_back(values_[id]);
    values_[id] = nan_use(inst) == NanUse::Arithmetic ? evaluate(inst) : lower(inst);
  }
  auto* exact_end = b_.GetInsertBlock();
  b_.CreateBr(join);
  b_.SetInsertPoint(join);
  for (size_t i = 0; i < fast.size(); ++i) {
    const ValueId id = unchecked_[i];
    unchecked_lanes_[id] = ir::Type::Void;
    if (fast[i] == nullptr) continue;
    auto* result = b_.CreatePHI(fast[i]->getType(), 2);
    result->addIncoming(fast[i], fast_end);
    result->addIncoming(values_[id], exact_end);
    values_[id] = result;
  }
  unchecked_.clear();
}

}  // namespace ferry::backend::llvm_tier
