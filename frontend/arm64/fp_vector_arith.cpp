// Floating-point arithmetic on vectors, and on SIMD scalars.
#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

using ir::fp::Rounding;

bool FpVectorHandlers::absolute_difference(FpShape shape, uint32_t m, uint32_t n, uint32_t d) {
  const Value difference = fp(Op::fsub, shape.type, {operand(shape, n), operand(shape, m)});
  if (ir::lane_bits(shape.type) != 16) return put(shape, d, b_.unary(Op::fabs, shape.type, difference));
  return put(shape, d, soft_fp(Op::fabs, shape.type, {difference}, 0, 0));
}

// Lane i of the result comes from lanes 2i and 2i + 1 of Vm:Vn.
bool FpVectorHandlers::pairwise(Op op, FpShape shape, uint32_t m, uint32_t n, uint32_t d) {
  const unsigned all = ir::lanes(shape.type);
  const unsigned count = shape.full ? all : all / 2;
  auto every_second = [&](unsigned odd) {
    return pick(shape.type, v(n), v(m), [&](unsigned i) {
      const unsigned pair = i % count;
      return pair < count / 2 ? 2 * pair + odd : all + 2 * (pair - count / 2) + odd;
    });
  };
  const Value even = every_second(0);
  return put(shape, d, fp(op, shape.type, {even, every_second(1)}));
}

bool FpVectorHandlers::pairwise_scalar(Op op, FpShape shape, uint32_t n, uint32_t d) {
  const Value first = lane(n, shape.type, 0);
  set_scalar(d, fp(op, shape.type, {first, lane(n, shape.type, 1)}));
  return true;
}

// Reduce() of the manual: the operation on the results of both halves.
FpVectorHandlers::Value FpVectorHandlers::reduce(Op op, Type type, uint32_t n, unsigned first,
                                                 unsigned count) {
  if (count == 1) return lane(n, type, first);
  const Value low = reduce(op, type, n, first, count / 2);
  const Value high = reduce(op, type, n, first + count / 2, count / 2);
  return fp(op, type, {low, high});
}

bool FpVectorHandlers::across(Op op, FpShape shape, uint32_t n, uint32_t d) {
  const unsigned count = ir::lanes(shape.type) / (shape.full ? 1 : 2);
  set_scalar(d, reduce(op, ir::lane_type(shape.type), n, 0, count));
  return true;
}

bool FpVectorHandlers::FADD_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fadd, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FADD_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fadd, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FSUB_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fsub, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FSUB_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fsub, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMUL_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmul, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMUL_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmul, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FDIV_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fdiv, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FDIV_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fdiv, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMAX_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmax, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMAX_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmax, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMIN_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmin, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMIN_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmin, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMAXNM_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmaxnum, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMAXNM_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmaxnum, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMINNM_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fminnum, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMINNM_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fminnum, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMULX_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::Mulx, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMULX_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::Mulx, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMULX_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::Mulx, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FMULX_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::Mulx, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FRECPS_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RecipStep, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FRECPS_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RecipStep, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FRECPS_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RecipStep, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FRECPS_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RecipStep, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FRSQRTS_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RsqrtStep, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FRSQRTS_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RsqrtStep, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FRSQRTS_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RsqrtStep, wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FRSQRTS_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return extra_binary(FpExtra::RsqrtStep, half_scalar(), m, n, d);
}
bool FpVectorHandlers::FRECPE_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RecipEstimate, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FRECPE_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RecipEstimate, half_vector(q), n, d);
}
bool FpVectorHandlers::FRECPE_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RecipEstimate, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FRECPE_scalar_half(uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RecipEstimate, half_scalar(), n, d);
}
bool FpVectorHandlers::FRSQRTE_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RsqrtEstimate, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FRSQRTE_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RsqrtEstimate, half_vector(q), n, d);
}
bool FpVectorHandlers::FRSQRTE_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RsqrtEstimate, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FRSQRTE_scalar_half(uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RsqrtEstimate, half_scalar(), n, d);
}
bool FpVectorHandlers::FRECPX_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RecipExponent, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FRECPX_scalar_half(uint32_t n, uint32_t d) {
  return extra_unary(FpExtra::RecipExponent, half_scalar(), n, d);
}
bool FpVectorHandlers::FABD_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return absolute_difference(wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FABD_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return absolute_difference(half_vector(q), m, n, d);
}
bool FpVectorHandlers::FABD_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return absolute_difference(wide_scalar(z), m, n, d);
}
bool FpVectorHandlers::FABD_scalar_half(uint32_t m, uint32_t n, uint32_t d) {
  return absolute_difference(half_scalar(), m, n, d);
}
bool FpVectorHandlers::FMLA_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return multiply_add(wide_vector(q, z), m, d, n, d, {});
}
bool FpVectorHandlers::FMLA_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return multiply_add(half_vector(q), m, d, n, d, {});
}
bool FpVectorHandlers::FMLS_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return multiply_add(wide_vector(q, z), m, d, n, d, {.negate_product = true});
}
bool FpVectorHandlers::FMLS_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return multiply_add(half_vector(q), m, d, n, d, {.negate_product = true});
}
bool FpVectorHandlers::FABS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return unary(Op::fabs, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FABS_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return unary(Op::fabs, half_vector(q), n, d);
}
bool FpVectorHandlers::FNEG_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return unary(Op::fneg, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FNEG_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return unary(Op::fneg, half_vector(q), n, d);
}
bool FpVectorHandlers::FSQRT_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d) {
  return unary(Op::fsqrt, wide_vector(q, z), n, d);
}
bool FpVectorHandlers::FSQRT_vec_half(uint32_t q, uint32_t n, uint32_t d) {
  return unary(Op::fsqrt, half_vector(q), n, d);
}
bool FpVectorHandlers::FADDP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fadd, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FADDP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fadd, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FADDP_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fadd, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FADDP_scalar_half(uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fadd, half_scalar(), n, d);
}
bool FpVectorHandlers::FMAXP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fmax, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMAXP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fmax, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMAXP_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fmax, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FMAXP_scalar_half(uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fmax, half_scalar(), n, d);
}
bool FpVectorHandlers::FMINP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fmin, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMINP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fmin, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMINP_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fmin, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FMINP_scalar_half(uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fmin, half_scalar(), n, d);
}
bool FpVectorHandlers::FMAXNMP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fmaxnum, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMAXNMP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fmaxnum, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMAXNMP_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fmaxnum, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FMAXNMP_scalar_half(uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fmaxnum, half_scalar(), n, d);
}
bool FpVectorHandlers::FMINNMP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fminnum, wide_vector(q, z), m, n, d);
}
bool FpVectorHandlers::FMINNMP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::fminnum, half_vector(q), m, n, d);
}
bool FpVectorHandlers::FMINNMP_scalar(uint32_t z, uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fminnum, wide_scalar(z), n, d);
}
bool FpVectorHandlers::FMINNMP_scalar_half(uint32_t n, uint32_t d) {
  return pairwise_scalar(Op::fminnum, half_scalar(), n, d);
}
bool FpVectorHandlers::FMAXV(uint32_t n, uint32_t d) { return across(Op::fmax, wide_vector(1, 0), n, d); }
bool FpVectorHandlers::FMAXV_half(uint32_t q, uint32_t n, uint32_t d) {
  return across(Op::fmax, half_vector(q), n, d);
}
bool FpVectorHandlers::FMINV(uint32_t n, uint32_t d) { return across(Op::fmin, wide_vector(1, 0), n, d); }
bool FpVectorHandlers::FMINV_half(uint32_t q, uint32_t n, uint32_t d) {
  return across(Op::fmin, half_vector(q), n, d);
}
bool FpVectorHandlers::FMAXNMV(uint32_t n, uint32_t d) {
  return across(Op::fmaxnum, wide_vector(1, 0), n, d);
}
bool FpVectorHandlers::FMAXNMV_half(uint32_t q, uint32_t n, uint32_t d) {
  return across(Op::fmaxnum, half_vector(q), n, d);
}
bool FpVectorHandlers::FMINNMV(uint32_t n, uint32_t d) {
  return across(Op::fminnum, wide_vector(1, 0), n, d);
}
bool FpVectorHandlers::FMINNMV_half(uint32_t q, uint32_t n, uint32_t d) {
  return across(Op::fminnum, half_vector(q), n, d);
}

}  // namespace ferry::arm64
