#include "frontend/arm64/branch.h"

namespace ferry::arm64 {

bool BranchHandlers::B_cond(uint32_t, uint32_t cond) {
  const GuestAddr target = direct_target(word_, pc_);
  if (cond >= static_cast<uint32_t>(Cond::Al)) return jump(target);
  return branch_if(condition(cond), target);
}

bool BranchHandlers::BC_cond(uint32_t imm, uint32_t cond) { return B_cond(imm, cond); }

bool BranchHandlers::B_uncond(uint32_t) { return jump(direct_target(word_, pc_)); }

bool BranchHandlers::BL(uint32_t) { return call_direct(direct_target(word_, pc_)); }

bool BranchHandlers::CBZ(uint32_t sf, uint32_t, uint32_t t) {
  return branch_if(b_.icmp(IntCond::Eq, r(sf, t), konst(sf, 0)), direct_target(word_, pc_));
}

bool BranchHandlers::CBNZ(uint32_t sf, uint32_t, uint32_t t) {
  return branch_if(b_.icmp(IntCond::Ne, r(sf, t), konst(sf, 0)), direct_target(word_, pc_));
}

BranchHandlers::Value BranchHandlers::register_bit(uint32_t t, uint32_t bit) {
  return b_.and_(x(t), b_.i64(uint64_t{1} << bit));
}

bool BranchHandlers::TBZ(uint32_t bit, uint32_t, uint32_t t) {
  return branch_if(b_.icmp(IntCond::Eq, register_bit(t, bit), b_.i64(0)), direct_target(word_, pc_));
}

bool BranchHandlers::TBNZ(uint32_t bit, uint32_t, uint32_t t) {
  return branch_if(b_.icmp(IntCond::Ne, register_bit(t, bit), b_.i64(0)), direct_target(word_, pc_));
}

BranchHandlers::Value BranchHandlers::typed_target(Value target, BranchType type) {
  const Value misaligned = b_.icmp(IntCond::Ne, b_.and_(target, b_.i64(kBranchTypeMask)), b_.i64(0));
  return b_.or_(target, b_.select(misaligned, b_.i64(kMisalignedTarget), b_.i64(type)));
}

bool BranchHandlers::branch_to(uint32_t n, Value target) {
  if (!guards_branches()) return jump_indirect(target);
  const bool by_x16 = n == 16 || n == 17;
  return jump_indirect(typed_target(target, by_x16 || !in_guarded_page() ? kBranchByX16 : kBranchJump));
}

bool BranchHandlers::call_to(Value target) {
  return call_indirect(guards_branches() ? typed_target(target, kBranchCall) : target);
}

bool BranchHandlers::BR(uint32_t n) { return guards_branches() ? branch_to(n, x(n)) : jump_by(n); }

bool BranchHandlers::BLR(uint32_t n) { return guards_branches() ? call_to(x(n)) : call_by(n); }

bool BranchHandlers::RET(uint32_t n) { return ret_by(n); }

bool BranchHandlers::UDF(uint32_t) { return illegal(); }

bool BranchHandlers::SVC(uint32_t) { return system_call(); }

bool BranchHandlers::BRK(uint32_t) { return trap(ir::TrapKind::Breakpoint, pc_); }

}  // namespace ferry::arm64
