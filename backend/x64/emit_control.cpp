#include "backend/x64/emitter.h"

// Ends of blocks: branches inside the function, exits to other code, to the engine and to the embedder.
namespace ferry::backend::x64 {

using namespace Xbyak::util;

namespace {

/// Offset from the state register of the code of the jump cache's first line.
constexpr int kCachedCode = FERRY_AREA_OFFSET(jump_cache) + static_cast<int>(offsetof(JumpCacheEntry, code));

}  // namespace

void Emitter::on_at(const Inst& in, ValueId) { current_pc_ = GuestAddr{in.imm}; }

void Emitter::store_pc(GuestAddr pc, int temp) {
  const auto low = static_cast<int32_t>(pc.value);
  if (static_cast<uint64_t>(int64_t{low}) == pc.value) {
    as_.op_state(0xc7, 64, 0, pc_offset_);
    return as_.put32(static_cast<uint32_t>(low));
  }
  as_.move_constant(temp, pc.value);
  as_.store_state(pc_offset_, temp, 64);
}

void Emitter::exit_with(ExitKind kind) {
  as_.set_state32(FERRY_AREA_OFFSET(exit_kind), static_cast<uint32_t>(kind));
  as_.jump_state(FERRY_AREA_OFFSET(stubs.exit));
}

void Emitter::compare_interrupt() {
  as_.op_state(0x83, 32, static_cast<int>(Alu::Cmp), FERRY_AREA_OFFSET(interrupt));
  as_.put8(0);
}

void Emitter::poll(GuestAddr resume) {
  compare_interrupt();
  Cold& c = cold(Cold::Poll);
  c.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  c.pc = resume.value;
}

// ---- inside the function

/// Whether the way to `to` looks for interrupts: where it may close a loop. A block that only leaves looks
/// itself.
bool Emitter::polls(ir::BlockId to) const {
  const ir::Block& block = fn_->blocks[to];
  return ir::is_safe_point(fn_->blocks[block_], block) && fn_->insts[block.begin].op != ir::Op::goto_pc;
}

void Emitter::jump_to_block(ir::BlockId to, ir::BlockId next) {
  if (polls(to)) poll(fn_->blocks[to].pc);
  if (to != next) block_jumps_.push_back({as_.jump_later(), to});
}

void Emitter::jump_to_block_if(HostCond cond, ir::BlockId to) {
  block_jumps_.push_back({as_.jump_later(static_cast<uint8_t>(cond)), to});
}

void Emitter::on_br(const Inst& in, ValueId) { jump_to_block(static_cast<ir::BlockId>(in.imm), block_ + 1); }

void Emitter::on_br_if(const Inst& in, ValueId) {
  const auto if_true = static_cast<ir::BlockId>(in.imm);
  const auto if_false = static_cast<ir::BlockId>(in.imm2);
  const HostCond cond = condition(in.args[0]);
  if (polls(if_true)) {
    const uint32_t skip = as_.jump_later(static_cast<uint8_t>(opposite(cond)));
    // Never by falling through, even into the next block: the other way's jump lies between.
    poll(fn_->blocks[if_true].pc);
    block_jumps_.push_back({as_.jump_later(), if_true});
    as_.bind(skip);
    jump_to_block(if_false, block_ + 1);
  } else if (if_true == block_ + 1 && !polls(if_false)) {
    jump_to_block_if(opposite(cond), if_false);
  } else {
    jump_to_block_if(cond, if_true);
    jump_to_block(if_false, block_ + 1);
  }
}

// ---- to other code

uint32_t Emitter::new_slot(GuestAddr pc) {
  slots_.push_back({.pc = pc, .resolver = 0, .counted = false});
  return static_cast<uint32_t>(slots_.size() - 1);
}

void Emitter::fix(uint32_t slot, ImageFixup::Target target, uint8_t trailing) {
  const auto addend = static_cast<int8_t>(-4 - trailing);
  fixups_.push_back({as_.offset() - trailing - 4, static_cast<uint16_t>(slot), addend, target});
}

void Emitter::count_edge(uint32_t slot) {
  if (!hot_counters()) return;
  slots_[slot].counted = true;
  as_.sub(qword[rip], 1);
  fix(slot, ImageFixup::Target::Counter, 1);
  Cold& c = cold(Cold::Hot);
  c.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::E));
  c.slot = slot;
}

void Emitter::jump_slot(uint32_t slot) {
  as_.put8(0xff);  // jmp [rip + slot]
  as_.put8(0x25);
  as_.put32(0);
  fix(slot);
}

void Emitter::on_goto_pc(const Inst& in, ValueId) {
  const GuestAddr target{in.imm};
  const uint32_t slot = new_slot(target);
  if (goes_back(target)) {
    poll(target);
    count_edge(slot);
  }
  jump_slot(slot);
}

void Emitter::push_return(GuestAddr back) {
  as_.op_state(0x3b, 64, 4, FERRY_AREA_OFFSET(return_stack_limit));  // cmp rsp, [..]
  Cold& c = cold(Cold::ResetReturns);
  c.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::B));
  c.back = as_.offset();
  const auto low = static_cast<int32_t>(back.value);
  if (static_cast<uint64_t>(int64_t{low}) == back.value) {
    as_.push(static_cast<uint32_t>(low));
  } else {
    as_.move_constant(kRcx, back.value);
    as_.push(rcx);
  }
}

void Emitter::on_call_pc(const Inst& in, ValueId) {
  const GuestAddr target{in.imm};
  const GuestAddr back{in.imm2};
  const uint32_t slot = new_slot(target);
  if (goes_back(target)) poll(target);
  if (!options_.return_stack) {
    count_edge(slot);
    return jump_slot(slot);
  }
  push_return(back);
  const size_t cold_index = cold_.size();
  count_edge(slot);
  as_.put8(0xff);  // call [rip + slot]
  as_.put8(0x15);
  as_.put32(0);
  fix(slot);
  if (cold_.size() > cold_index) cold_[cold_index].back = as_.offset();
  as_.op_imm(static_cast<int>(Alu::Add), 64, kRsp, 8);
  jump_slot(new_slot(back));
}

void Emitter::on_call_indirect(const Inst& in, ValueId) {
  if (!options_.return_stack) return leave_indirect(in.args[0]);
  const GuestAddr back{in.imm2};
  const int target = gp(in.args[0]);
  if (target != kRax) as_.move(kRax, target, 64);
  profile_branch();
  push_return(back);
  if (options_.jump_cache) {
    const size_t miss = cold_.size();
    look_up_rax(Cold::IndirectCall);
    as_.call(qword[r12 + rcx + kCachedCode]);
    cold_[miss].back = as_.offset();
  } else {
    as_.call(as_.area(FERRY_AREA_OFFSET(stubs.indirect_miss)));
  }
  as_.op_imm(static_cast<int>(Alu::Add), 64, kRsp, 8);
  jump_slot(new_slot(back));
}

void Emitter::on_goto_indirect(const Inst& in, ValueId) {
  const int target = gp(in.args[0]);
  if (target != kRax) as_.move(kRax, target, 64);
  profile_branch();
  leave_by_rax();
}

/// Writes rax, where the branch leads, for the optimizer to read.
void Emitter::profile_branch() {
  if (!hot_counters() || profiled_) return;
  profiled_ = current_pc_;
  as_.mov(qword[rip], rax);
  fix(0, ImageFixup::Target::Profile);
}

void Emitter::look_up_rax(Cold::Kind miss) {
  Cold& c = cold(miss);
  compare_interrupt();
  c.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  as_.jump_cache_index(ecx, rax);
  as_.cmp(ptr[r12 + rcx + FERRY_AREA_OFFSET(jump_cache)], rax);
  c.jumps[1] = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
}

void Emitter::leave_indirect(ValueId v) {
  const int target = gp(v);
  if (target != kRax) as_.move(kRax, target, 64);
  leave_by_rax();
}

void Emitter::leave_by_rax() {
  if (!options_.jump_cache) return as_.jump_state(FERRY_AREA_OFFSET(stubs.indirect_miss));
  look_up_rax(Cold::Indirect);
  as_.jmp(qword[r12 + rcx + kCachedCode]);
}

void Emitter::on_ret(const Inst& in, ValueId) {
  if (!options_.return_stack) return leave_indirect(in.args[0]);
  // In rax also on a match: what lies at the bottom of the return stack continues in Stubs::indirect_miss.
  const int target = gp(in.args[0]);
  if (target != kRax) as_.mov(rax, Xbyak::Reg64(target));
  as_.cmp(ptr[rsp + 8], rax);
  Cold& c = cold(Cold::Return);
  c.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  as_.ret();
}

void Emitter::on_trap(const Inst& in, ValueId) {
  store_pc(GuestAddr{in.imm2}, kRax);
  as_.mov(as_.area(FERRY_AREA_OFFSET(exit_value)), in.imm);
  exit_with(ExitKind::Trap);
}

}  // namespace ferry::backend::x64
