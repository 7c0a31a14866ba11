#include "frontend/arm64/simd_shift.h"

#include <bit>

#include "ir/support/bits.h"

namespace ferry::arm64 {

// ---- families

SimdShiftHandlers::Shift SimdShiftHandlers::vector_shift(uint32_t q, uint32_t immh, uint32_t immb) {
  return {vector_lanes(q, static_cast<uint32_t>(std::bit_width(immh)) - 1), immh << 3 | immb};
}

SimdShiftHandlers::Shift SimdShiftHandlers::scalar_shift(uint32_t immh, uint32_t immb) {
  return {scalar_lanes(static_cast<uint32_t>(std::bit_width(immh)) - 1), immh << 3 | immb};
}

bool SimdShiftHandlers::shift_right(Sign sign, Rounding rounding, Shift shift, uint32_t n, uint32_t d) {
  return set_lanes(d, shift.lanes, vshr(sign, rounding, shift.type(), v(n), shift.right()));
}

bool SimdShiftHandlers::shift_right_add(Sign sign, Rounding rounding, Shift shift, uint32_t n, uint32_t d) {
  const Value shifted = vshr(sign, rounding, shift.type(), v(n), shift.right());
  return set_lanes(d, shift.lanes, b_.binary(Op::add, shift.type(), v(d), shifted));
}

bool SimdShiftHandlers::insert_right(Shift shift, uint32_t n, uint32_t d) {
  const uint64_t inserted = shift.right() == 64 ? 0 : support::low_mask(shift.lanes.width) >> shift.right();
  const Value kept = b_.binary(Op::andn, shift.type(), v(d), every(shift.type(), inserted));
  const Value moved = vshr(Sign::Unsigned, shift.type(), v(n), shift.right());
  return set_lanes(d, shift.lanes, b_.binary(Op::or_, shift.type(), kept, moved));
}

bool SimdShiftHandlers::shift_left(Shift shift, uint32_t n, uint32_t d) {
  return set_lanes(d, shift.lanes, vshl(shift.type(), v(n), shift.left()));
}

bool SimdShiftHandlers::insert_left(Shift shift, uint32_t n, uint32_t d) {
  const Value mask = every(shift.type(), support::low_mask(shift.left()));
  const Value kept = b_.binary(Op::and_, shift.type(), v(d), mask);
  const Value moved = vshl(shift.type(), v(n), shift.left());
  return set_lanes(d, shift.lanes, b_.binary(Op::or_, shift.type(), kept, moved));
}

bool SimdShiftHandlers::shift_left_long(Sign sign, uint32_t q, Shift shift, uint32_t n, uint32_t d) {
  set_v(d, vshl(shift.lanes.wide_type(), widen(sign, shift.lanes, v(n), q), shift.left()));
  return true;
}

// What shifting back does not restore has lost bits and becomes the nearest number: that of the operand's
// sign.
bool SimdShiftHandlers::shift_left_signed(Shift shift, uint32_t n, uint32_t d) {
  const Type type = shift.type();
  const Value a = v(n);
  const Value shifted = vshl(type, a, shift.left());
  const Value cut = vcompare(IntCond::Ne, type, vshr(Sign::Signed, type, shifted, shift.left()), a);
  const Value highest = every(type, support::low_mask(shift.lanes.width - 1));
  const Value limit = b_.xor_(vshr(Sign::Signed, type, a, shift.lanes.width - 1), highest);
  set_qc_if(cut, shift.lanes.bits);
  return set_lanes(d, shift.lanes, bit_select(cut, limit, shifted));
}

// Shifts `a`; FPSR.QC is set where it loses bits, and where it differs from `before`.
bool SimdShiftHandlers::shift_left_unsigned(Shift shift, Value a, Value before, uint32_t d) {
  const Type type = shift.type();
  const Value shifted = vshl(type, a, shift.left());
  const Value back = vshr(Sign::Unsigned, type, shifted, shift.left());
  set_qc_if(b_.xor_(back, before), shift.lanes.bits);
  return set_lanes(d, shift.lanes, b_.or_(shifted, vcompare(IntCond::Ne, type, back, a)));
}

// Negative numbers become zero.
bool SimdShiftHandlers::shift_left_positive(Shift shift, uint32_t n, uint32_t d) {
  const Value a = v(n);
  return shift_left_unsigned(shift, b_.binary(Op::smax, shift.type(), a, vzero()), a, d);
}

bool SimdShiftHandlers::shift_right_narrow(Rounding rounding, uint32_t q, Shift shift, uint32_t n,
                                           uint32_t d) {
  const Type wide = shift.lanes.wide_type();
  Value a = v(n);
  // Bits that overflow are not among those that stay.
  if (rounding == Rounding::Round)
    a = b_.binary(Op::add, wide, a, every(wide, uint64_t{1} << (shift.right() - 1)));
  return set_half(d, q, b_.unary(Op::narrow, shift.type(), vshr(Sign::Unsigned, wide, a, shift.right())));
}

bool SimdShiftHandlers::shift_right_narrow_saturating(Op op, Sign sign, Rounding rounding, uint32_t q,
                                                      Shift shift, uint32_t n, uint32_t d) {
  const Value shifted = vshr(sign, rounding, shift.lanes.wide_type(), v(n), shift.right());
  const Value result = narrow_saturating(op, shift.lanes, shifted);
  return set_half(d, q, shift.lanes.bits == 128 ? result : low_bits(result, shift.lanes.bits));
}

bool SimdShiftHandlers::shift_by_register(RegisterShift kind, Lanes lanes, uint32_t m, uint32_t n,
                                          uint32_t d) {
  const Value a = v(n);
  if (lanes.width == 8) return set_lanes(d, lanes, shift_bytes(kind, lanes, a, v(m)));
  const ByRegister shifted = both_ways(kind, lanes.type(), a, v(m));
  return set_lanes(d, lanes, b_.binary(Op::or_, lanes.type(), shifted.left, shifted.right));
}

// What has lost bits becomes the nearest number: that of the operand's sign.
bool SimdShiftHandlers::shift_by_register_saturating(RegisterShift kind, Lanes lanes, uint32_t m, uint32_t n,
                                                     uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(n);
  Value shifted, cut;
  if (lanes.width == 8) {
    shifted = shift_bytes(kind, lanes, a, v(m));
    cut = cut_bytes(kind.sign, a, v(m));
  } else {
    const ByRegister ways = both_ways(kind, type, a, v(m));
    shifted = b_.binary(Op::or_, type, ways.left, ways.right);
    cut = cut_lanes(kind.sign, type, a, ways);
  }
  set_qc_if(cut, lanes.bits);
  if (kind.sign == Sign::Unsigned) return set_lanes(d, lanes, b_.or_(shifted, cut));
  const Value highest = every(type, support::low_mask(lanes.width - 1));
  const Value limit = b_.binary(Op::xor_, type, vshr(Sign::Signed, type, a, lanes.width - 1), highest);
  return set_lanes(d, lanes, bit_select(cut, limit, shifted));
}

// No host shifts bytes: they are multiplied by 2^(8 + amount) in lanes of 16 bits, whose upper half is then
// the result. Amounts beyond those of the table give a factor of zero; to the right they leave nothing but an
// arithmetic shift's sign, which 8 gives as well.
SimdShiftHandlers::Value SimdShiftHandlers::shift_bytes(RegisterShift kind, Lanes lanes, Value a, Value m) {
  const Type wide = lanes.wide_type();
  const bool round = kind.rounding == Rounding::Round;
  const Value amount = round ? m : b_.binary(Op::smax, Type::V16I8, m, every(Type::V16I8, 0xf8));
  const Value index = b_.binary(Op::add, Type::V16I8, amount, every(Type::V16I8, 8));
  const Value low = look_up(index, [](unsigned i) { return 1u << i; });
  const Value high = look_up(index, [](unsigned i) { return 1u << i >> 8; });
  const auto half = [&](uint32_t which) {
    const Value factors = zip({8, 128}, low, high, which);
    const Value product = b_.binary(Op::mul, wide, widen(kind.sign, lanes, a, which), factors);
    return round ? b_.binary(Op::add, wide, product, every(wide, 0x80)) : product;
  };
  const Value bottom = half(0);
  return unzip({8, 128}, bottom, lanes.bits == 128 ? half(1) : bottom, 1);
}

// Which bytes lose bits to the left: those beyond the numbers that may be shifted so far.
SimdShiftHandlers::Value SimdShiftHandlers::cut_bytes(Sign sign, Value a, Value m) {
  const Type type = Type::V16I8;
  // 0: to the right; from 1 on: so many to the left, and one.
  const Value index =
      b_.binary(Op::add, type, b_.binary(Op::smax, type, m, every(type, 0xff)), every(type, 1));
  const auto limits = [&](int limit) {
    return look_up(index, [limit](unsigned i) { return i == 0 ? limit : limit / (1 << (i - 1)); });
  };
  if (sign == Sign::Unsigned) return vcompare(IntCond::Ugt, type, a, limits(0xff));
  const Value at_least = b_.binary(Op::smax, type, a, limits(-0x80));
  return vcompare(IntCond::Ne, type, b_.binary(Op::smin, type, at_least, limits(0x7f)), a);
}

// What shifting back does not restore has lost bits.
SimdShiftHandlers::Value SimdShiftHandlers::cut_lanes(Sign sign, Type type, Value a, const ByRegister& ways) {
  const Op right_op = sign == Sign::Signed ? Op::vashr_by : Op::vlshr_by;
  const Value back = b_.binary(right_op, type, ways.left, ways.amount);
  return b_.binary(Op::andn, type, vcompare(IntCond::Ne, type, back, a), ways.to_right);
}

// The amounts are the low bytes, signed. As unsigned numbers they and their negatives are 128 and more where
// the shift goes the other way, which leaves nothing; but an arithmetic shift leaves the sign, and rounding
// may add to it.
SimdShiftHandlers::ByRegister SimdShiftHandlers::both_ways(RegisterShift kind, Type type, Value a, Value m) {
  const Op right_op = kind.sign == Sign::Signed ? Op::vashr_by : Op::vlshr_by;
  const Value byte = every(type, 0xff);
  ByRegister out;
  out.amount = b_.binary(Op::and_, type, m, byte);
  out.left = b_.binary(Op::vshl_by, type, a, out.amount);
  const Value at_byte = vshl(type, m, ir::lane_bits(type) - 8);
  out.to_right = vcompare(IntCond::Slt, type, at_byte, vzero());
  const Value negated = b_.binary(Op::and_, type, b_.binary(Op::sub, type, vzero(), m), byte);
  out.right = b_.binary(right_op, type, a, negated);
  if (kind.rounding == Rounding::Round) {
    // Adding half a unit before shifting may overflow; the highest bit shifted out says the same.
    const Value one = every(type, 1);
    const Value last_out = b_.binary(right_op, type, a, b_.binary(Op::sub, type, negated, one));
    out.right = b_.binary(Op::add, type, out.right, b_.binary(Op::and_, type, last_out, one));
  }
  out.right = b_.binary(Op::and_, type, out.right, out.to_right);
  return out;
}

// ---- by an immediate, without saturation

bool SimdShiftHandlers::SSHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right(Sign::Signed, Rounding::Truncate, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SSRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Signed, Rounding::Truncate, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SRSHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right(Sign::Signed, Rounding::Round, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SRSRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Signed, Rounding::Round, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::USHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right(Sign::Unsigned, Rounding::Truncate, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::USRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Unsigned, Rounding::Truncate, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::URSHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right(Sign::Unsigned, Rounding::Round, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::URSRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Unsigned, Rounding::Round, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SRI_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return insert_right(vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SHL_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left(vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SLI_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return insert_left(vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SSHR_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right(Sign::Signed, Rounding::Truncate, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SSRA_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Signed, Rounding::Truncate, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SRSHR_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right(Sign::Signed, Rounding::Round, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SRSRA_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Signed, Rounding::Round, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::USHR_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right(Sign::Unsigned, Rounding::Truncate, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::USRA_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Unsigned, Rounding::Truncate, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::URSHR_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right(Sign::Unsigned, Rounding::Round, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::URSRA_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_right_add(Sign::Unsigned, Rounding::Round, scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SRI_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return insert_right(scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SHL_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return shift_left(scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SLI_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  return insert_left(scalar_shift(8 | imm >> 3, imm & 7), n, d);
}
bool SimdShiftHandlers::SSHLL_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_long(Sign::Signed, q, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::USHLL_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_long(Sign::Unsigned, q, vector_shift(q, immh, immb), n, d);
}

// ---- by an immediate, saturating

bool SimdShiftHandlers::SQSHL_imm_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_signed(vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::UQSHL_imm_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_unsigned(vector_shift(q, immh, immb), v(n), v(n), d);
}
bool SimdShiftHandlers::SQSHLU_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_positive(vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SQSHL_imm_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_signed(scalar_shift(immh, immb), n, d);
}
bool SimdShiftHandlers::UQSHL_imm_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_unsigned(scalar_shift(immh, immb), v(n), v(n), d);
}
bool SimdShiftHandlers::SQSHLU_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_left_positive(scalar_shift(immh, immb), n, d);
}

// ---- by an immediate, narrowing

bool SimdShiftHandlers::SHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow(Rounding::Truncate, q, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::RSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow(Rounding::Round, q, vector_shift(q, immh, immb), n, d);
}
bool SimdShiftHandlers::SQSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_ss, Sign::Signed, Rounding::Truncate, q,
                                       vector_shift(1, immh, immb), n, d);
}
bool SimdShiftHandlers::SQRSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_ss, Sign::Signed, Rounding::Round, q,
                                       vector_shift(1, immh, immb), n, d);
}
bool SimdShiftHandlers::SQSHRUN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_su, Sign::Signed, Rounding::Truncate, q,
                                       vector_shift(1, immh, immb), n, d);
}
bool SimdShiftHandlers::SQRSHRUN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_su, Sign::Signed, Rounding::Round, q,
                                       vector_shift(1, immh, immb), n, d);
}
bool SimdShiftHandlers::UQSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_uu, Sign::Unsigned, Rounding::Truncate, q,
                                       vector_shift(1, immh, immb), n, d);
}
bool SimdShiftHandlers::UQRSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_uu, Sign::Unsigned, Rounding::Round, q,
                                       vector_shift(1, immh, immb), n, d);
}
bool SimdShiftHandlers::SQSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_ss, Sign::Signed, Rounding::Truncate, 0,
                                       scalar_shift(immh, immb), n, d);
}
bool SimdShiftHandlers::SQRSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_ss, Sign::Signed, Rounding::Round, 0,
                                       scalar_shift(immh, immb), n, d);
}
bool SimdShiftHandlers::SQSHRUN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_su, Sign::Signed, Rounding::Truncate, 0,
                                       scalar_shift(immh, immb), n, d);
}
bool SimdShiftHandlers::SQRSHRUN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_su, Sign::Signed, Rounding::Round, 0,
                                       scalar_shift(immh, immb), n, d);
}
bool SimdShiftHandlers::UQSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_uu, Sign::Unsigned, Rounding::Truncate, 0,
                                       scalar_shift(immh, immb), n, d);
}
bool SimdShiftHandlers::UQRSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return shift_right_narrow_saturating(Op::narrow_sat_uu, Sign::Unsigned, Rounding::Round, 0,
                                       scalar_shift(immh, immb), n, d);
}

// ---- by a register

bool SimdShiftHandlers::SSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Signed, Rounding::Truncate}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::USHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Unsigned, Rounding::Truncate}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::SRSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Signed, Rounding::Round}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::URSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Unsigned, Rounding::Round}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::SQSHL_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Signed, Rounding::Truncate}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::UQSHL_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Unsigned, Rounding::Truncate}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::SQRSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Signed, Rounding::Round}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::UQRSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Unsigned, Rounding::Round}, vector_lanes(q, size), m, n, d);
}
bool SimdShiftHandlers::SSHL_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Signed, Rounding::Truncate}, scalar_lanes(3), m, n, d);
}
bool SimdShiftHandlers::USHL_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Unsigned, Rounding::Truncate}, scalar_lanes(3), m, n, d);
}
bool SimdShiftHandlers::SRSHL_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Signed, Rounding::Round}, scalar_lanes(3), m, n, d);
}
bool SimdShiftHandlers::URSHL_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register({Sign::Unsigned, Rounding::Round}, scalar_lanes(3), m, n, d);
}
bool SimdShiftHandlers::SQSHL_reg_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Signed, Rounding::Truncate}, scalar_lanes(size), m, n, d);
}
bool SimdShiftHandlers::UQSHL_reg_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Unsigned, Rounding::Truncate}, scalar_lanes(size), m, n, d);
}
bool SimdShiftHandlers::SQRSHL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Signed, Rounding::Round}, scalar_lanes(size), m, n, d);
}
bool SimdShiftHandlers::UQRSHL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return shift_by_register_saturating({Sign::Unsigned, Rounding::Round}, scalar_lanes(size), m, n, d);
}

}  // namespace ferry::arm64
