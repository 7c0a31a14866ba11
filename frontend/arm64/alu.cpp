#include "frontend/arm64/alu.h"

#include "ir/support/bits.h"

// Add, subtract, compare, select, multiply, divide. Bit manipulation and logic are in alu_bits.cpp.

namespace ferry::arm64 {

bool AluHandlers::ADR(uint32_t, uint32_t, uint32_t d) {
  const int64_t offset =
      support::sign_extend(support::extract(word_, 5, 19) << 2 | support::extract(word_, 29, 2), 21);
  set_r(d, b_.i64(pc_.value + static_cast<uint64_t>(offset)));
  return true;
}

bool AluHandlers::ADRP(uint32_t, uint32_t, uint32_t d) {
  const int64_t pages =
      support::sign_extend(support::extract(word_, 5, 19) << 2 | support::extract(word_, 29, 2), 21);
  set_r(d, b_.i64(support::align_down(pc_.value, 4096) + static_cast<uint64_t>(pages * 4096)));
  return true;
}

// ---- add and subtract

bool AluHandlers::add(Flags flags, Value a, Value b, uint32_t d, bool d_may_be_sp) {
  const Value result = b_.add(a, b);
  if (flags == Flags::Set) set_flags_add(a, b, result);
  d_may_be_sp ? set_r_sp(d, result) : set_r(d, result);
  return true;
}

bool AluHandlers::sub(Flags flags, Value a, Value b, uint32_t d, bool d_may_be_sp) {
  const Value result = b_.sub(a, b);
  if (flags == Flags::Set) set_flags_sub(a, b, result);
  d_may_be_sp ? set_r_sp(d, result) : set_r(d, result);
  return true;
}

bool AluHandlers::ADD_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d) {
  return add(Flags::Keep, r_sp(sf, n), konst(sf, imm << 12 * sh), d, true);
}
bool AluHandlers::ADDS_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d) {
  return add(Flags::Set, r_sp(sf, n), konst(sf, imm << 12 * sh), d, false);
}
bool AluHandlers::SUB_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d) {
  return sub(Flags::Keep, r_sp(sf, n), konst(sf, imm << 12 * sh), d, true);
}
bool AluHandlers::SUBS_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d) {
  return sub(Flags::Set, r_sp(sf, n), konst(sf, imm << 12 * sh), d, false);
}

AluHandlers::Value AluHandlers::shifted(uint32_t sf, uint32_t m, uint32_t shift, uint32_t amount) {
  const Value value = r(sf, m);
  if (amount == 0) return value;
  constexpr Op kShifts[] = {Op::shl, Op::lshr, Op::ashr, Op::rotr};
  return b_.binary(kShifts[shift], value, konst(sf, amount));
}

bool AluHandlers::ADD_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return add(Flags::Keep, r(sf, n), shifted(sf, m, shift, amount), d, false);
}
bool AluHandlers::ADDS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                             uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return add(Flags::Set, r(sf, n), shifted(sf, m, shift, amount), d, false);
}
bool AluHandlers::SUB_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return sub(Flags::Keep, r(sf, n), shifted(sf, m, shift, amount), d, false);
}
bool AluHandlers::SUBS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                             uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return sub(Flags::Set, r(sf, n), shifted(sf, m, shift, amount), d, false);
}

AluHandlers::Value AluHandlers::extended(uint32_t sf, uint32_t m, uint32_t option) {
  const unsigned bits = 8u << (option & 3);
  if (bits == 64 || (bits == 32 && sf == 0)) return r(sf, m);
  const Value narrow = b_.trunc(ir::int_type(bits), x(m));
  return (option & 4) != 0 ? b_.sext(width(sf), narrow) : b_.zext(width(sf), narrow);
}

bool AluHandlers::ADD_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n, uint32_t d) {
  if (amount > 4) return unallocated();
  return add(Flags::Keep, r_sp(sf, n), b_.shl(extended(sf, m, option), konst(sf, amount)), d, true);
}
bool AluHandlers::ADDS_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n,
                           uint32_t d) {
  if (amount > 4) return unallocated();
  return add(Flags::Set, r_sp(sf, n), b_.shl(extended(sf, m, option), konst(sf, amount)), d, false);
}
bool AluHandlers::SUB_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n, uint32_t d) {
  if (amount > 4) return unallocated();
  return sub(Flags::Keep, r_sp(sf, n), b_.shl(extended(sf, m, option), konst(sf, amount)), d, true);
}
bool AluHandlers::SUBS_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n,
                           uint32_t d) {
  if (amount > 4) return unallocated();
  return sub(Flags::Set, r_sp(sf, n), b_.shl(extended(sf, m, option), konst(sf, amount)), d, false);
}

bool AluHandlers::add_with_carry(Flags flags, Value a, Value b, uint32_t d) {
  const Value carry_in = flag_c();
  const Value result = b_.add(b_.add(a, b), b_.zext(a.type, carry_in));
  if (flags == Flags::Set) set_flags_adc(a, b, carry_in, result);
  set_r(d, result);
  return true;
}

bool AluHandlers::ADC(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return add_with_carry(Flags::Keep, r(sf, n), r(sf, m), d);
}
bool AluHandlers::ADCS(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return add_with_carry(Flags::Set, r(sf, n), r(sf, m), d);
}
bool AluHandlers::SBC(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return add_with_carry(Flags::Keep, r(sf, n), b_.not_(r(sf, m)), d);
}
bool AluHandlers::SBCS(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return add_with_carry(Flags::Set, r(sf, n), b_.not_(r(sf, m)), d);
}

// ---- flag manipulation

bool AluHandlers::RMIF(uint32_t amount, uint32_t n, uint32_t mask) {
  const Value rotated = b_.binary(Op::rotr, x(n), b_.i64(amount));
  const Value fresh = b_.shl(b_.trunc(Type::I32, b_.and_(rotated, b_.i64(mask))), b_.i32(28));
  const Value kept = b_.and_(b_.trunc(Type::I32, packed_flags()), b_.i32(~(mask << 28)));
  set_flags_packed(b_.or_(fresh, kept));
  return true;
}

bool AluHandlers::set_narrow_flags(uint32_t n, unsigned bits) {
  // N and Z of the low bits; V: the bit above differs from the sign; C is kept (Arm ARM, SETF8 and SETF16).
  const Value carry = b_.shl(b_.zext(Type::I32, flag_c()), b_.i32(29));
  const Value value = w(n);
  const Value sign = b_.and_(b_.shl(value, b_.i32(32 - bits)), b_.i32(0x80000000));
  const Value narrow = b_.and_(value, b_.i32((1u << bits) - 1));
  const Value zero = b_.shl(b_.zext(Type::I32, b_.icmp(IntCond::Eq, narrow, b_.i32(0))), b_.i32(30));
  const Value differs = b_.xor_(value, b_.lshr(value, b_.i32(1)));
  const Value overflow = b_.shl(b_.and_(b_.lshr(differs, b_.i32(bits - 1)), b_.i32(1)), b_.i32(28));
  set_flags_packed(b_.or_(b_.or_(sign, zero), b_.or_(carry, overflow)));
  return true;
}

bool AluHandlers::SETF8(uint32_t n) { return set_narrow_flags(n, 8); }
bool AluHandlers::SETF16(uint32_t n) { return set_narrow_flags(n, 16); }

// ---- conditional compare and select

bool AluHandlers::conditional_compare(bool negate, Value a, Value b, uint32_t cond, uint32_t nzcv) {
  const bool always = cond >= static_cast<uint32_t>(Cond::Al);
  const Value guard = always ? Value{} : condition(cond);
  if (negate) {
    set_flags_add(a, b, b_.add(a, b));
  } else {
    set_flags_sub(a, b, b_.sub(a, b));
  }
  if (!always) guard_flags(guard, nzcv);
  return true;
}

bool AluHandlers::CCMN_reg(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv) {
  return conditional_compare(true, r(sf, n), r(sf, m), cond, nzcv);
}
bool AluHandlers::CCMN_imm(uint32_t sf, uint32_t imm, uint32_t cond, uint32_t n, uint32_t nzcv) {
  return conditional_compare(true, r(sf, n), konst(sf, imm), cond, nzcv);
}
bool AluHandlers::CCMP_reg(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv) {
  return conditional_compare(false, r(sf, n), r(sf, m), cond, nzcv);
}
bool AluHandlers::CCMP_imm(uint32_t sf, uint32_t imm, uint32_t cond, uint32_t n, uint32_t nzcv) {
  return conditional_compare(false, r(sf, n), konst(sf, imm), cond, nzcv);
}

bool AluHandlers::CSEL(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d) {
  set_r(d, b_.select(condition(cond), r(sf, n), r(sf, m)));
  return true;
}

bool AluHandlers::CSINC(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d) {
  const bool always = cond >= static_cast<uint32_t>(Cond::Al);
  if (n == 31 && m == 31 && !always) {  // CSET: the inverted condition itself
    set_r(d, condition(cond ^ 1));
    return true;
  }
  set_r(d, b_.select(condition(cond), r(sf, n), b_.add(r(sf, m), konst(sf, 1))));
  return true;
}

bool AluHandlers::CSINV(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d) {
  set_r(d, b_.select(condition(cond), r(sf, n), b_.not_(r(sf, m))));
  return true;
}

bool AluHandlers::CSNEG(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d) {
  set_r(d, b_.select(condition(cond), r(sf, n), b_.sub(konst(sf, 0), r(sf, m))));
  return true;
}

// ---- multiply and divide

bool AluHandlers::MADD(uint32_t sf, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  const Value product = b_.mul(r(sf, n), r(sf, m));
  set_r(d, a == 31 ? product : b_.add(r(sf, a), product));
  return true;
}

bool AluHandlers::MSUB(uint32_t sf, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  set_r(d, b_.sub(r(sf, a), b_.mul(r(sf, n), r(sf, m))));
  return true;
}

bool AluHandlers::multiply_long(Op extend, Op combine, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  const Value left = b_.unary(extend, Type::I64, w(n));
  const Value product = b_.mul(left, b_.unary(extend, Type::I64, w(m)));
  set_r(d, a == 31 && combine == Op::add ? product : b_.binary(combine, x(a), product));
  return true;
}

bool AluHandlers::SMADDL(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_long(Op::sext, Op::add, m, a, n, d);
}
bool AluHandlers::SMSUBL(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_long(Op::sext, Op::sub, m, a, n, d);
}
bool AluHandlers::UMADDL(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_long(Op::zext, Op::add, m, a, n, d);
}
bool AluHandlers::UMSUBL(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_long(Op::zext, Op::sub, m, a, n, d);
}

bool AluHandlers::SMULH(uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.binary(Op::smulh, x(n), x(m)));
  return true;
}
bool AluHandlers::UMULH(uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.binary(Op::umulh, x(n), x(m)));
  return true;
}

bool AluHandlers::UDIV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.binary(Op::udiv, r(sf, n), r(sf, m)));
  return true;
}
bool AluHandlers::SDIV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.binary(Op::sdiv, r(sf, n), r(sf, m)));
  return true;
}

// ---- minimum and maximum (FEAT_CSSC)

bool AluHandlers::min_max(Op op, Value a, Value b, uint32_t d) {
  set_r(d, b_.binary(op, a, b));
  return true;
}

bool AluHandlers::SMAX_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d) {
  return min_max(Op::smax, r(sf, n), konst(sf, static_cast<uint64_t>(support::sign_extend(imm, 8))), d);
}
bool AluHandlers::UMAX_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d) {
  return min_max(Op::umax, r(sf, n), konst(sf, imm), d);
}
bool AluHandlers::SMIN_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d) {
  return min_max(Op::smin, r(sf, n), konst(sf, static_cast<uint64_t>(support::sign_extend(imm, 8))), d);
}
bool AluHandlers::UMIN_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d) {
  return min_max(Op::umin, r(sf, n), konst(sf, imm), d);
}
bool AluHandlers::SMAX_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return min_max(Op::smax, r(sf, n), r(sf, m), d);
}
bool AluHandlers::UMAX_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return min_max(Op::umax, r(sf, n), r(sf, m), d);
}
bool AluHandlers::SMIN_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return min_max(Op::smin, r(sf, n), r(sf, m), d);
}
bool AluHandlers::UMIN_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  return min_max(Op::umin, r(sf, n), r(sf, m), d);
}

}  // namespace ferry::arm64
