// Scalar floating-point arithmetic.
#include "frontend/arm64/fp.h"

namespace ferry::arm64 {

using ir::fp::Rounding;

bool FpHandlers::unary(Op op, FpShape shape, uint32_t n, uint32_t d) {
  return put(shape, d, fp(op, shape.type, {operand(shape, n)}));
}

bool FpHandlers::binary(Op op, FpShape shape, uint32_t m, uint32_t n, uint32_t d) {
  return put(shape, d, fp(op, shape.type, {operand(shape, n), operand(shape, m)}));
}

bool FpHandlers::negated_product(FpShape shape, uint32_t m, uint32_t n, uint32_t d) {
  const Value product = fp(Op::fmul, shape.type, {operand(shape, n), operand(shape, m)});
  return put(shape, d, negate(shape.type, product));
}

FpHandlers::Value FpHandlers::fused(FpShape shape, Value addend, Value a, Value b, Negated negated) {
  return fp(Op::fma, shape.type,
            {negated.negate_addend ? negate(shape.type, addend) : addend,
             negated.negate_product ? negate(shape.type, a) : a, b});
}

bool FpHandlers::multiply_add(FpShape shape, uint32_t m, uint32_t a, uint32_t n, uint32_t d,
                              Negated negated) {
  return put(shape, d, fused(shape, operand(shape, a), operand(shape, n), operand(shape, m), negated));
}

bool FpHandlers::FMUL_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmul, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FDIV_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fdiv, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FADD_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fadd, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FSUB_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fsub, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FMAX_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmax, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FMIN_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmin, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FMAXNM_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fmaxnum, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FMINNM_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return binary(Op::fminnum, scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FNMUL_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d) {
  return negated_product(scalar_shape(ftype), m, n, d);
}
bool FpHandlers::FMADD_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_add(scalar_shape(ftype), m, a, n, d, {.negate_addend = false, .negate_product = false});
}
bool FpHandlers::FMSUB_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_add(scalar_shape(ftype), m, a, n, d, {.negate_addend = false, .negate_product = true});
}
bool FpHandlers::FNMADD_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_add(scalar_shape(ftype), m, a, n, d, {.negate_addend = true, .negate_product = true});
}
bool FpHandlers::FNMSUB_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return multiply_add(scalar_shape(ftype), m, a, n, d, {.negate_addend = true, .negate_product = false});
}
bool FpHandlers::FABS_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return unary(Op::fabs, scalar_shape(ftype), n, d);
}
bool FpHandlers::FNEG_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return unary(Op::fneg, scalar_shape(ftype), n, d);
}
bool FpHandlers::FSQRT_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return unary(Op::fsqrt, scalar_shape(ftype), n, d);
}

}  // namespace ferry::arm64
