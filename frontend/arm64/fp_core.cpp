// What all floating-point handlers share; moves, compares and selects.
#include "frontend/arm64/fp.h"
#include "ir/support/bits.h"

namespace ferry::arm64 {

FpHandlers::Value FpHandlers::operand(FpShape shape, uint32_t n) {
  if (!shape.is_vector()) return scalar(n, shape.type);
  if (shape.full) return v(n);
  constexpr uint64_t kLowHalf = 0x0706050403020100;
  return b_.emit(Op::shuffle, Type::V2I64, {v(n), v(n)}, kLowHalf, kLowHalf);
}

bool FpHandlers::put(FpShape shape, uint32_t d, Value value) {
  if (shape.is_vector()) {
    set_v(d, shape.full ? 1 : 0, value);
  } else {
    set_scalar(d, value);
  }
  return true;
}

FpHandlers::Value FpHandlers::fp(Op op, Type type, std::initializer_list<Value> args, uint64_t imm,
                                 uint64_t imm2) {
  if (exact_fp()) return soft_fp(op, type, args, imm, imm2);
  return b_.emit(op, type, args, imm, imm2);
}

// Helpers take 128-bit values; a scalar travels in the lowest lane.
FpHandlers::Value FpHandlers::as_vector(Value value) {
  if (ir::is_vector(value.type)) return value;
  return b_.unary(Op::scalar_to_vec, vector_of(value.type), value);
}

FpHandlers::Value FpHandlers::from_vector(Type type, Value vector) {
  return ir::is_vector(type) ? vector : b_.unary(Op::extract_lane, type, vector);
}

FpHandlers::Value FpHandlers::soft_fp(Op op, Type type, std::initializer_list<Value> args, uint64_t imm,
                                      uint64_t imm2) {
  const SoftFpOp operation{op, type, args.begin()->type, static_cast<uint8_t>(imm),
                           static_cast<uint8_t>(imm2)};
  Value operands[3];
  unsigned count = 0;
  for (Value arg : args) operands[count++] = as_vector(arg);
  for (; count < 3; ++count) operands[count] = operands[0];
  return from_vector(
      type, call(Helper::soft_fp, {b_.i64(operation.pack()), operands[0], operands[1], operands[2]}));
}

FpHandlers::Value FpHandlers::extra(FpExtra operation, Type type, Value a, Value b) {
  const uint64_t descriptor = static_cast<uint64_t>(operation) | static_cast<uint64_t>(type) << 8;
  return from_vector(type, call(Helper::soft_fp_extra, {b_.i64(descriptor), as_vector(a), as_vector(b)}));
}

bool FpHandlers::extra_unary(FpExtra operation, FpShape shape, uint32_t n, uint32_t d) {
  const Value a = operand(shape, n);
  return put(shape, d, extra(operation, shape.type, a, a));
}

bool FpHandlers::extra_binary(FpExtra operation, FpShape shape, uint32_t m, uint32_t n, uint32_t d) {
  return put(shape, d, extra(operation, shape.type, operand(shape, n), operand(shape, m)));
}

// FPNeg flips the sign of anything, NaNs included, and raises nothing, whatever FPCR says.
FpHandlers::Value FpHandlers::negate(Type type, Value value) { return b_.unary(Op::fneg, type, value); }

bool FpHandlers::FMOV_to_gen(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  const Value bits = scalar(n, ir::int_type(ir::bits(scalar_shape(ftype).type)));
  set_r(d, b_.zext(width(z), bits));
  return true;
}

bool FpHandlers::FMOV_from_gen(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d) {
  set_scalar(d, b_.trunc(ir::int_type(ir::bits(scalar_shape(ftype).type)), r(z, n)));
  return true;
}

bool FpHandlers::FMOV_top_to_gen(uint32_t n, uint32_t d) {
  set_r(d, lane(n, Type::I64, 1));
  return true;
}

bool FpHandlers::FMOV_top_from_gen(uint32_t n, uint32_t d) {
  set_v(d, b_.emit(Op::insert_lane, Type::V2I64, {v(d), x(n)}, 1));
  return true;
}

bool FpHandlers::FMOV_float(uint32_t ftype, uint32_t n, uint32_t d) {
  return put(scalar_shape(ftype), d, scalar(n, scalar_shape(ftype).type));
}

// VFPExpandImm: sign, an exponent of NOT(b), copies of b, c and d, and four bits of fraction.
bool FpHandlers::FMOV_float_imm(uint32_t ftype, uint32_t imm, uint32_t d) {
  const Type type = scalar_shape(ftype).type;
  const unsigned size = ir::bits(type);
  const unsigned exponent_bits = size == 16 ? 5 : size == 32 ? 8 : 11;
  const unsigned fraction_bits = size - exponent_bits - 1;
  const uint64_t sign = imm >> 7, b = imm >> 6 & 1, cd = imm >> 4 & 3, fraction = imm & 15;
  const uint64_t copies = b != 0 ? support::low_mask(exponent_bits - 3) : 0;
  const uint64_t exponent = (b ^ 1) << (exponent_bits - 1) | copies << 2 | cd;
  set_scalar(
      d, b_.konst(type, sign << (size - 1) | exponent << fraction_bits | fraction << (fraction_bits - 4)));
  return true;
}

void FpHandlers::compare_scalars(Value a, Value b, bool signalling) {
  if (!exact_fp()) {
    set_flags_float_compare(a, b, signalling);
    return;
  }
  const uint64_t descriptor = static_cast<uint64_t>(a.type) | (signalling ? 1u << 8 : 0u);
  set_flags_packed(call(Helper::soft_fp_compare, {b_.i64(descriptor), as_vector(a), as_vector(b)}));
}

bool FpHandlers::FCMP_float(uint32_t ftype, uint32_t m, uint32_t n) {
  const Type type = scalar_shape(ftype).type;
  const Value a = scalar(n, type);
  compare_scalars(a, scalar(m, type), false);
  return true;
}

bool FpHandlers::FCMP_zero_float(uint32_t ftype, uint32_t n) {
  const Type type = scalar_shape(ftype).type;
  const Value a = scalar(n, type);
  compare_scalars(a, b_.konst(type, 0), false);
  return true;
}

bool FpHandlers::FCMPE_float(uint32_t ftype, uint32_t m, uint32_t n) {
  const Type type = scalar_shape(ftype).type;
  const Value a = scalar(n, type);
  compare_scalars(a, scalar(m, type), true);
  return true;
}

bool FpHandlers::FCMPE_zero_float(uint32_t ftype, uint32_t n) {
  const Type type = scalar_shape(ftype).type;
  const Value a = scalar(n, type);
  compare_scalars(a, b_.konst(type, 0), true);
  return true;
}

// The comparison is made only where the condition holds: otherwise a number is compared with itself, which
// raises nothing.
bool FpHandlers::FCCMP_float(uint32_t ftype, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv) {
  const Type type = scalar_shape(ftype).type;
  const Value guard = condition(cond);
  const Value zero = b_.konst(type, 0);
  const Value a = b_.select(guard, scalar(n, type), zero);
  compare_scalars(a, b_.select(guard, scalar(m, type), zero), false);
  guard_flags(guard, nzcv);
  return true;
}

bool FpHandlers::FCCMPE_float(uint32_t ftype, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv) {
  const Type type = scalar_shape(ftype).type;
  const Value guard = condition(cond);
  const Value zero = b_.konst(type, 0);
  const Value a = b_.select(guard, scalar(n, type), zero);
  compare_scalars(a, b_.select(guard, scalar(m, type), zero), true);
  guard_flags(guard, nzcv);
  return true;
}

bool FpHandlers::FCSEL_float(uint32_t ftype, uint32_t m, uint32_t cond, uint32_t n, uint32_t d) {
  const Type type = scalar_shape(ftype).type;
  const Value holds = condition(cond);
  set_scalar(d, b_.select(holds, scalar(n, type), scalar(m, type)));
  return true;
}

}  // namespace ferry::arm64
