// Sums of single precision of products of narrower numbers: FEAT_FHM (half precision) and FEAT_BF16;
// conversions to BFloat16.
#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

// ---- FEAT_FHM: FPMulAddH. The product of two halves is exact in single precision. NaNs take their turns
// before they are made wider and quiet: they are made wider raw.

/// The factors of a result's lanes: of the numbers of Vm's low 64 or 128 bits the first half, or the second.
FpVectorHandlers::Value FpVectorHandlers::half_factor(uint32_t part, uint32_t q, uint32_t m) {
  const unsigned count = q != 0 ? 4 : 2;
  return pick(Type::V8F16, v(m), v(m), [&](unsigned i) { return part * count + i % count; });
}

bool FpVectorHandlers::half_products(bool negate, uint32_t part, uint32_t q, Value factor, uint32_t n,
                                     uint32_t d) {
  const FpShape shape = wide_vector(q, 0);
  const Value first = negate_parts(half_vector(1), half_factor(part, q, n), negate, negate);
  if (!exact_fp()) {
    const auto singles = [&](Value halves) { return b_.emit(Op::fwiden_raw, Type::V4F32, {halves}, 0); };
    const Value a = singles(first);
    return put(shape, d, fused(shape, operand(shape, d), a, singles(factor), {}));
  }
  const auto operation = static_cast<uint64_t>(FpProductSum::Half);
  return put(shape, d,
             call(Helper::soft_fp_product_sum, {b_.i64(operation), operand(shape, d), first, factor}));
}

bool FpVectorHandlers::FMLAL_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return half_products(false, 0, q, half_factor(0, q, m), n, d);
}
bool FpVectorHandlers::FMLSL_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return half_products(true, 0, q, half_factor(0, q, m), n, d);
}
bool FpVectorHandlers::FMLAL2_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return half_products(false, 1, q, half_factor(1, q, m), n, d);
}
bool FpVectorHandlers::FMLSL2_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return half_products(true, 1, q, half_factor(1, q, m), n, d);
}
bool FpVectorHandlers::FMLAL_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                     uint32_t d) {
  return half_products(false, 0, q, element(half_vector(1), half_element(l, mhi, m, h)), n, d);
}
bool FpVectorHandlers::FMLSL_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                     uint32_t d) {
  return half_products(true, 0, q, element(half_vector(1), half_element(l, mhi, m, h)), n, d);
}
bool FpVectorHandlers::FMLAL2_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                      uint32_t n, uint32_t d) {
  return half_products(false, 1, q, element(half_vector(1), half_element(l, mhi, m, h)), n, d);
}
bool FpVectorHandlers::FMLSL2_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                      uint32_t n, uint32_t d) {
  return half_products(true, 1, q, element(half_vector(1), half_element(l, mhi, m, h)), n, d);
}

// ---- FEAT_BF16

FpVectorHandlers::Value FpVectorHandlers::to_bfloat(Value singles) {
  return extra(FpExtra::ToBFloat, Type::V4F32, singles, singles);
}

bool FpVectorHandlers::BFCVT(uint32_t n, uint32_t d) {
  const Value converted = to_bfloat(b_.unary(Op::splat, Type::V4F32, scalar(n, Type::F32)));
  set_scalar(d, b_.unary(Op::extract_lane, Type::I16, converted));
  return true;
}

bool FpVectorHandlers::BFCVTN(uint32_t q, uint32_t n, uint32_t d) {
  const Value converted = to_bfloat(v(n));
  const Value low =
      pick(Type::V8I16, converted, converted, [](unsigned i) { return i < 4 ? 2 * i : kZeroLane; });
  return put_narrow(q, d, low);
}

// Two products in each lane. With FPCR.EBF clear (there is no FEAT_EBF16) rounding is fixed and no exception
// is recorded.
FpVectorHandlers::Value FpVectorHandlers::bfloat_dot(Value sum, Value a, Value b) {
  return call(Helper::soft_fp_product_sum,
              {b_.i64(static_cast<uint64_t>(FpProductSum::BFloatDot)), sum, a, b});
}

bool FpVectorHandlers::BFDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return put(wide_vector(q, 0), d, bfloat_dot(v(d), v(n), v(m)));
}

bool FpVectorHandlers::BFDOT_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                     uint32_t d) {
  const Value pair = element(wide_vector(1, 0), wide_element(0, l, mhi, m, h));
  return put(wide_vector(q, 0), d, bfloat_dot(v(d), v(n), pair));
}

// BFMatMulAddH: of matrices of 2 by 4 numbers, the second transposed: lane 2i + j is the sum of two dot
// products of pair 2i + k of Vn and pair 2j + k of Vm.
bool FpVectorHandlers::BFMMLA(uint32_t m, uint32_t n, uint32_t d) {
  Value sum = v(d);
  for (unsigned k = 0; k < 2; ++k) {
    const Value rows = pick(Type::V4I32, v(n), v(n), [&](unsigned lane) { return lane / 2 * 2 + k; });
    sum =
        bfloat_dot(sum, rows, pick(Type::V4I32, v(m), v(m), [&](unsigned lane) { return lane % 2 * 2 + k; }));
  }
  set_v(d, sum);
  return true;
}

bool FpVectorHandlers::bfloat_products(uint32_t top, Value factor, uint32_t n, uint32_t d) {
  const Value first = widen_bfloats(n, [&](unsigned i) { return 2 * i + top; });
  return put(wide_vector(1, 0), d, fused(wide_vector(1, 0), v(d), first, factor, {}));
}

bool FpVectorHandlers::BFMLAL_vec(uint32_t top, uint32_t m, uint32_t n, uint32_t d) {
  return bfloat_products(top, widen_bfloats(m, [&](unsigned i) { return 2 * i + top; }), n, d);
}

bool FpVectorHandlers::BFMLAL_elt_vec(uint32_t top, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                      uint32_t n, uint32_t d) {
  const Element e = half_element(l, mhi, m, h);
  return bfloat_products(top, widen_bfloats(e.reg, [&](unsigned) { return e.index; }), n, d);
}

}  // namespace ferry::arm64
