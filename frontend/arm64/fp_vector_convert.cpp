// Rounding and conversions between floating point and integers, on vectors and SIMD scalars.
#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

using ir::fp::Rounding;

// immh says the lane width of a fixed-point conversion, immh:immb twice that less the fraction bits.
FpShape FpVectorHandlers::fixed_shape(uint32_t q, uint32_t immh) {
  const uint32_t z = immh >> 3;
  return q == kScalar ? wide_scalar(z) : wide_vector(q, z);
}

uint64_t FpVectorHandlers::fixed_bits(uint32_t immh, uint32_t immb) {
  const unsigned lane_bits = (immh >> 3) != 0 ? 64 : 32;
  return 2 * lane_bits - (immh << 3 | immb);
}

// The IR has no scalar integers of 16 bits to convert: a half is converted in all lanes alike.
bool FpVectorHandlers::to_integer(Op op, Rounding rounding, FpShape shape, uint64_t fraction_bits, uint32_t n,
                                  uint32_t d) {
  const unsigned bits = ir::lane_bits(shape.type);
  if (shape.type == Type::F16) {
    const Value words =
        fp(op, Type::V8I16, {compare_operand(shape, n)}, static_cast<uint64_t>(rounding), fraction_bits);
    return put(shape, d, b_.unary(Op::extract_lane, Type::I16, words));
  }
  const Type type = shape.is_vector() ? ir::vector_type(bits) : ir::int_type(bits);
  return put(shape, d, fp(op, type, {operand(shape, n)}, static_cast<uint64_t>(rounding), fraction_bits));
}

bool FpVectorHandlers::from_integer(Op op, FpShape shape, uint64_t fraction_bits, uint32_t n, uint32_t d) {
  if (shape.type == Type::F16) {
    const Value halves = fp(op, Type::V8F16, {compare_operand(shape, n)}, ir::kRoundCurrent, fraction_bits);
    return put(shape, d, b_.unary(Op::extract_lane, Type::F16, halves));
  }
  const Value integers =
      shape.is_vector() ? operand(shape, n) : scalar(n, ir::int_type(ir::bits(shape.type)));
  return put(shape, d, fp(op, shape.type, {integers}, ir::kRoundCurrent, fraction_bits));
}

// A narrowing result goes to the low half, clearing the high one, or (q = 1) to the high half, keeping the
// low one.
bool FpVectorHandlers::put_narrow(uint32_t q, uint32_t d, Value low) {
  constexpr uint64_t kFirstLow = 0x0706050403020100, kSecondLow = 0x1716151413121110;
  set_v(d, q == 0 ? low : b_.emit(Op::shuffle, Type::V2I64, {v(d), low}, kFirstLow, kSecondLow));
  return true;
}

bool FpVectorHandlers::FCVTN(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return put_narrow(q, d, fp(Op::fnarrow, z != 0 ? Type::V4F32 : Type::V8F16, {v(n)}));
}

bool FpVectorHandlers::FCVTXN_vec(uint32_t q, uint32_t n, uint32_t d) {
  return put_narrow(q, d, extra(FpExtra::NarrowToOdd, Type::V4F32, v(n), v(n)));
}

bool FpVectorHandlers::FCVTXN_scalar(uint32_t n, uint32_t d) {
  const Value doubled = b_.unary(Op::splat, Type::V2F64, scalar(n, Type::F64));
  const Value narrowed = extra(FpExtra::NarrowToOdd, Type::V4F32, doubled, doubled);
  set_scalar(d, b_.unary(Op::extract_lane, Type::F32, narrowed));
  return true;
}

bool FpVectorHandlers::FCVTL(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  set_v(d, fp(Op::fwiden, z != 0 ? Type::V2F64 : Type::V4F32, {v(n)}, q));
  return true;
}

bool FpVectorHandlers::FRINTN_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_integral(wide_vector(q, z), Rounding::NearestEven, n, d);
}
bool FpVectorHandlers::FRINTN_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_integral(half_vector(q), Rounding::NearestEven, n, d);
}
bool FpVectorHandlers::FCVTNS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestEven, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTNS_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestEven, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTNS_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestEven, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTNS_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestEven, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FCVTNU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestEven, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTNU_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestEven, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTNU_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestEven, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTNU_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestEven, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FRINTP_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_integral(wide_vector(q, z), Rounding::TowardPlusInf, n, d);
}
bool FpVectorHandlers::FRINTP_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_integral(half_vector(q), Rounding::TowardPlusInf, n, d);
}
bool FpVectorHandlers::FCVTPS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardPlusInf, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTPS_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardPlusInf, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTPS_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardPlusInf, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTPS_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardPlusInf, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FCVTPU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardPlusInf, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTPU_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardPlusInf, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTPU_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardPlusInf, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTPU_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardPlusInf, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FRINTM_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_integral(wide_vector(q, z), Rounding::TowardMinusInf, n, d);
}
bool FpVectorHandlers::FRINTM_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_integral(half_vector(q), Rounding::TowardMinusInf, n, d);
}
bool FpVectorHandlers::FCVTMS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardMinusInf, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTMS_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardMinusInf, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTMS_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardMinusInf, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTMS_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardMinusInf, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FCVTMU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardMinusInf, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTMU_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardMinusInf, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTMU_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardMinusInf, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTMU_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardMinusInf, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FRINTZ_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_integral(wide_vector(q, z), Rounding::TowardZero, n, d);
}
bool FpVectorHandlers::FRINTZ_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_integral(half_vector(q), Rounding::TowardZero, n, d);
}
bool FpVectorHandlers::FCVTZS_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTZS_int_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTZS_int_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTZS_int_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FCVTZU_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTZU_int_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTZU_int_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTZU_int_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FRINTA_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_integral(wide_vector(q, z), Rounding::NearestAway, n, d);
}
bool FpVectorHandlers::FRINTA_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_integral(half_vector(q), Rounding::NearestAway, n, d);
}
bool FpVectorHandlers::FCVTAS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestAway, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTAS_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestAway, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTAS_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestAway, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTAS_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::NearestAway, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FCVTAU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestAway, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::FCVTAU_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestAway, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::FCVTAU_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestAway, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::FCVTAU_scalar_half(uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::NearestAway, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::FRINTX_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_current(wide_vector(q, z), /*exact=*/true, n, d);
}
bool FpVectorHandlers::FRINTX_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_current(half_vector(q), /*exact=*/true, n, d);
}
bool FpVectorHandlers::FRINTI_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return round_current(wide_vector(q, z), /*exact=*/false, n, d);
}
bool FpVectorHandlers::FRINTI_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return round_current(half_vector(q), /*exact=*/false, n, d);
}
bool FpVectorHandlers::FRINT32Z_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt32Z, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FRINT32X_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt32X, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FRINT64Z_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt64Z, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FRINT64X_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt64X, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::SCVTF_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::SCVTF_int_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::SCVTF_int_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::SCVTF_int_scalar_half(uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::SCVTF_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, fixed_shape(q, immh), fixed_bits(immh, immb), n, d);
}
bool FpVectorHandlers::SCVTF_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, half_vector(q), 16 - imm, n, d);
}
bool FpVectorHandlers::FCVTZS_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, fixed_shape(q, immh), fixed_bits(immh, immb), n, d);
}
bool FpVectorHandlers::FCVTZS_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, half_vector(q), 16 - imm, n, d);
}
bool FpVectorHandlers::SCVTF_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, fixed_shape(kScalar, immh), fixed_bits(immh, immb), n, d);
}
bool FpVectorHandlers::SCVTF_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d) {
  return from_integer(Op::sint_to_fp, half_scalar(), 16 - imm, n, d);
}
bool FpVectorHandlers::FCVTZS_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, fixed_shape(kScalar, immh), fixed_bits(immh, immb),
                    n, d);
}
bool FpVectorHandlers::FCVTZS_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_sint, Rounding::TowardZero, half_scalar(), 16 - imm, n, d);
}
bool FpVectorHandlers::UCVTF_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, wide_vector(q, z), 0, n, d);
}
bool FpVectorHandlers::UCVTF_int_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, half_vector(q), 0, n, d);
}
bool FpVectorHandlers::UCVTF_int_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, wide_scalar(z), 0, n, d);
}
bool FpVectorHandlers::UCVTF_int_scalar_half(uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, half_scalar(), 0, n, d);
}
bool FpVectorHandlers::UCVTF_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, fixed_shape(q, immh), fixed_bits(immh, immb), n, d);
}
bool FpVectorHandlers::UCVTF_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, half_vector(q), 16 - imm, n, d);
}
bool FpVectorHandlers::FCVTZU_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, fixed_shape(q, immh), fixed_bits(immh, immb), n, d);
}
bool FpVectorHandlers::FCVTZU_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, half_vector(q), 16 - imm, n, d);
}
bool FpVectorHandlers::UCVTF_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, fixed_shape(kScalar, immh), fixed_bits(immh, immb), n, d);
}
bool FpVectorHandlers::UCVTF_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d) {
  return from_integer(Op::uint_to_fp, half_scalar(), 16 - imm, n, d);
}
bool FpVectorHandlers::FCVTZU_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, fixed_shape(kScalar, immh), fixed_bits(immh, immb),
                    n, d);
}
bool FpVectorHandlers::FCVTZU_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d) {
  return to_integer(Op::fp_to_uint, Rounding::TowardZero, half_scalar(), 16 - imm, n, d);
}
bool FpVectorHandlers::URECPE(uint32_t q, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::UnsignedRecipEstimate, wide_vector(q, 0), n, d);
}
bool FpVectorHandlers::URSQRTE(uint32_t q, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::UnsignedRsqrtEstimate, wide_vector(q, 0), n, d);
}

}  // namespace ferry::arm64
