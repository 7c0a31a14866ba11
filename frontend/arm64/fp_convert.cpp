// Scalar floating point: rounding to integral values, conversions to and from integers.
#include "frontend/arm64/fp.h"

namespace ferry::arm64 {

using ir::fp::Rounding;

bool FpHandlers::round_integral(FpShape shape, Rounding rounding, uint32_t n, uint32_t d) {
  return put(shape, d, fp(Op::fround, shape.type, {operand(shape, n)}, static_cast<uint64_t>(rounding)));
}

bool FpHandlers::round_current(FpShape shape, bool exact, uint32_t n, uint32_t d) {
  return put(shape, d, fp(Op::fround, shape.type, {operand(shape, n)}, ir::kRoundCurrent, exact ? 1 : 0));
}

bool FpHandlers::to_general(Op op, Rounding rounding, uint32_t z, uint32_t ftype, uint64_t fraction_bits,
                            uint32_t n, uint32_t d) {
  set_r(d, fp(op, width(z), {scalar(n, scalar_shape(ftype).type)}, static_cast<uint64_t>(rounding),
              fraction_bits));
  return true;
}

bool FpHandlers::from_general(Op op, uint32_t z, uint32_t ftype, uint64_t fraction_bits, uint32_t n,
                              uint32_t d) {
  set_scalar(d, fp(op, scalar_shape(ftype).type, {r(z, n)}, ir::kRoundCurrent, fraction_bits));
  return true;
}

bool FpHandlers::FCVT_float(uint32_t ftype, uint32_t opc, uint32_t n, uint32_t d) {
  set_scalar(d, fp(Op::fconvert, scalar_shape(opc).type, {scalar(n, scalar_shape(ftype).type)}));
  return true;
}

bool FpHandlers::FJCVTZS(uint32_t n, uint32_t d) {
  const Value both = call(Helper::javascript_int, {scalar(n, Type::I64)});
  set_r(d, b_.trunc(Type::I32, both));
  const Value exact = b_.trunc(Type::I32, b_.lshr(both, b_.i64(32)));
  set_flags_packed(b_.shl(exact, b_.i32(30)));
  return true;
}

bool FpHandlers::FRINTN_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_integral(scalar_shape(ftype), Rounding::NearestEven, n, d);
}
bool FpHandlers::FRINTP_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_integral(scalar_shape(ftype), Rounding::TowardPlusInf, n, d);
}
bool FpHandlers::FRINTM_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_integral(scalar_shape(ftype), Rounding::TowardMinusInf, n, d);
}
bool FpHandlers::FRINTZ_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_integral(scalar_shape(ftype), Rounding::TowardZero, n, d);
}
bool FpHandlers::FRINTA_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_integral(scalar_shape(ftype), Rounding::NearestAway, n, d);
}
bool FpHandlers::FRINTX_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_current(scalar_shape(ftype), /*exact=*/true, n, d);
}
bool FpHandlers::FRINTI_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return round_current(scalar_shape(ftype), /*exact=*/false, n, d);
}
bool FpHandlers::FRINT32Z_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt32Z, scalar_shape(ftype), n, d);
}
bool FpHandlers::FRINT32X_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt32X, scalar_shape(ftype), n, d);
}
bool FpHandlers::FRINT64Z_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt64Z, scalar_shape(ftype), n, d);
}
bool FpHandlers::FRINT64X_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RoundInt64X, scalar_shape(ftype), n, d);
}
bool FpHandlers::FCVTNS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_sint, Rounding::NearestEven, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTNU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_uint, Rounding::NearestEven, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTPS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_sint, Rounding::TowardPlusInf, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTPU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_uint, Rounding::TowardPlusInf, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTMS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_sint, Rounding::TowardMinusInf, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTMU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_uint, Rounding::TowardMinusInf, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTZS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_sint, Rounding::TowardZero, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTZU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_uint, Rounding::TowardZero, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTAS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_sint, Rounding::NearestAway, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTAU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_uint, Rounding::NearestAway, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTZS_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_sint, Rounding::TowardZero, z, ftype, 64 - scale, n, d);
}
bool FpHandlers::SCVTF_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d) {
  return from_general(Op::sint_to_fp, z, ftype, 64 - scale, n, d);
}
bool FpHandlers::SCVTF_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return from_general(Op::sint_to_fp, z, ftype, 0, n, d);
}
bool FpHandlers::FCVTZU_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d) {
  return to_general(Op::fp_to_uint, Rounding::TowardZero, z, ftype, 64 - scale, n, d);
}
bool FpHandlers::UCVTF_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d) {
  return from_general(Op::uint_to_fp, z, ftype, 64 - scale, n, d);
}
bool FpHandlers::UCVTF_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  return from_general(Op::uint_to_fp, z, ftype, 0, n, d);
}

}  // namespace ferry::arm64
