// Guest memory, atomics and calls of helpers.
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/Transforms/Utils/LowerAtomic.h>

#include "backend/llvm/lower.h"
#include "backend/runtime/context.h"

namespace ferry::backend::llvm_tier {

using ir::MemAccess;
using ir::Type;

// base + (index << scale) + disp, identity-mapped (ADR 7).
llvm::Value* Lowering::address(const Inst& inst, const MemAccess& access) {
  Value* sum = arg(inst, 0);
  const bool has_index = inst.op == ir::Op::load || inst.op == ir::Op::store;
  if (has_index && inst.args[1] != ir::kNoValue) {
    Value* index = arg(inst, 1);
    sum = b_.CreateAdd(sum, access.scale != 0 ? b_.CreateShl(index, access.scale) : index);
  }
  if (access.disp != 0) sum = b_.CreateAdd(sum, b_.getInt64(static_cast<uint64_t>(int64_t{access.disp})));
  return b_.CreateIntToPtr(sum, b_.getPtrTy());
}

llvm::Value* Lowering::load(const Inst& inst) {
  const MemAccess access = inst.mem();
  const bool vector = ir::in_vector_register(inst.type);
  Type memory_type = inst.type;
  if (!vector || access.bytes != ir::bytes(inst.type)) memory_type = ir::int_type(8u * access.bytes);
  const bool as_it_is = source_.precise || access.whole;
  Value* pointer = address(inst, access);
  note_places();
  auto* load = b_.CreateAlignedLoad(type_of(memory_type), pointer, llvm::Align(1), as_it_is);
  if (access.ordered) b_.CreateFence(llvm::AtomicOrdering::Acquire);
  if (memory_type == inst.type) return load;
  if (!vector) {
    return access.sign_extend ? b_.CreateSExtOrTrunc(load, type_of(inst.type))
                              : b_.CreateZExtOrTrunc(load, type_of(inst.type));
  }
  Value* lanes = llvm::Constant::getNullValue(type_of(ir::vector_type(8u * access.bytes)));
  return as(b_.CreateInsertElement(lanes, load, uint64_t{0}), inst.type);
}

// An ordered store must not pass a later ordered load: an exchange is the cheapest way to say so on x86.
llvm::Value* Lowering::store(const Inst& inst) {
  const MemAccess access = inst.mem();
  Value* value = arg(inst, 2);
  if (ir::in_vector_register(inst.type)) {
    if (access.bytes != ir::bytes(inst.type)) {
      value = b_.CreateExtractElement(as(value, ir::vector_type(8u * access.bytes)), uint64_t{0});
    }
  } else {
    value = b_.CreateTrunc(value, b_.getIntNTy(8u * access.bytes));
  }
  Value* pointer = address(inst, access);
  note_places();
  if (access.ordered && value->getType()->isIntegerTy()) {
    b_.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, pointer, value, llvm::MaybeAlign(access.bytes),
                       llvm::AtomicOrdering::SequentiallyConsistent);
    return nullptr;
  }
  if (access.ordered) b_.CreateFence(llvm::AtomicOrdering::Release);
  b_.CreateAlignedStore(value, pointer, llvm::Align(1), source_.precise || access.whole);
  if (access.ordered) b_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
  return nullptr;
}

namespace {

llvm::AtomicRMWInst::BinOp rmw_operation(ir::AtomicKind kind) {
  using ir::AtomicKind;
  using Rmw = llvm::AtomicRMWInst;
  switch (kind) {
    case AtomicKind::Swap:
      return Rmw::Xchg;
    case AtomicKind::Add:
      return Rmw::Add;
    case AtomicKind::AndNot:
      return Rmw::And;
    case AtomicKind::Or:
      return Rmw::Or;
    case AtomicKind::Xor:
      return Rmw::Xor;
    case AtomicKind::Smax:
      return Rmw::Max;
    case AtomicKind::Smin:
      return Rmw::Min;
    case AtomicKind::Umax:
      return Rmw::UMax;
    case AtomicKind::Umin:
      return Rmw::UMin;
  }
  return Rmw::BAD_BINOP;
}

/// Whether x86 has no instruction for it that gives the old value.
bool needs_loop(ir::AtomicKind kind) { return kind != ir::AtomicKind::Swap && kind != ir::AtomicKind::Add; }

}  // namespace

// The loop that LLVM would make later, with a stack map for each of its accesses.
llvm::Value* Lowering::exchange_loop(llvm::AtomicRMWInst::BinOp operation, Value* pointer, Value* operand) {
  auto* loop = llvm::BasicBlock::Create(context_, "exchange", function_);
  auto* done = llvm::BasicBlock::Create(context_, "", function_);
  note_places();
  Value* first = b_.CreateAlignedLoad(operand->getType(), pointer, llvm::Align(1), /*isVolatile=*/true);
  keep_places();
  llvm::BasicBlock* before = b_.GetInsertBlock();
  b_.CreateBr(loop);
  b_.SetInsertPoint(loop);
  llvm::PHINode* old = b_.CreatePHI(operand->getType(), 2);
  Value* wanted = llvm::buildAtomicRMWValue(operation, b_, old, operand);
  note_places();
  auto* exchange = b_.CreateAtomicCmpXchg(
      pointer, old, wanted, llvm::MaybeAlign(operand->getType()->getIntegerBitWidth() / 8),
      llvm::AtomicOrdering::SequentiallyConsistent, llvm::AtomicOrdering::SequentiallyConsistent);
  exchange->setVolatile(true);
  keep_places();
  Value* found = b_.CreateExtractValue(exchange, 0);
  old->addIncoming(first, before);
  old->addIncoming(found, loop);
  b_.CreateCondBr(b_.CreateExtractValue(exchange, 1), done, loop);
  b_.SetInsertPoint(done);
  return found;
}

llvm::Value* Lowering::atomic_rmw(const Inst& inst) {
  const MemAccess access = inst.mem();
  const auto kind = static_cast<ir::AtomicKind>(inst.imm2);
  llvm::Type* memory_type = b_.getIntNTy(8u * access.bytes);
  Value* operand = b_.CreateZExtOrTrunc(arg(inst, 1), memory_type);
  if (kind == ir::AtomicKind::AndNot) operand = b_.CreateNot(operand);
  Value* pointer = address(inst, access);
  if (source_.precise && needs_loop(kind))
    return b_.CreateZExtOrTrunc(exchange_loop(rmw_operation(kind), pointer, operand), type_of(inst.type));
  note_places();
  auto* old = b_.CreateAtomicRMW(rmw_operation(kind), pointer, operand, llvm::MaybeAlign(access.bytes),
                                 llvm::AtomicOrdering::SequentiallyConsistent);
  old->setVolatile(source_.precise);
  return b_.CreateZExtOrTrunc(old, type_of(inst.type));
}

llvm::Value* Lowering::cmpxchg(const Inst& inst) {
  const MemAccess access = inst.mem();
  llvm::Type* memory_type = b_.getIntNTy(8u * access.bytes);
  const bool vector = ir::is_vector(inst.type);
  auto to_memory = [&](Value* v) {
    return vector ? b_.CreateBitCast(v, memory_type) : b_.CreateZExtOrTrunc(v, memory_type);
  };
  Value* pointer = address(inst, access);
  Value* expected = to_memory(arg(inst, 1));
  Value* desired = to_memory(arg(inst, 2));
  note_places();
  auto* exchange = b_.CreateAtomicCmpXchg(pointer, expected, desired, llvm::MaybeAlign(access.bytes),
                                          llvm::AtomicOrdering::SequentiallyConsistent,
                                          llvm::AtomicOrdering::SequentiallyConsistent);
  exchange->setVolatile(source_.precise);
  Value* old = b_.CreateExtractValue(exchange, 0);
  return vector ? b_.CreateBitCast(old, type_of(inst.type)) : b_.CreateZExtOrTrunc(old, type_of(inst.type));
}

// On x86 only the full fence needs an instruction; the others keep the compiler from reordering.
llvm::Value* Lowering::fence(const Inst& inst) {
  switch (static_cast<ir::FenceKind>(inst.imm)) {
    case ir::FenceKind::Full:
      b_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
      break;
    case ir::FenceKind::Load:
      b_.CreateFence(llvm::AtomicOrdering::Acquire);
      break;
    case ir::FenceKind::Store:
      b_.CreateFence(llvm::AtomicOrdering::Release);
      break;
  }
  return nullptr;
}

// Out of line: what the engine takes for an alignment fault (ir/support/misaligned.h). The empty assembly
// puts the address in rax; one with text would need LLVM's assembler.
llvm::Value* Lowering::check_aligned(const Inst& inst) {
  Value* at = arg(inst, 0);
  auto* misaligned = llvm::BasicBlock::Create(context_, "misaligned", function_);
  auto* go_on = llvm::BasicBlock::Create(context_, "", function_);
  Value* offset = b_.CreateAnd(at, b_.getInt64(inst.imm2 - 1));
  b_.CreateCondBr(b_.CreateICmpUGT(offset, b_.getInt64(inst.imm2 - inst.imm)), misaligned, go_on, unlikely());
  b_.SetInsertPoint(misaligned);
  if (source_.precise) store_all_for_fault();
  auto* type = llvm::FunctionType::get(b_.getVoidTy(), {b_.getInt64Ty()}, false);
  b_.CreateCall(type, llvm::InlineAsm::get(type, "", "{rax},~{memory}", /*hasSideEffects=*/true), {at});
  b_.CreateIntrinsic(llvm::Intrinsic::trap, {}, {});
  b_.CreateUnreachable();
  b_.SetInsertPoint(go_on);
  return nullptr;
}

llvm::Value* Lowering::call(const Inst& inst) {
  const ir::HelperInfo& helper = source_.helpers[inst.imm];
  const bool sees_state =
      helper.effect == ir::HelperEffect::State || helper.effect == ir::HelperEffect::Memory;
  if (calls_with_memory(inst)) {
    store_all_for_fault();
    dirty_.assign(dirty_.size(), false);
  }
  if (sees_state) store_all_dirty(/*include_pins=*/true);

  std::vector<llvm::Type*> types;
  std::vector<Value*> args;
  if (helper.takes_state) {
    types.push_back(b_.getPtrTy());
    args.push_back(state_);
  }
  const auto operands = source_.operands(inst);
  for (size_t i = 0; i < operands.size(); ++i) {
    const Type type = helper.args[i];
    Value* value = ir::is_vector(type) ? as(values_[operands[i]], Type::V16I8) : values_[operands[i]];
    if (ir::is_int(type)) value = b_.CreateZExt(value, b_.getInt64Ty());
    types.push_back(value->getType());
    args.push_back(value);
  }
  // Integer results come back in the whole of rax's low part; narrow ones are cut to their type here.
  llvm::Type* result = ir::is_vector(helper.result) ? type_of(Type::V16I8)
                       : ir::is_int(helper.result)  ? b_.getInt64Ty()
                                                    : type_of(helper.result);
  Value* function = b_.CreateLoad(
      b_.getPtrTy(),
      state_pointer(FERRY_AREA_OFFSET(helpers) + static_cast<int64_t>(inst.imm * sizeof(void*))));
  auto* call = b_.CreateCall(llvm::FunctionType::get(result, types, false), function, args);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  if (helper.effect == ir::HelperEffect::Pure) call->setDoesNotAccessMemory();
  if (sees_state) reload_loaded();
  if (helper.result == Type::Void) return nullptr;
  if (ir::is_int(helper.result)) return b_.CreateTrunc(call, type_of(helper.result));
  return as(call, helper.result);
}

}  // namespace ferry::backend::llvm_tier
