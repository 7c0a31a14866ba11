// Floating-point multiplications by one element of a vector.
#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

using ir::fp::Rounding;

FpVectorHandlers::Value FpVectorHandlers::element(FpShape shape, Element e) {
  const Value value = lane(e.reg, ir::lane_type(shape.type), e.index);
  return shape.is_vector() ? b_.unary(Op::splat, shape.type, value) : value;
}

bool FpVectorHandlers::multiply_add_element(FpShape shape, Element e, uint32_t n, uint32_t d,
                                            Negated negated) {
  return put(shape, d, fused(shape, operand(shape, d), operand(shape, n), element(shape, e), negated));
}

bool FpVectorHandlers::multiply_element(FpShape shape, Element e, uint32_t n, uint32_t d) {
  return put(shape, d, fp(Op::fmul, shape.type, {operand(shape, n), element(shape, e)}));
}

bool FpVectorHandlers::mulx_element(FpShape shape, Element e, uint32_t n, uint32_t d) {
  return put(shape, d, extra(FpExtra::Mulx, shape.type, operand(shape, n), element(shape, e)));
}

bool FpVectorHandlers::FMLA_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                    uint32_t n, uint32_t d) {
  return multiply_add_element(wide_vector(q, z), wide_element(z, l, mhi, m, h), n, d, {});
}
bool FpVectorHandlers::FMLS_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                    uint32_t n, uint32_t d) {
  return multiply_add_element(wide_vector(q, z), wide_element(z, l, mhi, m, h), n, d,
                              {.negate_product = true});
}
bool FpVectorHandlers::FMUL_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                    uint32_t n, uint32_t d) {
  return multiply_element(wide_vector(q, z), wide_element(z, l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMULX_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                     uint32_t n, uint32_t d) {
  return mulx_element(wide_vector(q, z), wide_element(z, l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMLA_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                         uint32_t n, uint32_t d) {
  return multiply_add_element(half_vector(q), half_element(l, mhi, m, h), n, d, {});
}
bool FpVectorHandlers::FMLS_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                         uint32_t n, uint32_t d) {
  return multiply_add_element(half_vector(q), half_element(l, mhi, m, h), n, d, {.negate_product = true});
}
bool FpVectorHandlers::FMUL_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                         uint32_t n, uint32_t d) {
  return multiply_element(half_vector(q), half_element(l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMULX_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                          uint32_t n, uint32_t d) {
  return mulx_element(half_vector(q), half_element(l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMLA_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                       uint32_t n, uint32_t d) {
  return multiply_add_element(wide_scalar(z), wide_element(z, l, mhi, m, h), n, d, {});
}
bool FpVectorHandlers::FMLS_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                       uint32_t n, uint32_t d) {
  return multiply_add_element(wide_scalar(z), wide_element(z, l, mhi, m, h), n, d, {.negate_product = true});
}
bool FpVectorHandlers::FMUL_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                       uint32_t n, uint32_t d) {
  return multiply_element(wide_scalar(z), wide_element(z, l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMULX_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h,
                                        uint32_t n, uint32_t d) {
  return mulx_element(wide_scalar(z), wide_element(z, l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMLA_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                            uint32_t d) {
  return multiply_add_element(half_scalar(), half_element(l, mhi, m, h), n, d, {});
}
bool FpVectorHandlers::FMLS_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                            uint32_t d) {
  return multiply_add_element(half_scalar(), half_element(l, mhi, m, h), n, d, {.negate_product = true});
}
bool FpVectorHandlers::FMUL_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                            uint32_t d) {
  return multiply_element(half_scalar(), half_element(l, mhi, m, h), n, d);
}
bool FpVectorHandlers::FMULX_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                                             uint32_t d) {
  return mulx_element(half_scalar(), half_element(l, mhi, m, h), n, d);
}

}  // namespace ferry::arm64
