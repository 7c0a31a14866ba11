// FEAT_FCMA: complex numbers, the real part in an even lane and the imaginary part behind it. An instruction
// does half of a product, or an addition, with its second operand turned by a multiple of 90 degrees (Arm ARM
// C7.2, FCMLA, FCADD).
#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

FpVectorHandlers::Value FpVectorHandlers::negate_parts(FpShape shape, Value value, bool real,
                                                       bool imaginary) {
  const unsigned bits = ir::lane_bits(shape.type);
  uint64_t mask = 0;
  for (unsigned lane = 0; lane < 64 / bits; ++lane) {
    // Doubles: a register is one number, whose halves differ.
    if (lane % 2 == 0 ? real : imaginary) mask |= uint64_t{1} << (lane * bits + bits - 1);
  }
  const uint64_t high = bits == 64 ? uint64_t{imaginary} << 63 : mask;
  return b_.binary(Op::xor_, Type::V2I64, value, b_.konst(Type::V2I64, mask, high));
}

// Rotation 0: the real parts of Vn times the factor; 1: the imaginary parts times i times the factor; 2 and
// 3: the same negated.
bool FpVectorHandlers::complex_multiply_add(FpShape shape, Value factor, uint32_t rotation, uint32_t n,
                                            uint32_t d) {
  const unsigned odd = rotation & 1;
  const Value first = operand(shape, n);
  const Value parts = pick(shape.type, first, first, [&](unsigned i) { return i / 2 * 2 + odd; });
  const Value other = odd != 0 ? pick(shape.type, factor, factor, [](unsigned i) { return i ^ 1; }) : factor;
  const Value signs = negate_parts(shape, other, rotation == 1 || rotation == 2, rotation >= 2);
  return put(shape, d, fused(shape, operand(shape, d), parts, signs, {}));
}

bool FpVectorHandlers::FCMLA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t rotation, uint32_t n,
                                 uint32_t d) {
  const FpShape shape = complex_shape(q, size);
  return complex_multiply_add(shape, operand(shape, m), rotation, n, d);
}

bool FpVectorHandlers::FCMLA_elt_vec(uint32_t q, uint32_t, uint32_t mhi, uint32_t m, uint32_t rotation,
                                     uint32_t h, uint32_t n, uint32_t d) {
  const FpShape shape = complex_shape(q, 2);
  const Value all = v(mhi << 4 | m);
  const Value factor = pick(shape.type, all, all, [&](unsigned i) { return 2 * h + i % 2; });
  return complex_multiply_add(shape, factor, rotation, n, d);
}

bool FpVectorHandlers::FCMLA_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t rotation,
                                          uint32_t h, uint32_t n, uint32_t d) {
  const FpShape shape = complex_shape(q, 1);
  const Value all = v(mhi << 4 | m);
  const unsigned number = h << 1 | l;
  const Value factor = pick(shape.type, all, all, [&](unsigned i) { return 2 * number + i % 2; });
  return complex_multiply_add(shape, factor, rotation, n, d);
}

// Rotation 0: by 90 degrees; 1: by 270.
bool FpVectorHandlers::FCADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t rotation, uint32_t n,
                                 uint32_t d) {
  const FpShape shape = complex_shape(q, size);
  const Value second = operand(shape, m);
  const Value turned = pick(shape.type, second, second, [](unsigned i) { return i ^ 1; });
  const Value signs = negate_parts(shape, turned, rotation == 0, rotation == 1);
  return put(shape, d, fp(Op::fadd, shape.type, {operand(shape, n), signs}));
}

}  // namespace ferry::arm64
