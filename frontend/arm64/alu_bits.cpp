#include <bit>

#include "frontend/arm64/alu.h"
#include "frontend/arm64/bitmask.h"
#include "frontend/arm64/vdso_call.h"
#include "ir/support/bits.h"

// Logic, moves of immediates, bitfields, shifts by register, and operations on the bits of one register.

namespace ferry::arm64 {

// ---- logic

bool AluHandlers::logical_imm(Op op, uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n,
                              uint32_t d) {
  uint64_t mask;
  if (!decode_bitmask(sf != 0, wide, imms, immr, mask)) return unallocated();
  set_r_sp(d, b_.binary(op, r(sf, n), konst(sf, mask)));
  return true;
}

bool AluHandlers::AND_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  return logical_imm(Op::and_, sf, wide, immr, imms, n, d);
}
bool AluHandlers::ORR_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  return logical_imm(Op::or_, sf, wide, immr, imms, n, d);
}
bool AluHandlers::EOR_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  return logical_imm(Op::xor_, sf, wide, immr, imms, n, d);
}
bool AluHandlers::ANDS_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  uint64_t mask;
  if (!decode_bitmask(sf != 0, wide, imms, immr, mask)) return unallocated();
  const Value result = b_.and_(r(sf, n), konst(sf, mask));
  set_flags_logic(result);
  set_r(d, result);
  return true;
}

bool AluHandlers::logical(Op op, uint32_t sf, Value b, uint32_t n, uint32_t d) {
  if (op == Op::or_ && n == 31) {  // MOV, MVN
    set_r(d, b);
    return true;
  }
  set_r(d, b_.binary(op, r(sf, n), b));
  return true;
}

bool AluHandlers::AND_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return logical(Op::and_, sf, shifted(sf, m, shift, amount), n, d);
}
bool AluHandlers::BIC_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return logical(Op::andn, sf, shifted(sf, m, shift, amount), n, d);
}
bool AluHandlers::ORR_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return logical(Op::or_, sf, shifted(sf, m, shift, amount), n, d);
}
bool AluHandlers::ORN_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return logical(Op::or_, sf, b_.not_(shifted(sf, m, shift, amount)), n, d);
}
bool AluHandlers::EOR_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return logical(Op::xor_, sf, shifted(sf, m, shift, amount), n, d);
}
bool AluHandlers::EON_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                            uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  return logical(Op::xor_, sf, b_.not_(shifted(sf, m, shift, amount)), n, d);
}
bool AluHandlers::ANDS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                             uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  const Value result = b_.and_(r(sf, n), shifted(sf, m, shift, amount));
  set_flags_logic(result);
  set_r(d, result);
  return true;
}
bool AluHandlers::BICS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n,
                             uint32_t d) {
  if (sf == 0 && amount >= 32) return unallocated();
  const Value result = b_.andn(r(sf, n), shifted(sf, m, shift, amount));
  set_flags_logic(result);
  set_r(d, result);
  return true;
}

// ---- moves of immediates

bool AluHandlers::MOVN(uint32_t sf, uint32_t hw, uint32_t imm, uint32_t d) {
  if (sf == 0 && hw >= 2) return unallocated();
  set_r(d, konst(sf, ~(uint64_t{imm} << 16 * hw)));
  return true;
}

/// MOVZ to XZR.
bool AluHandlers::make_vdso_call() {
  switch (word_) {
#define VDSO_CALL(name, number)        \
  case vdso_call_word(VdsoCall::name): \
    call(Helper::vdso_##name, {});     \
    break;
#include "frontend/arm64/vdso_calls.def"
    default:
      break;
  }
  return true;
}

bool AluHandlers::MOVZ(uint32_t sf, uint32_t hw, uint32_t imm, uint32_t d) {
  if (sf == 0 && hw >= 2) return unallocated();
  if (d == 31) return make_vdso_call();
  set_r(d, b_.i64(uint64_t{imm} << 16 * hw));
  return true;
}

bool AluHandlers::MOVK(uint32_t sf, uint32_t hw, uint32_t imm, uint32_t d) {
  if (sf == 0 && hw >= 2) return unallocated();
  const Value kept = b_.and_(r(sf, d), konst(sf, ~(uint64_t{0xffff} << 16 * hw)));
  set_r(d, b_.or_(kept, konst(sf, uint64_t{imm} << 16 * hw)));
  return true;
}

// ---- bitfields. With R = immr and S = imms: S >= R extracts bits S..R to the bottom; S < R moves bits S..0
// up to position width - R (Arm ARM, SBFM, BFM, UBFM).

bool AluHandlers::extend_bits(Op op, Value bits, unsigned from, uint32_t d) {
  set_r(d, b_.unary(op, bits.type, b_.trunc(ir::int_type(from), bits)));
  return true;
}

bool AluHandlers::SBFM(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  const uint32_t bits = sf != 0 ? 64 : 32;
  if (wide != sf || immr >= bits || imms >= bits) return unallocated();
  const Value value = r(sf, n);
  if (immr == 0 && (imms == 7 || imms == 15 || (imms == 31 && sf != 0))) {
    return extend_bits(Op::sext, value, imms + 1, d);
  }
  if (imms == bits - 1) {
    set_r(d, b_.ashr(value, konst(sf, immr)));
    return true;
  }
  const Value top = b_.shl(value, konst(sf, bits - 1 - imms));
  const uint32_t down = imms >= immr ? bits - 1 - imms + immr : immr - imms - 1;
  set_r(d, b_.ashr(top, konst(sf, down)));
  return true;
}

bool AluHandlers::UBFM(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  const uint32_t bits = sf != 0 ? 64 : 32;
  if (wide != sf || immr >= bits || imms >= bits) return unallocated();
  const Value value = r(sf, n);
  if (imms == bits - 1) {  // LSR
    set_r(d, b_.lshr(value, konst(sf, immr)));
  } else if (imms + 1 == immr) {  // LSL
    set_r(d, b_.shl(value, konst(sf, bits - immr)));
  } else if (imms >= immr) {
    const Value moved = immr == 0 ? value : b_.lshr(value, konst(sf, immr));
    set_r(d, b_.and_(moved, konst(sf, support::low_mask(imms - immr + 1))));
  } else {
    const Value field = b_.and_(value, konst(sf, support::low_mask(imms + 1)));
    set_r(d, b_.shl(field, konst(sf, bits - immr)));
  }
  return true;
}

bool AluHandlers::BFM(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d) {
  const uint32_t bits = sf != 0 ? 64 : 32;
  if (wide != sf || immr >= bits || imms >= bits) return unallocated();
  const Value value = r(sf, n);
  const bool extracts = imms >= immr;
  const uint32_t lsb = extracts ? 0 : bits - immr;
  const uint64_t mask = support::low_mask(extracts ? imms - immr + 1 : imms + 1) << lsb;
  const Value moved = extracts ? b_.lshr(value, konst(sf, immr)) : b_.shl(value, konst(sf, lsb));
  const Value kept = b_.and_(r(sf, d), konst(sf, ~mask));
  set_r(d, b_.or_(kept, b_.and_(moved, konst(sf, mask))));
  return true;
}

bool AluHandlers::EXTR(uint32_t sf, uint32_t wide, uint32_t m, uint32_t imms, uint32_t n, uint32_t d) {
  const uint32_t bits = sf != 0 ? 64 : 32;
  if (wide != sf || imms >= bits) return unallocated();
  if (n == m) {
    set_r(d, b_.binary(Op::rotr, r(sf, n), konst(sf, imms)));
  } else if (imms == 0) {
    set_r(d, r(sf, m));
  } else {
    const Value low = b_.lshr(r(sf, m), konst(sf, imms));
    set_r(d, b_.or_(low, b_.shl(r(sf, n), konst(sf, bits - imms))));
  }
  return true;
}

// ---- shifts by register: IR shifts take the amount modulo the width, as A64 does

bool AluHandlers::LSLV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.shl(r(sf, n), r(sf, m)));
  return true;
}
bool AluHandlers::LSRV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.lshr(r(sf, n), r(sf, m)));
  return true;
}
bool AluHandlers::ASRV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.ashr(r(sf, n), r(sf, m)));
  return true;
}
bool AluHandlers::RORV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.binary(Op::rotr, r(sf, n), r(sf, m)));
  return true;
}

// ---- checksums

namespace {

/// x^32 + 0x04c11db7 with the bits reversed: bit i is the coefficient of x^(32 - i).
constexpr uint64_t kCrcPolynomial = 0x1db710641;

/// What times the polynomial, cut to 64 bits, is 1.
constexpr uint64_t crc_inverse() {
  uint64_t inverse = 0;
  uint64_t product = 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const bool wanted = bit == 0;
    if (((product >> bit & 1) != 0) == wanted) continue;
    inverse |= uint64_t{1} << bit;
    product ^= kCrcPolynomial << bit;
  }
  return inverse;
}

}  // namespace

// The remainder by Barrett's method. Bits are reversed, so "low" means high powers: the data in a
// doubleword's last bits, times the inverse, is the quotient; that times the polynomial cancels the
// doubleword and leaves the remainder above it.
bool AluHandlers::CRC32(uint32_t sf, uint32_t m, uint32_t size, uint32_t n, uint32_t d) {
  if ((size == 3) != (sf != 0)) return unallocated();
  const unsigned bits = 8u << size;
  const Value crc = w(n);
  Value data = b_.xor_(b_.zext(Type::I64, crc), x(m));
  if (bits < 64) data = b_.shl(data, b_.i64(64 - bits));
  const auto times = [&](Value a, uint64_t b) {
    return b_.binary(Op::clmul, Type::V2I64, a, b_.konst(Type::V2I64, b));
  };
  const Value quotient = times(b_.unary(Op::scalar_to_vec, Type::V2I64, data), crc_inverse());
  const Value remainder = b_.unary(Op::extract_lane, Type::I32, times(quotient, kCrcPolynomial), 2);
  set_r(d, bits < 32 ? b_.xor_(remainder, b_.lshr(crc, b_.i32(bits))) : remainder);
  return true;
}
bool AluHandlers::CRC32C(uint32_t sf, uint32_t m, uint32_t size, uint32_t n, uint32_t d) {
  if ((size == 3) != (sf != 0)) return unallocated();
  set_r(d, b_.emit(Op::crc32c, Type::I32, {b_.trunc(ir::int_type(8u << size), x(m)), w(n)}));
  return true;
}

// ---- one register

bool AluHandlers::RBIT_int(uint32_t sf, uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::rbit, width(sf), r(sf, n)));
  return true;
}

bool AluHandlers::REV16_int(uint32_t sf, uint32_t n, uint32_t d) {
  constexpr uint64_t kLowBytes = 0x00ff00ff00ff00ff;
  const Value value = r(sf, n);
  const Value down = b_.and_(b_.lshr(value, konst(sf, 8)), konst(sf, kLowBytes));
  set_r(d, b_.or_(down, b_.shl(b_.and_(value, konst(sf, kLowBytes)), konst(sf, 8))));
  return true;
}

bool AluHandlers::REV_w(uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::bswap, Type::I32, w(n)));
  return true;
}
bool AluHandlers::REV_x(uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::bswap, Type::I64, x(n)));
  return true;
}
bool AluHandlers::REV32_int(uint32_t n, uint32_t d) {
  set_r(d, b_.binary(Op::rotr, b_.unary(Op::bswap, Type::I64, x(n)), b_.i64(32)));
  return true;
}

bool AluHandlers::CLZ_int(uint32_t sf, uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::clz, width(sf), r(sf, n)));
  return true;
}

bool AluHandlers::CLS_int(uint32_t sf, uint32_t n, uint32_t d) {
  // Bits equal to the sign become zeros; the sign itself does not count.
  const Value value = r(sf, n);
  const Value differs = b_.xor_(value, b_.ashr(value, konst(sf, sf != 0 ? 63 : 31)));
  const Value below_sign = b_.or_(b_.shl(differs, konst(sf, 1)), konst(sf, 1));
  set_r(d, b_.unary(Op::clz, value.type, below_sign));
  return true;
}

bool AluHandlers::CTZ_reg(uint32_t sf, uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::clz, width(sf), b_.unary(Op::rbit, width(sf), r(sf, n))));
  return true;
}
bool AluHandlers::CNT_reg(uint32_t sf, uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::popcnt, width(sf), r(sf, n)));
  return true;
}
bool AluHandlers::ABS_reg(uint32_t sf, uint32_t n, uint32_t d) {
  set_r(d, b_.unary(Op::abs, width(sf), r(sf, n)));
  return true;
}

}  // namespace ferry::arm64
