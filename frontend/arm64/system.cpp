#include "frontend/arm64/system.h"

#include "frontend/arm64/arch.h"
#include "frontend/arm64/cpu_features.h"

namespace ferry::arm64 {

// ---- hints. Waiting for an event or an interrupt may end at any time, so at once (Arm ARM C6.2, WFE, WFI).

bool SystemHandlers::HINT(uint32_t, uint32_t) { return true; }
bool SystemHandlers::NOP() { return true; }
bool SystemHandlers::YIELD() { return true; }
bool SystemHandlers::WFE() { return true; }
bool SystemHandlers::WFI() { return true; }
bool SystemHandlers::SEV() { return true; }
bool SystemHandlers::SEVL() { return true; }
bool SystemHandlers::CSDB() { return true; }
bool SystemHandlers::BTI(uint32_t) { return true; }  // who branches here was checked: see branch_type.h
bool SystemHandlers::DGH() { return true; }
bool SystemHandlers::CHKFEAT() { return true; }  // X16 keeps the bits of features that are not enabled: all
bool SystemHandlers::WFET(uint32_t) { return true; }
bool SystemHandlers::WFIT(uint32_t) { return true; }

// ---- barriers

bool SystemHandlers::CLREX(uint32_t) {
  b_.set_reg(EXCLUSIVE_ADDRESS, b_.i64(kNoExclusive));
  return true;
}

bool SystemHandlers::DMB(uint32_t crm) {
  // CRm<1:0>: 01 loads before it, 10 stores, 11 (and reserved 00) all; the shareability domain makes no
  // difference.
  const uint32_t kind = crm & 3;
  const ir::FenceKind fence = kind == 1   ? ir::FenceKind::Load
                              : kind == 2 ? ir::FenceKind::Store
                                          : ir::FenceKind::Full;
  b_.emit(Op::fence, Type::Void, {}, static_cast<uint64_t>(fence));
  return true;
}

bool SystemHandlers::DSB(uint32_t crm) { return DMB(crm); }
bool SystemHandlers::DSB_nXS(uint32_t) { return DMB(3); }  // nXS accesses are device memory's

// Another thread may have changed the code that follows, or what it leads to, and said so (Arm ARM B2.2.5).
bool SystemHandlers::ISB(uint32_t) { return leave_for_next(); }
bool SystemHandlers::SB() { return true; }

// ---- PSTATE. Host code has no speculation to bypass stores by that a guest could ask to end, nor timing
// that depends less on data in another mode: DIT and SSBS are bits to write and read. TCO is looked at where
// tags are checked.

bool SystemHandlers::write_pstate(uint32_t mask, Value bits) {
  const Value kept = b_.and_(b_.get_reg(PSTATE, Type::I32), b_.i32(~mask));
  b_.set_reg(PSTATE, b_.or_(kept, b_.and_(bits, b_.i32(mask))));
  return true;
}

bool SystemHandlers::read_pstate(uint32_t mask, uint32_t t) {
  set_r(t, b_.and_(b_.get_reg(PSTATE, Type::I32), b_.i32(mask)));
  return true;
}

bool SystemHandlers::MSR_imm(uint32_t op1, uint32_t crm, uint32_t op2) {
  const auto write = [&](uint32_t mask) { return write_pstate(mask, b_.i32((crm & 1) != 0 ? mask : 0)); };
  switch (op1 << 3 | op2) {
    case 3 << 3 | 1:
      return cpu_.has(Feature::SSBS) ? write(State::kPstateSsbs) : illegal();
    case 3 << 3 | 2:
      return cpu_.has(Feature::DIT) ? write(State::kPstateDit) : illegal();
    case 3 << 3 | 4:
      return cpu_.has(Feature::MTE) ? write(State::kPstateTco) : illegal();
    default:
      return illegal();  // the fields of EL1
  }
}

bool SystemHandlers::CFINV() {
  set_flags_packed(b_.xor_(b_.trunc(Type::I32, packed_flags()), b_.i32(uint32_t{1} << 29)));
  return true;
}

bool SystemHandlers::XAFLAG() {
  // N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z (Arm ARM, XAFLAG).
  const Value z = b_.zext(Type::I32, flag_z());
  const Value c = b_.zext(Type::I32, flag_c());
  const Value n_bit = b_.xor_(b_.or_(c, z), b_.i32(1));
  const Value nz = b_.or_(b_.shl(n_bit, b_.i32(31)), b_.shl(b_.and_(z, c), b_.i32(30)));
  const Value cv = b_.or_(b_.shl(b_.or_(c, z), b_.i32(29)), b_.shl(b_.andn(z, c), b_.i32(28)));
  set_flags_packed(b_.or_(nz, cv));
  return true;
}

bool SystemHandlers::AXFLAG() {
  // Z = Z | V, C = C & !V, N = V = 0 (Arm ARM, AXFLAG).
  const Value z = b_.zext(Type::I32, flag_z());
  const Value c = b_.zext(Type::I32, flag_c());
  const Value v_bit = b_.zext(Type::I32, flag_v());
  set_flags_packed(b_.or_(b_.shl(b_.or_(z, v_bit), b_.i32(30)), b_.shl(b_.andn(c, v_bit), b_.i32(29))));
  return true;
}

// ---- cache maintenance

namespace {

/// The `operation` field of SYS.
constexpr uint32_t sys(uint32_t op1, uint32_t crn, uint32_t crm, uint32_t op2) {
  return op1 << 11 | crn << 7 | crm << 3 | op2;
}

/// CTR_EL0: 64-byte lines in both caches, PIPT; IDC = DIC = 0, so that programs announce new code with IC
/// IVAU.
constexpr uint64_t kCtr = 0x8444c004;
/// DCZID_EL0: DC ZVA works on 2^4 words.
constexpr uint64_t kDczid = 4;
constexpr unsigned kLineBytes = 64;
constexpr uint64_t kCounterFrequency = 1'000'000'000;

constexpr uint32_t kNzcvReg = system_register(3, 3, 4, 2, 0);
constexpr uint32_t kFpcrReg = system_register(3, 3, 4, 4, 0);
constexpr uint32_t kFpsrReg = system_register(3, 3, 4, 4, 1);
constexpr uint32_t kDitReg = system_register(3, 3, 4, 2, 5);
constexpr uint32_t kSsbsReg = system_register(3, 3, 4, 2, 6);
constexpr uint32_t kTcoReg = system_register(3, 3, 4, 2, 7);
constexpr uint32_t kTpidrReg = system_register(3, 3, 13, 0, 2);

}  // namespace

bool SystemHandlers::zero_line(uint32_t t) {
  const Value line = check_tags(b_.and_(x(t), b_.i64(~uint64_t{kLineBytes - 1})), kLineBytes, true);
  const Value zero = b_.konst(Type::V16I8, 0, 0);
  for (int32_t offset = 0; offset < static_cast<int32_t>(kLineBytes); offset += 16) {
    store({.base = line, .disp = offset}, zero, {.bytes = 16});
  }
  return true;
}

/// After it the line may be accessed by the same pointer: nothing is left to check.
bool SystemHandlers::tag_line(uint32_t t) {
  call(Helper::store_tags, {b_.and_(x(t), b_.i64(~uint64_t{kLineBytes - 1})), x(t), b_.i32(kLineBytes)});
  return true;
}

/// Cache maintenance of tags, alone or with data; what DC CVA... are for data.
bool SystemHandlers::maintain_tag_caches(uint32_t operation) {
  constexpr uint32_t kTags = 3;
  constexpr uint32_t kTagsAndData = 5;
  for (const uint32_t op2 : {kTags, kTagsAndData}) {
    for (const uint32_t point : {10u, 12u, 13u, 14u}) {
      if (operation == sys(3, 7, point, op2)) return cpu_.has(Feature::MTE) || illegal();
    }
  }
  return illegal();
}

bool SystemHandlers::SYS(uint32_t operation, uint32_t t) {
  switch (operation) {
    case sys(3, 7, 4, 1):
      return zero_line(t);  // DC ZVA
    case sys(3, 7, 4, 3):   // DC GVA
      return cpu_.has(Feature::MTE) ? tag_line(t) : illegal();
    case sys(3, 7, 4, 4):  // DC GZVA
      return cpu_.has(Feature::MTE) ? tag_line(t) && zero_line(t) : illegal();
    case sys(3, 7, 10, 1):  // DC CVAC, CVAU, CIVAC: host caches are coherent
    case sys(3, 7, 11, 1):
    case sys(3, 7, 14, 1):
      return true;
    case sys(3, 7, 12, 1):  // DC CVAP
      return cpu_.has(Feature::DPB) || illegal();
    case sys(3, 7, 13, 1):  // DC CVADP
      return cpu_.has(Feature::DPB2) || illegal();
    case sys(3, 7, 5, 1):  // IC IVAU
      b_.set_reg(TRAP_ARG, b_.and_(x(t), b_.i64(Arch::kAddressMask & ~uint64_t{kLineBytes - 1})));
      return trap(ir::TrapKind::InvalidateCode, next_pc());
    default:
      return maintain_tag_caches(operation);
  }
}

// ---- system registers

bool SystemHandlers::read_random(uint32_t t) {
  // NZCV is 0000, or 0100 if there is no number (Arm ARM D24.2.146, RNDR): then Xt is 0.
  const Value number = call(Helper::random_number, {});
  const Value none = b_.icmp(ir::IntCond::Eq, number, b_.i64(0));
  set_r(t, number);
  set_flags_packed(b_.shl(b_.zext(Type::I32, none), b_.i32(30)));
  return true;
}

bool SystemHandlers::read_register_of_feature(uint32_t reg, uint32_t t) {
  switch (reg) {
    case system_register(3, 3, 14, 0, 5):  // CNTPCTSS_EL0
    case system_register(3, 3, 14, 0, 6):  // CNTVCTSS_EL0
      if (!cpu_.has(Feature::ECV)) return illegal();
      set_r(t, call(Helper::counter_nanoseconds, {}));
      return true;
    case system_register(3, 3, 2, 4, 0):  // RNDR
    case system_register(3, 3, 2, 4, 1):  // RNDRRS
      return cpu_.has(Feature::RNG) ? read_random(t) : illegal();
    case kDitReg:
      return cpu_.has(Feature::DIT) ? read_pstate(State::kPstateDit, t) : illegal();
    case kSsbsReg:
      return cpu_.has(Feature::SSBS) ? read_pstate(State::kPstateSsbs, t) : illegal();
    case kTcoReg:
      return cpu_.has(Feature::MTE) ? read_pstate(State::kPstateTco, t) : illegal();
    default:
      return illegal();
  }
}

// Who has looked at FPSR once may look again: what follows is of another mode.
bool SystemHandlers::watch_fpsr() {
  return (b_.function().mode & kModeExactUnderflow) != 0 || trap(ir::TrapKind::Yield, next_pc());
}

bool SystemHandlers::MRS(uint32_t reg, uint32_t t) {
  switch (reg) {
    case kNzcvReg:
      set_r(t, packed_flags());
      return true;
    case kFpcrReg:
      set_r(t, b_.get_reg(FPCR, Type::I32));
      return true;
    case kFpsrReg:
      settle_fp_exceptions();
      set_r(t, call(Helper::get_fpsr, {}));
      return watch_fpsr();
    case kTpidrReg:
      set_r(t, b_.get_reg(TPIDR_EL0, Type::I64));
      return true;
    case system_register(3, 3, 13, 0, 3):
      set_r(t, b_.i64(0));
      return true;  // TPIDRRO_EL0
    case system_register(3, 3, 0, 0, 1):
      set_r(t, b_.i64(kCtr));
      return true;  // CTR_EL0
    case system_register(3, 3, 0, 0, 7):
      set_r(t, b_.i64(kDczid));
      return true;  // DCZID_EL0
    case system_register(3, 3, 14, 0, 0):
      set_r(t, b_.i64(kCounterFrequency));
      return true;                         // CNTFRQ_EL0
    case system_register(3, 3, 14, 0, 1):  // CNTPCT_EL0
    case system_register(3, 3, 14, 0, 2):  // CNTVCT_EL0
      set_r(t, call(Helper::counter_nanoseconds, {}));
      return true;
    default:
      break;
  }
  if (!is_id_register(reg)) return read_register_of_feature(reg, t);
  set_r(t, b_.i64(cpu_.id_register(reg)));
  return true;
}

bool SystemHandlers::MSR_reg(uint32_t reg, uint32_t t) {
  switch (reg) {
    case kNzcvReg:
      set_flags_packed(w(t));
      return true;
    case kFpsrReg:
      finish_flags();
      call(Helper::set_fpsr, {w(t)});
      return watch_fpsr();
    case kFpcrReg:  // what follows may need another translation: the mode is part of the block's key
      finish_flags();
      call(Helper::set_fpcr, {w(t)});
      return trap(ir::TrapKind::Yield, next_pc());
    case kTpidrReg:
      b_.set_reg(TPIDR_EL0, x(t));
      return true;
    case kDitReg:
      return cpu_.has(Feature::DIT) ? write_pstate(State::kPstateDit, w(t)) : illegal();
    case kSsbsReg:
      return cpu_.has(Feature::SSBS) ? write_pstate(State::kPstateSsbs, w(t)) : illegal();
    case kTcoReg:
      return cpu_.has(Feature::MTE) ? write_pstate(State::kPstateTco, w(t)) : illegal();
    default:
      return illegal();
  }
}

}  // namespace ferry::arm64
