// Integer operations on 128-bit vectors that scalars do not have.
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

using ir::Type;

// LLVM's vector shifts by the lane width or more are poison; ours give 0, or the sign.
llvm::Value* Lowering::vector_shift(const Inst& inst, llvm::Instruction::BinaryOps op) {
  Value* vector = arg_as(inst, 0, inst.type);
  const uint64_t width = ir::lane_bits(inst.type);
  uint64_t amount = inst.imm;
  if (amount >= width) {
    if (op != llvm::Instruction::AShr) return llvm::Constant::getNullValue(vector->getType());
    amount = width - 1;
  }
  return b_.CreateBinOp(op, vector, llvm::ConstantInt::get(vector->getType(), amount));
}

llvm::Value* Lowering::vshl(const Inst& inst) { return vector_shift(inst, llvm::Instruction::Shl); }
llvm::Value* Lowering::vlshr(const Inst& inst) { return vector_shift(inst, llvm::Instruction::LShr); }
llvm::Value* Lowering::vashr(const Inst& inst) { return vector_shift(inst, llvm::Instruction::AShr); }

namespace {

using Shift = llvm::Instruction::BinaryOps;

llvm::Intrinsic::ID avx2_shift(Shift op, unsigned width) {
  switch (op) {
    case llvm::Instruction::Shl:
      return width == 32 ? llvm::Intrinsic::x86_avx2_psllv_d : llvm::Intrinsic::x86_avx2_psllv_q;
    case llvm::Instruction::LShr:
      return width == 32 ? llvm::Intrinsic::x86_avx2_psrlv_d : llvm::Intrinsic::x86_avx2_psrlv_q;
    default:
      return llvm::Intrinsic::x86_avx2_psrav_d;
  }
}

llvm::Intrinsic::ID avx2_wide_shift(Shift op) {
  switch (op) {
    case llvm::Instruction::Shl:
      return llvm::Intrinsic::x86_avx2_psllv_d_256;
    case llvm::Instruction::LShr:
      return llvm::Intrinsic::x86_avx2_psrlv_d_256;
    default:
      return llvm::Intrinsic::x86_avx2_psrav_d_256;
  }
}

llvm::Intrinsic::ID avx512_words_shift(Shift op) {
  switch (op) {
    case llvm::Instruction::Shl:
      return llvm::Intrinsic::x86_avx512_psllv_w_128;
    case llvm::Instruction::LShr:
      return llvm::Intrinsic::x86_avx512_psrlv_w_128;
    default:
      return llvm::Intrinsic::x86_avx512_psrav_w_128;
  }
}

}  // namespace

// The host's shifts by lanes treat large amounts as ours do; AVX2 has none of 16 bits and no arithmetic one
// of 64.
llvm::Value* Lowering::shift_by_lanes(const Inst& inst, Shift op) {
  if (!host_.avx2) return evaluate(inst);
  const unsigned width = ir::lane_bits(inst.type);
  const bool is_arithmetic = op == llvm::Instruction::AShr;
  Value* a = arg_as(inst, 0, inst.type);
  Value* amount = arg_as(inst, 1, inst.type);
  if (width == 16 && host_.avx512) return b_.CreateIntrinsic(avx512_words_shift(op), {}, {a, amount});
  if (width == 16) {
    auto* wide = llvm::FixedVectorType::get(b_.getInt32Ty(), 8);
    a = is_arithmetic ? b_.CreateSExt(a, wide) : b_.CreateZExt(a, wide);
    Value* shifted = b_.CreateIntrinsic(avx2_wide_shift(op), {}, {a, b_.CreateZExt(amount, wide)});
    return b_.CreateTrunc(shifted, type_of(inst.type));
  }
  if (width == 64 && is_arithmetic) {
    if (host_.avx512) return b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_psrav_q_128, {}, {a, amount});
    Value* sign = b_.CreateAShr(a, llvm::ConstantInt::get(a->getType(), width - 1));
    Value* shifted =
        b_.CreateIntrinsic(llvm::Intrinsic::x86_avx2_psrlv_q, {}, {b_.CreateXor(a, sign), amount});
    return b_.CreateXor(shifted, sign);
  }
  return b_.CreateIntrinsic(avx2_shift(op, width), {}, {a, amount});
}

llvm::Value* Lowering::vshl_by(const Inst& inst) { return shift_by_lanes(inst, llvm::Instruction::Shl); }
llvm::Value* Lowering::vlshr_by(const Inst& inst) { return shift_by_lanes(inst, llvm::Instruction::LShr); }
llvm::Value* Lowering::vashr_by(const Inst& inst) { return shift_by_lanes(inst, llvm::Instruction::AShr); }

llvm::Value* Lowering::uadd_sat(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::uadd_sat); }
llvm::Value* Lowering::sadd_sat(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::sadd_sat); }
llvm::Value* Lowering::usub_sat(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::usub_sat); }
llvm::Value* Lowering::ssub_sat(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::ssub_sat); }

// (a | b) - ((a ^ b) >> 1) is the average rounded up, and LLVM knows it as pavgb and pavgw in its widened
// form only.
llvm::Value* Lowering::uavg_round(const Inst& inst) {
  Value* a = arg_as(inst, 0, inst.type);
  Value* b = arg_as(inst, 1, inst.type);
  Value* half_difference = b_.CreateLShr(b_.CreateXor(a, b), llvm::ConstantInt::get(a->getType(), 1));
  return b_.CreateSub(b_.CreateOr(a, b), half_difference);
}

llvm::Value* Lowering::half(Value* vector, Type lanes, uint64_t which) {
  const unsigned count = ir::lanes(lanes) / 2;
  std::vector<int> mask(count);
  for (unsigned i = 0; i < count; ++i) mask[i] = static_cast<int>(i + which * count);
  return b_.CreateShuffleVector(as(vector, lanes), mask);
}

llvm::Value* Lowering::widen(Value* half_vector, Type to, bool is_signed) {
  return is_signed ? b_.CreateSExt(half_vector, type_of(to)) : b_.CreateZExt(half_vector, type_of(to));
}

llvm::Value* Lowering::mul_wide_u(const Inst& inst) {
  const Type from = half_lanes(inst.type);
  return b_.CreateMul(widen(half(arg(inst, 0), from, inst.imm), inst.type, false),
                      widen(half(arg(inst, 1), from, inst.imm), inst.type, false));
}
llvm::Value* Lowering::mul_wide_s(const Inst& inst) {
  const Type from = half_lanes(inst.type);
  return b_.CreateMul(widen(half(arg(inst, 0), from, inst.imm), inst.type, true),
                      widen(half(arg(inst, 1), from, inst.imm), inst.type, true));
}
llvm::Value* Lowering::widen_u(const Inst& inst) {
  return widen(half(arg(inst, 0), half_lanes(inst.type), inst.imm), inst.type, false);
}
llvm::Value* Lowering::widen_s(const Inst& inst) {
  return widen(half(arg(inst, 0), half_lanes(inst.type), inst.imm), inst.type, true);
}

// `half_vector` has half of `to`'s lanes; the other half becomes zero.
llvm::Value* Lowering::low_half_zero_upper(Value* half_vector, Type to) {
  const unsigned count = ir::lanes(to);
  std::vector<int> mask(count);
  for (unsigned i = 0; i < count; ++i) mask[i] = static_cast<int>(i);
  return b_.CreateShuffleVector(half_vector, llvm::Constant::getNullValue(half_vector->getType()), mask);
}

llvm::Value* Lowering::narrow(const Inst& inst) {
  Value* wide = arg_as(inst, 0, double_lanes(inst.type));
  auto* to = llvm::FixedVectorType::get(b_.getIntNTy(ir::lane_bits(inst.type)), ir::lanes(inst.type) / 2);
  return low_half_zero_upper(b_.CreateTrunc(wide, to), inst.type);
}

llvm::Value* Lowering::narrow_clamped(const Inst& inst, bool source_signed, bool result_signed) {
  const unsigned width = ir::lane_bits(inst.type);
  Value* wide = arg_as(inst, 0, double_lanes(inst.type));
  llvm::Type* type = wide->getType();
  const llvm::APInt top = result_signed ? llvm::APInt::getSignedMaxValue(width).zext(2 * width)
                                        : llvm::APInt::getMaxValue(width).zext(2 * width);
  const llvm::APInt bottom =
      result_signed ? llvm::APInt::getSignedMinValue(width).sext(2 * width) : llvm::APInt::getZero(2 * width);
  if (source_signed) {
    wide = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, wide, llvm::ConstantInt::get(type, bottom));
    wide = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, wide, llvm::ConstantInt::get(type, top));
  } else {
    wide = b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, wide, llvm::ConstantInt::get(type, top));
  }
  auto* to = llvm::FixedVectorType::get(b_.getIntNTy(width), ir::lanes(inst.type) / 2);
  return low_half_zero_upper(b_.CreateTrunc(wide, to), inst.type);
}

llvm::Value* Lowering::narrow_sat_ss(const Inst& inst) { return narrow_clamped(inst, true, true); }
llvm::Value* Lowering::narrow_sat_su(const Inst& inst) { return narrow_clamped(inst, true, false); }
llvm::Value* Lowering::narrow_sat_uu(const Inst& inst) { return narrow_clamped(inst, false, false); }

// Selectors: 0 to 15 the first vector's bytes, 16 to 31 the second's, 0x80 zero. LLVM shuffles two inputs;
// zeros are brought in by a second shuffle.
llvm::Value* Lowering::shuffle(const Inst& inst) {
  std::vector<int> from_inputs(16), with_zero(16);
  bool any_zero = false;
  for (unsigned i = 0; i < 16; ++i) {
    const uint64_t selector = (i < 8 ? inst.imm >> (8 * i) : inst.imm2 >> (8 * (i - 8))) & 0xff;
    const bool zero = selector >= 32;
    from_inputs[i] = zero ? -1 : static_cast<int>(selector);
    with_zero[i] = static_cast<int>(zero ? 16 + i : i);
    any_zero |= zero;
  }
  Value* result = b_.CreateShuffleVector(bytes_of(arg(inst, 0)), bytes_of(arg(inst, 1)), from_inputs);
  if (any_zero) {
    result = b_.CreateShuffleVector(result, llvm::Constant::getNullValue(result->getType()), with_zero);
  }
  return as(result, inst.type);
}

// pshufb gives zero where a selector's top bit is set; adding 0x70 with saturation sets it for 16 and above.
llvm::Value* Lowering::tbl(const Inst& inst) {
  Value* indices = bytes_of(arg(inst, 1));
  Value* bias = llvm::ConstantInt::get(indices->getType(), 0x70);
  Value* selectors = b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_sat, indices, bias);
  return b_.CreateIntrinsic(llvm::Intrinsic::x86_ssse3_pshuf_b_128, {}, {bytes_of(arg(inst, 0)), selectors});
}

llvm::Value* Lowering::splat(const Inst& inst) {
  return as(b_.CreateVectorSplat(ir::lanes(inst.type), arg(inst, 0)), inst.type);
}

llvm::Value* Lowering::extract_lane(const Inst& inst) {
  const Type lanes = ir::is_float(inst.type) ? ir::float_vector_type(ir::bits(inst.type))
                                             : ir::vector_type(ir::bits(inst.type));
  return b_.CreateExtractElement(arg_as(inst, 0, lanes), inst.imm);
}

llvm::Value* Lowering::insert_lane(const Inst& inst) {
  return b_.CreateInsertElement(arg_as(inst, 0, inst.type), arg(inst, 1), inst.imm);
}

llvm::Value* Lowering::scalar_to_vec(const Inst& inst) {
  return b_.CreateInsertElement(llvm::Constant::getNullValue(type_of(inst.type)), arg(inst, 0), uint64_t{0});
}

llvm::Value* Lowering::zero_upper(const Inst& inst) {
  Value* halves = arg_as(inst, 0, Type::V2I64);
  return as(b_.CreateInsertElement(halves, b_.getInt64(0), uint64_t{1}), inst.type);
}

}  // namespace ferry::backend::llvm_tier
