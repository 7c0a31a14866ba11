// Floating-point comparisons that make masks.
#include "frontend/arm64/fp_vector.h"
#include "ir/support/bits.h"

namespace ferry::arm64 {

using ir::fp::Rounding;

// Scalars are compared in all lanes alike, so that what lies above them raises no exception.
FpVectorHandlers::Value FpVectorHandlers::compare_operand(FpShape shape, uint32_t n) {
  if (shape.is_vector()) return operand(shape, n);
  return b_.unary(Op::splat, vector_of(shape.type), scalar(n, shape.type));
}

bool FpVectorHandlers::compare_values(FloatCond cond, bool signalling, FpShape shape, Value a, Value b,
                                      uint32_t d) {
  const Type type = shape.is_vector() ? shape.type : vector_of(shape.type);
  const Value mask = fp(Op::vfcmp, type, {a, b}, static_cast<uint64_t>(cond), signalling ? 1 : 0);
  return shape.is_vector() ? put(shape, d, mask)
                           : put(shape, d, b_.unary(Op::extract_lane, shape.type, mask));
}

bool FpVectorHandlers::compare(FloatCond cond, bool signalling, FpShape shape, uint32_t m, uint32_t n,
                               uint32_t d) {
  return compare_values(cond, signalling, shape, compare_operand(shape, n), compare_operand(shape, m), d);
}

bool FpVectorHandlers::compare_zero(FloatCond cond, bool signalling, FpShape shape, uint32_t n, uint32_t d) {
  return compare_values(cond, signalling, shape, compare_operand(shape, n), b_.konst(Type::V2I64, 0), d);
}

bool FpVectorHandlers::compare_absolute(FloatCond cond, FpShape shape, uint32_t m, uint32_t n, uint32_t d) {
  const unsigned width = ir::lane_bits(shape.type);
  const uint64_t mask = support::replicate(support::low_mask(width - 1), width);
  auto magnitude = [&](uint32_t reg) {
    return b_.binary(Op::and_, Type::V2I64, compare_operand(shape, reg), b_.konst(Type::V2I64, mask, mask));
  };
  const Value a = magnitude(n);
  return compare_values(cond, /*signalling=*/true, shape, a, magnitude(m), d);
}

bool FpVectorHandlers::FCMEQ_reg_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oeq, false, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FCMEQ_reg_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oeq, false, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FCMEQ_reg_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oeq, false, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FCMEQ_reg_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oeq, false, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FCMGE_reg_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oge, true, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FCMGE_reg_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oge, true, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FCMGE_reg_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oge, true, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FCMGE_reg_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Oge, true, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FCMGT_reg_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Ogt, true, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FCMGT_reg_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Ogt, true, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FCMGT_reg_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Ogt, true, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FCMGT_reg_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return compare(FloatCond::Ogt, true, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FCMEQ_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oeq, false, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FCMEQ_zero_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oeq, false, half_vector(q), n, d);
}
bool FpVectorHandlers::FCMEQ_zero_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oeq, false, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FCMEQ_zero_scalar_half(uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oeq, false, half_scalar(), n, d);
}
bool FpVectorHandlers::FCMGE_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oge, true, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FCMGE_zero_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oge, true, half_vector(q), n, d);
}
bool FpVectorHandlers::FCMGE_zero_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oge, true, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FCMGE_zero_scalar_half(uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Oge, true, half_scalar(), n, d);
}
bool FpVectorHandlers::FCMGT_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ogt, true, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FCMGT_zero_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ogt, true, half_vector(q), n, d);
}
bool FpVectorHandlers::FCMGT_zero_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ogt, true, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FCMGT_zero_scalar_half(uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ogt, true, half_scalar(), n, d);
}
bool FpVectorHandlers::FCMLE_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ole, true, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FCMLE_zero_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ole, true, half_vector(q), n, d);
}
bool FpVectorHandlers::FCMLE_zero_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ole, true, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FCMLE_zero_scalar_half(uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Ole, true, half_scalar(), n, d);
}
bool FpVectorHandlers::FCMLT_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Olt, true, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FCMLT_zero_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Olt, true, half_vector(q), n, d);
}
bool FpVectorHandlers::FCMLT_zero_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Olt, true, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FCMLT_zero_scalar_half(uint32_t n, uint32_t d) {
  return compare_zero(FloatCond::Olt, true, half_scalar(), n, d);
}
bool FpVectorHandlers::FACGE_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Oge, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FACGE_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Oge, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FACGE_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Oge, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FACGE_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Oge, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FACGT_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Ogt, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FACGT_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Ogt, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FACGT_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Ogt, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FACGT_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return compare_absolute(FloatCond::Ogt, half_scalar(), m, n, d);
}

}  // namespace ferry::arm64
