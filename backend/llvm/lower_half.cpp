// Half precision on hosts without it: numbers are made single (or double), which is exact, and results
// rounded again, which is as good as one rounding (backend/x64/emit_half.cpp says why).
#include <llvm/IR/Intrinsics.h>

#include "backend/llvm/lower.h"
#include "ir/fp_ops.h"
#include "ir/support/bits.h"

namespace ferry::backend::llvm_tier {

using ir::Op;
using ir::Type;

/// Whether the instruction needs conversions from or to half precision that the host does not have.
bool Lowering::lacks_half(const Inst& inst) const {
  if (host_.half || !ir::is_fp_op(inst.op) || inst.op == Op::fabs || inst.op == Op::fneg) return false;
  const bool words = inst.type == Type::V8I16;
  return words || ir::is_half(inst.type) || ir::is_half(arg_type(inst, 0)) ||
         ((inst.op == Op::fwiden || inst.op == Op::fwiden_raw) && inst.type == Type::V4F32);
}

/// Operand `index` of a floating-point operation.
llvm::Value* Lowering::operand(const Inst& inst, unsigned index) {
  const bool vector = ir::is_vector(inst.type);
  return arg_as(inst, index,
                vector ? ir::float_vector_type(ir::lane_bits(inst.type)) : arg_type(inst, index));
}

/// The same, halves as singles.
llvm::Value* Lowering::singles(const Inst& inst, unsigned index) {
  Value* value = operand(inst, index);
  if (!value->getType()->getScalarType()->isHalfTy()) return value;
  return b_.CreateFPExt(value, value->getType()->getWithNewType(b_.getFloatTy()));
}

/// The same in a precision that the host computes with.
llvm::Value* Lowering::number(const Inst& inst, unsigned index) {
  return computes_halves() ? operand(inst, index) : singles(inst, index);
}

/// The result of an operation on singles() or number()s.
llvm::Value* Lowering::result(const Inst& inst, Value* value) {
  llvm::Type* type = type_of(inst.type);
  return value->getType() == type ? value : b_.CreateFPTrunc(value, type);
}

// What a single has no room for goes on as its lowest bit, which lies below a half's.
llvm::Value* Lowering::narrow_sticky(Value* doubles) {
  constexpr uint64_t kBelow = support::low_mask(29);
  llvm::Type* bits_type = doubles->getType()->getWithNewType(b_.getInt64Ty());
  auto* below = llvm::ConstantInt::get(bits_type, kBelow);
  Value* bits = b_.CreateBitCast(doubles, bits_type);
  bits = b_.CreateOr(bits, b_.CreateAdd(b_.CreateAnd(bits, below), below));
  bits = b_.CreateAnd(bits, llvm::ConstantInt::get(bits_type, ~kBelow));
  return b_.CreateFPTrunc(b_.CreateBitCast(bits, doubles->getType()),
                          doubles->getType()->getWithNewType(b_.getFloatTy()));
}

llvm::Value* Lowering::half_fma(const Inst& inst) {
  const auto doubles = [&](unsigned index) {
    Value* value = operand(inst, index);
    return b_.CreateFPExt(value, value->getType()->getWithNewType(b_.getDoubleTy()));
  };
  Value* addend = doubles(0);
  Value* a = doubles(1);
  return result(inst, narrow_sticky(fused(addend, a, doubles(2))));
}

llvm::Value* Lowering::half_is_nan(Value* half) {
  llvm::Type* type = half->getType()->getWithNewType(b_.getInt16Ty());
  Value* magnitude = b_.CreateAnd(b_.CreateBitCast(half, type), llvm::ConstantInt::get(type, 0x7fff));
  return b_.CreateICmpSGT(magnitude, llvm::ConstantInt::get(type, 0x7c00));
}

// Numbers of sign and magnitude are in order as two's complement once those below zero are inverted but for
// the sign.
llvm::Value* Lowering::half_min_max(const Inst& inst, bool want_min) {
  Value* a = arg_as(inst, 0, inst.type);
  Value* b = arg_as(inst, 1, inst.type);
  const Type bits_type = ir::is_vector(inst.type) ? Type::V8I16 : Type::I16;
  const auto reorder = [&](Value* bits) {
    return b_.CreateXor(bits, b_.CreateLShr(b_.CreateAShr(bits, 15), 1));
  };
  Value* chosen = b_.CreateBinaryIntrinsic(want_min ? llvm::Intrinsic::smin : llvm::Intrinsic::smax,
                                           reorder(as(a, bits_type)), reorder(as(b, bits_type)));
  return exact_when(inst, any_lane(unordered(a, b)), as(reorder(chosen), inst.type));
}

}  // namespace ferry::backend::llvm_tier
