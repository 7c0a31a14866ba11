// Guest registers, and leaving the region with them in their places.
#include <llvm/IR/MDBuilder.h>

#include "backend/llvm/lower.h"
#include "backend/runtime/context.h"

namespace ferry::backend::llvm_tier {

using ir::RegId;
using ir::Type;

llvm::Type* Lowering::storage_type(RegId reg) const { return type_of(source_.layout->regs[reg].type); }

llvm::Value* Lowering::state_pointer(int64_t offset) {
  return b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), state_, static_cast<uint64_t>(offset));
}

// One-bit registers take a byte in the state.
llvm::Value* Lowering::load_home(RegId reg) {
  const ir::StateReg& row = source_.layout->regs[reg];
  Value* pointer = state_pointer(row.offset);
  if (row.type == Type::I1) return b_.CreateTrunc(b_.CreateLoad(b_.getInt8Ty(), pointer), b_.getInt1Ty());
  return b_.CreateAlignedLoad(storage_type(reg), pointer, llvm::Align(ir::bytes(row.type)));
}

void Lowering::store_home(RegId reg, bool is_volatile) {
  const ir::StateReg& row = source_.layout->regs[reg];
  Value* value = b_.CreateLoad(storage_type(reg), variables_[reg]);
  if (row.type == Type::I1) value = b_.CreateZExt(value, b_.getInt8Ty());
  b_.CreateAlignedStore(value, state_pointer(row.offset), llvm::Align(ir::bytes(row.type)), is_volatile);
}

void Lowering::store_all_dirty(bool include_pins, bool is_volatile) {
  const auto& regs = source_.layout->regs;
  for (RegId reg = 0; reg < regs.size(); ++reg) {
    if (variables_[reg] == nullptr || !dirty_[reg]) continue;
    if (regs[reg].pin != ir::kNoPin && !include_pins) continue;
    store_home(reg, is_volatile);
  }
}

void Lowering::reload_loaded() {
  for (RegId reg = 0; reg < variables_.size(); ++reg) {
    if (variables_[reg] != nullptr && loaded_[reg]) b_.CreateStore(load_home(reg), variables_[reg]);
  }
}

void Lowering::ensure_loaded(RegId reg) {
  if (loaded_[reg]) return;
  b_.CreateStore(load_home(reg), variables_[reg]);
  loaded_[reg] = true;
}

void Lowering::store_pc(GuestAddr pc) {
  const ir::StateReg& row = source_.layout->regs[source_.layout->pc];
  b_.CreateStore(b_.getInt64(pc.value), state_pointer(row.offset), /*isVolatile=*/true);
}

uint32_t Lowering::new_slot(GuestAddr pc) {
  plan_.exits.push_back({pc});
  return static_cast<uint32_t>(plan_.exits.size() - 1);
}

llvm::Value* Lowering::slot_target(uint32_t slot) {
  Value* pointer = b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), slots_, uint64_t{slot} * sizeof(LinkSlot));
  auto* load = b_.CreateAlignedLoad(b_.getPtrTy(), pointer, llvm::Align(8));
  load->setAtomic(llvm::AtomicOrdering::Monotonic);
  return load;
}

// Tail-calls `target` with the pins in their registers; unpinned registers must be home already.
void Lowering::leave_through(Value* target, Value* rax) {
  auto* call = b_.CreateCall(convention_, target, convention_arguments(rax));
  call->setCallingConv(llvm::CallingConv::PreserveNone);
  call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  b_.CreateRetVoid();
}

void Lowering::leave_by_stub(int32_t stub_offset, Value* rax) {
  leave_through(b_.CreateLoad(b_.getPtrTy(), state_pointer(stub_offset)), rax);
}

void Lowering::store_area(int32_t offset, Value* value) { b_.CreateStore(value, state_pointer(offset)); }

void Lowering::leave_with(uint32_t exit_kind, uint64_t exit_value, GuestAddr resume) {
  store_all_dirty(/*include_pins=*/false);
  const ir::StateReg& pc = source_.layout->regs[source_.layout->pc];
  b_.CreateStore(b_.getInt64(resume.value), state_pointer(pc.offset));
  store_area(FERRY_AREA_OFFSET(exit_kind), b_.getInt32(exit_kind));
  store_area(FERRY_AREA_OFFSET(exit_value), b_.getInt64(exit_value));
  leave_by_stub(FERRY_AREA_OFFSET(stubs.exit), nullptr);
}

llvm::MDNode* Lowering::likely() { return llvm::MDBuilder(context_).createBranchWeights(1u << 20, 1); }

llvm::Value* Lowering::load_interrupt() {
  auto* flag =
      b_.CreateAlignedLoad(b_.getInt32Ty(), state_pointer(FERRY_AREA_OFFSET(interrupt)), llvm::Align(4));
  flag->setAtomic(llvm::AtomicOrdering::Monotonic);
  return flag;
}

// A safe point: leaves for the engine when an interrupt was requested.
void Lowering::poll(GuestAddr resume) {
  auto* leave = llvm::BasicBlock::Create(context_, "interrupted", function_);
  auto* go_on = llvm::BasicBlock::Create(context_, "", function_);
  b_.CreateCondBr(b_.CreateIsNull(load_interrupt()), go_on, leave, likely());
  b_.SetInsertPoint(leave);
  leave_with(static_cast<uint32_t>(ExitKind::Interrupt), 0, resume);
  b_.SetInsertPoint(go_on);
}

llvm::Value* Lowering::get_reg(const Inst& inst) {
  const auto reg = static_cast<RegId>(inst.imm);
  ensure_loaded(reg);
  Value* value = b_.CreateLoad(storage_type(reg), variables_[reg]);
  return ir::is_vector(inst.type) ? as(value, inst.type) : value;
}

llvm::Value* Lowering::set_reg(const Inst& inst) {
  const auto reg = static_cast<RegId>(inst.imm);
  Value* value = arg(inst, 0);
  if (value->getType() != storage_type(reg)) value = b_.CreateBitCast(value, storage_type(reg));
  b_.CreateStore(value, variables_[reg]);
  dirty_[reg] = true;
  loaded_[reg] = true;
  return nullptr;
}

llvm::Value* Lowering::at(const Inst& inst) {
  current_pc_ = {inst.imm};
  return nullptr;
}

// Where a branch of the current block to `to` goes: the block itself, or one on the way that polls and reads
// what is expected there and was not needed here.
llvm::BasicBlock* Lowering::edge_to(ir::BlockId to) {
  const auto here = static_cast<ir::BlockId>(block_ - source_.blocks.data());
  const bool polls = ir::is_safe_point(*block_, source_.blocks[to]);
  std::vector<RegId> missing;
  for (RegId reg = 0; reg < variables_.size(); ++reg) {
    if (variables_[reg] != nullptr && loaded_in_[to][reg] && !loaded_[reg]) missing.push_back(reg);
  }
  const bool stores = entered_loop(here, to) != nullptr;
  if (!polls && !stores && missing.empty()) return blocks_[to];
  auto* edge = llvm::BasicBlock::Create(context_, "edge", function_);
  llvm::IRBuilder<>::InsertPointGuard guard(b_);
  b_.SetInsertPoint(edge);
  if (polls) poll(source_.blocks[to].pc);
  if (stores) store_on_way(here, to);
  for (const RegId reg : missing) b_.CreateStore(load_home(reg), variables_[reg]);
  b_.CreateBr(blocks_[to]);
  return edge;
}

llvm::Value* Lowering::br(const Inst& inst) {
  b_.CreateBr(edge_to(static_cast<ir::BlockId>(inst.imm)));
  return nullptr;
}

llvm::Value* Lowering::br_if(const Inst& inst) {
  Value* condition = arg(inst, 0);
  auto* if_true = edge_to(static_cast<ir::BlockId>(inst.imm));
  b_.CreateCondBr(condition, if_true, edge_to(static_cast<ir::BlockId>(inst.imm2)));
  return nullptr;
}

llvm::Value* Lowering::goto_pc(const Inst& inst) {
  const GuestAddr to{inst.imm};
  if (to <= current_pc_) poll(to);
  store_all_dirty(/*include_pins=*/false);
  leave_through(slot_target(new_slot(to)), nullptr);
  return nullptr;
}

// The jump cache is looked up here, so that each branch has a host branch of its own, which the host predicts
// by itself. The stub finds out again why there was no hit.
llvm::Value* Lowering::goto_indirect(const Inst& inst) {
  store_all_dirty(/*include_pins=*/false);
  Value* target = arg(inst, 0);
  if (options_.jump_cache) {
    Value* hash = b_.CreateMul(b_.CreateTrunc(target, b_.getInt32Ty()), b_.getInt32(kJumpCacheFactor));
    Value* index = b_.CreateZExt(b_.CreateLShr(hash, 32 - kJumpCacheBits), b_.getInt64Ty());
    Value* line = b_.CreateGEP(b_.getInt8Ty(), state_pointer(FERRY_AREA_OFFSET(jump_cache)),
                               b_.CreateMul(index, b_.getInt64(sizeof(JumpCacheEntry))));
    Value* known = b_.CreateAlignedLoad(b_.getInt64Ty(), line, llvm::Align(8), /*isVolatile=*/true);
    Value* quiet = b_.CreateIsNull(load_interrupt());
    auto* hit = llvm::BasicBlock::Create(context_, "hit", function_);
    auto* miss = llvm::BasicBlock::Create(context_, "miss", function_);
    b_.CreateCondBr(b_.CreateAnd(quiet, b_.CreateICmpEQ(known, target)), hit, miss, likely());
    b_.SetInsertPoint(hit);
    Value* code = b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), line, offsetof(JumpCacheEntry, code));
    auto* load = b_.CreateAlignedLoad(b_.getPtrTy(), code, llvm::Align(8));
    load->setAtomic(llvm::AtomicOrdering::Monotonic);
    leave_through(load, target);
    b_.SetInsertPoint(miss);
  }
  leave_by_stub(FERRY_AREA_OFFSET(stubs.indirect), target);
  return nullptr;
}

// A guest call: a thunk beside the slots pushes the return address and makes the host call (ADR 4).
void Lowering::leave_by_call(uint32_t target_slot, GuestAddr back, Value* rax) {
  const auto site = static_cast<uint32_t>(plan_.calls.size());
  plan_.calls.push_back({target_slot, new_slot(back), back});
  auto* thunk =
      llvm::Function::Create(convention_, llvm::Function::ExternalLinkage, thunk_name(site), module_);
  thunk->setCallingConv(llvm::CallingConv::PreserveNone);
  thunk->setDSOLocal(true);
  leave_through(thunk, rax);
}

llvm::Value* Lowering::call_pc(const Inst& inst) {
  const GuestAddr to{inst.imm};
  if (!options_.return_stack) return goto_pc(inst);
  if (to <= current_pc_) poll(to);
  store_all_dirty(/*include_pins=*/false);
  leave_by_call(new_slot(to), {inst.imm2}, nullptr);
  return nullptr;
}

llvm::Value* Lowering::call_indirect(const Inst& inst) {
  if (!options_.return_stack) return goto_indirect(inst);
  store_all_dirty(/*include_pins=*/false);
  leave_by_call(kIndirectCall, {inst.imm2}, arg(inst, 0));
  return nullptr;
}

llvm::Value* Lowering::ret(const Inst& inst) {
  store_all_dirty(/*include_pins=*/false);
  leave_by_stub(options_.return_stack ? FERRY_AREA_OFFSET(stubs.ret) : FERRY_AREA_OFFSET(stubs.indirect),
                arg(inst, 0));
  return nullptr;
}

llvm::Value* Lowering::trap(const Inst& inst) {
  leave_with(static_cast<uint32_t>(ExitKind::Trap), inst.imm, {inst.imm2});
  return nullptr;
}

}  // namespace ferry::backend::llvm_tier
