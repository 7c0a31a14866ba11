// Floating point: the host's instructions, looked at again by the exact implementation where a result says so
// (a NaN, an out-of-range conversion). Constrained intrinsics keep the guest's rounding mode and cumulative
// flags.
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <algorithm>
#include <cmath>

#include "backend/llvm/lower.h"
#include "backend/runtime/context.h"
#include "backend/runtime/evaluate.h"
#include "ir/fp_ops.h"
#include "ir/support/bits.h"

namespace ferry::backend::llvm_tier {

using ir::FloatCond;
using ir::Type;
using ir::fp::Rounding;

llvm::Value* Lowering::any_lane(Value* mask) {
  return mask->getType()->isVectorTy() ? b_.CreateOrReduce(mask) : mask;
}

// A value in the low bits of a 128-bit vector.
llvm::Value* Lowering::as_vector_argument(Value* value, Type type) {
  if (ir::is_vector(type)) return as(value, Type::V2I64);
  if (ir::is_float(type)) value = b_.CreateBitCast(value, b_.getIntNTy(ir::bits(type)));
  return b_.CreateInsertElement(llvm::Constant::getNullValue(type_of(Type::V2I64)),
                                b_.CreateZExt(value, b_.getInt64Ty()), uint64_t{0});
}

llvm::Value* Lowering::evaluate(const Inst& inst) {
  const OpDescriptor descriptor{inst.op, inst.type, arg_type(inst, 0), source_.nan_rule};
  std::vector<Value*> args = {b_.getInt64(descriptor.pack()), b_.getInt64(inst.imm), b_.getInt64(inst.imm2),
                              state_};
  for (unsigned i = 0; i < 3; ++i) {
    args.push_back(i < inst.arg_count ? as_vector_argument(arg(inst, i), arg_type(inst, i))
                                      : llvm::PoisonValue::get(type_of(Type::V2I64)));
  }
  std::vector<llvm::Type*> types;
  for (Value* a : args) types.push_back(a->getType());
  Value* function = b_.CreateLoad(b_.getPtrTy(), state_pointer(FERRY_AREA_OFFSET(stubs.evaluate)));
  auto* call = b_.CreateCall(llvm::FunctionType::get(type_of(Type::V2I64), types, false), function, args);
  call->setCallingConv(llvm::CallingConv::PreserveAll);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  if (ir::is_vector(inst.type)) return as(call, inst.type);
  Value* low = b_.CreateTrunc(b_.CreateExtractElement(call, uint64_t{0}), b_.getIntNTy(ir::bits(inst.type)));
  return ir::is_float(inst.type) ? b_.CreateBitCast(low, type_of(inst.type)) : low;
}

// `fast`, or the exact result where `suspicious` (one bit) holds, out of the straight path.
llvm::Value* Lowering::exact_when(const Inst& inst, Value* suspicious, Value* fast,
                                  llvm::function_ref<void()> on_fast_path) {
  auto* fast_block = llvm::BasicBlock::Create(context_, "", function_);
  auto* slow = llvm::BasicBlock::Create(context_, "exact", function_);
  auto* join = llvm::BasicBlock::Create(context_, "", function_);
  b_.CreateCondBr(suspicious, slow, fast_block, unlikely());
  b_.SetInsertPoint(fast_block);
  on_fast_path();
  b_.CreateBr(join);
  b_.SetInsertPoint(slow);
  Value* exact = evaluate(inst);
  auto* slow_end = b_.GetInsertBlock();
  b_.CreateBr(join);
  b_.SetInsertPoint(join);
  auto* result = b_.CreatePHI(fast->getType(), 2);
  result->addIncoming(fast, fast_block);
  result->addIncoming(exact, slow_end);
  return result;
}

// LLVM folds sums of constants as if they were rounded to nearest where the result is exact; but the sign of
// an exact zero depends on the mode.
llvm::Value* Lowering::sum(Value* constrained_call) {
  llvm::cast<llvm::CallInst>(constrained_call)->addFnAttr(llvm::Attribute::NoBuiltin);
  return constrained_call;
}

// The exact way raises the underflow flag where the host did not.
llvm::Value* Lowering::tell_underflow(const Inst& inst, Value* result) {
  if (!source_.exact_underflow || source_.ignore_fp_flags) return result;
  const unsigned width = ir::lane_bits(inst.type);
  const Type bits_type = ir::is_vector(inst.type) ? ir::vector_type(width) : ir::int_type(width);
  llvm::Type* type = type_of(bits_type);
  const uint64_t smallest = ir::smallest_normal(ir::float_type(width));
  Value* magnitude =
      b_.CreateAnd(as(result, bits_type), llvm::ConstantInt::get(type, support::low_mask(width - 1)));
  Value* suspicious = b_.CreateICmpEQ(magnitude, llvm::ConstantInt::get(type, smallest));
  return exact_when(inst, any_lane(suspicious), result);
}

llvm::Value* Lowering::fadd(const Inst& inst) {
  return result(inst, sum(b_.CreateFAdd(number(inst, 0), number(inst, 1))));
}
llvm::Value* Lowering::fsub(const Inst& inst) {
  return result(inst, sum(b_.CreateFSub(number(inst, 0), number(inst, 1))));
}
llvm::Value* Lowering::fmul(const Inst& inst) {
  return tell_underflow(inst, result(inst, b_.CreateFMul(number(inst, 0), number(inst, 1))));
}
llvm::Value* Lowering::fdiv(const Inst& inst) {
  return tell_underflow(inst, result(inst, b_.CreateFDiv(number(inst, 0), number(inst, 1))));
}
llvm::Value* Lowering::fsqrt(const Inst& inst) {
  Value* operand = number(inst, 0);
  return result(inst, b_.CreateConstrainedFPCall(
                          llvm::Intrinsic::getDeclaration(
                              &module_, llvm::Intrinsic::experimental_constrained_sqrt, {operand->getType()}),
                          {operand}));
}
llvm::Value* Lowering::fma(const Inst& inst) {
  if (!host_.fma) return evaluate(inst);
  if (ir::is_half(inst.type) && !computes_halves()) return tell_underflow(inst, half_fma(inst));
  return tell_underflow(inst, fused(operand(inst, 0), operand(inst, 1), operand(inst, 2)));
}

llvm::Value* Lowering::fused(Value* addend, Value* a, Value* b) {
  return sum(b_.CreateConstrainedFPCall(
      llvm::Intrinsic::getDeclaration(&module_, llvm::Intrinsic::experimental_constrained_fma,
                                      {addend->getType()}),
      {a, b, addend}));
}

// Equal operands may be zeros of different signs: OR of the bits keeps a minus sign (min), AND drops it
// (max), and changes nothing else. NaNs take the exact way.
llvm::Value* Lowering::min_max(const Inst& inst, bool want_min) {
  if (ir::is_half(inst.type)) return half_min_max(inst, want_min);
  Value* a = arg_as(inst, 0, inst.type);
  Value* b = arg_as(inst, 1, inst.type);
  const Type bits_type = ir::is_vector(inst.type) ? Type::V2I64 : ir::int_type(ir::bits(inst.type));
  Value* a_bits = as(a, bits_type);
  Value* b_bits = as(b, bits_type);
  Value* merged = as(want_min ? b_.CreateOr(a_bits, b_bits) : b_.CreateAnd(a_bits, b_bits), inst.type);
  Value* a_wins = want_min ? b_.CreateFCmpOLT(a, b) : b_.CreateFCmpOGT(a, b);
  Value* distinct = b_.CreateSelect(a_wins, a, b);
  Value* result = b_.CreateSelect(b_.CreateFCmpOEQ(a, b), merged, distinct);
  return exact_when(inst, any_lane(unordered(a, b)), result);
}

llvm::Value* Lowering::fmin(const Inst& inst) { return min_max(inst, true); }
llvm::Value* Lowering::fmax(const Inst& inst) { return min_max(inst, false); }
llvm::Value* Lowering::fminnum(const Inst& inst) { return min_max(inst, true); }
llvm::Value* Lowering::fmaxnum(const Inst& inst) { return min_max(inst, false); }

// Sign changes are bit operations: they neither quiet a NaN nor raise a flag.
// Of half precision. LLVM makes it the floating-point operation that it is, and for a host without
// AVX512-FP16 one of single precision, whose conversions raise exceptions and quiet NaNs: it must not see
// both of its ends.
llvm::Value* Lowering::change_sign(const Inst& inst, bool flip) {
  const unsigned width = ir::lane_bits(inst.type);
  const Type bits_type = ir::is_vector(inst.type) ? ir::vector_type(width) : ir::int_type(width);
  Value* bits = hidden(arg_as(inst, 0, bits_type));
  auto* sign = llvm::ConstantInt::get(bits->getType(), llvm::APInt::getSignMask(width));
  return as(flip ? b_.CreateXor(bits, sign) : b_.CreateAnd(bits, b_.CreateNot(sign)), inst.type);
}
llvm::Value* Lowering::fabs(const Inst& inst) {
  if (ir::is_half(inst.type)) return change_sign(inst, /*flip=*/false);
  return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, arg_as(inst, 0, inst.type));
}
llvm::Value* Lowering::fneg(const Inst& inst) {
  if (ir::is_half(inst.type)) return change_sign(inst, /*flip=*/true);
  return b_.CreateFNeg(arg_as(inst, 0, inst.type));
}

llvm::Value* Lowering::float_compare(const Inst& inst) {
  const auto relation = static_cast<unsigned>(inst.imm);
  const unsigned less = relation & 1, equal = relation >> 1 & 1, greater = relation >> 2 & 1,
                 unordered = relation >> 3 & 1;
  const auto predicate =
      static_cast<llvm::CmpInst::Predicate>(equal | greater << 1 | less << 2 | unordered << 3);
  Value* a = number(inst, 0);
  Value* b = number(inst, 1);
  const bool signalling = inst.imm2 != 0;
  // The guest's flags are several comparisons of the same operands: one of them raises the exceptions.
  const Comparison comparison{{inst.args[0], inst.args[1]}, inst.imm2};
  llvm::IRBuilder<>::FastMathFlagGuard guard(b_);
  if (std::find(compared_.begin(), compared_.end(), comparison) != compared_.end()) {
    b_.setDefaultConstrainedExcept(llvm::fp::ebIgnore);
  } else {
    compared_.push_back(comparison);
  }
  return signalling ? b_.CreateFCmpS(predicate, a, b) : b_.CreateFCmp(predicate, a, b);
}

llvm::Value* Lowering::fcmp(const Inst& inst) { return float_compare(inst); }
llvm::Value* Lowering::vfcmp(const Inst& inst) {
  return as(b_.CreateSExt(float_compare(inst), type_of(ir::vector_type(ir::lane_bits(inst.type)))),
            inst.type);
}

// x86's own intrinsics are pure functions to LLVM, which would drop an unused one, or fold one of constants,
// together with the exceptions it raises.
llvm::Value* Lowering::opaque(Value* value) { return source_.ignore_fp_flags ? value : hidden(value); }

// An empty piece of assembly that a value passes through: LLVM knows nothing of it behind that, and must keep
// it.
llvm::Value* Lowering::hidden(Value* value) {
  const char* constraints = value->getType()->isIntegerTy() ? "=r,0" : "=x,0";
  auto* type = llvm::FunctionType::get(value->getType(), {value->getType()}, false);
  return b_.CreateCall(llvm::InlineAsm::get(type, "", constraints, /*hasSideEffects=*/true), {value});
}

// Whether one of them is a NaN. Raises nothing for a quiet one, which is what the results of arithmetic are;
// for other operands the exact way raises it.
llvm::Value* Lowering::unordered(Value* a, Value* b) {
  if (a->getType()->getScalarType()->isHalfTy()) return b_.CreateOr(half_is_nan(a), half_is_nan(b));
  llvm::IRBuilder<>::FastMathFlagGuard guard(b_);
  b_.setIsFPConstrained(false);
  return b_.CreateFCmpUNO(a, b);
}

// ROUNDSD and its kin: the mode in bits 0 to 2, bit 3 keeps inexact quiet. Only the modes that the host has.
llvm::Value* Lowering::host_round(Value* value, Rounding mode, bool raise_inexact) {
  using namespace llvm::Intrinsic;
  constexpr unsigned kHostMode[] = {0, 2, 1, 3};
  constexpr unsigned kCurrent = 4, kQuiet = 8;
  const bool current = static_cast<uint64_t>(mode) == ir::kRoundCurrent;
  const unsigned control =
      (current ? kCurrent : kHostMode[static_cast<unsigned>(mode)]) | (raise_inexact ? 0 : kQuiet);
  Value* immediate = b_.getInt32(control);
  llvm::Type* type = value->getType();
  const bool is_double = type->getScalarType()->isDoubleTy();
  if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type)) {
    const ID id = vector->getNumElements() == 8 ? x86_avx_round_ps_256
                  : is_double                   ? x86_sse41_round_pd
                                                : x86_sse41_round_ps;
    return opaque(b_.CreateIntrinsic(id, {}, {opaque(value), immediate}));
  }
  const Type lanes = ir::float_vector_type(is_double ? 64 : 32);
  Value* vector =
      b_.CreateInsertElement(llvm::Constant::getNullValue(type_of(lanes)), opaque(value), uint64_t{0});
  const ID id = is_double ? x86_sse41_round_sd : x86_sse41_round_ss;
  return opaque(
      b_.CreateExtractElement(b_.CreateIntrinsic(id, {}, {vector, vector, immediate}), uint64_t{0}));
}

namespace {

bool host_can_round(uint64_t mode) {
  return mode == ir::kRoundCurrent || mode <= static_cast<uint64_t>(Rounding::TowardZero);
}

}  // namespace

llvm::Value* Lowering::fround(const Inst& inst) {
  if (!host_can_round(inst.imm)) return evaluate(inst);
  return result(inst, host_round(singles(inst, 0), static_cast<Rounding>(inst.imm), inst.imm2 != 0));
}

llvm::Value* Lowering::fconvert(const Inst& inst) {
  const Type from = arg_type(inst, 0);
  Value* value = arg(inst, 0);
  if (ir::bits(inst.type) > ir::bits(from)) return b_.CreateFPExt(value, type_of(inst.type));
  if (inst.type == Type::F16 && from == Type::F64) value = narrow_sticky(value);
  return tell_underflow(inst, b_.CreateFPTrunc(value, type_of(inst.type)));
}

llvm::Value* Lowering::fwiden(const Inst& inst) {
  const Type halves = ir::float_vector_type(ir::lane_bits(inst.type) / 2);
  return b_.CreateFPExt(half(arg(inst, 0), halves, inst.imm), type_of(inst.type));
}
llvm::Value* Lowering::fwiden_raw(const Inst& inst) {
  Value* fast = fwiden(inst);
  return exact_when(inst, any_lane(unordered(fast, fast)), fast);
}
llvm::Value* Lowering::fnarrow(const Inst& inst) {
  const Type from = ir::float_vector_type(ir::lane_bits(inst.type) * 2);
  auto* type = llvm::FixedVectorType::get(type_of(ir::lane_type(inst.type)), ir::lanes(from));
  Value* narrowed = b_.CreateFPTrunc(arg_as(inst, 0, from), type);
  return tell_underflow(inst, low_half_zero_upper(narrowed, inst.type));
}

// CVTTSS2SI and CVTTSD2SI: the "integer indefinite" 0x80.. for a NaN and for what does not fit.
llvm::Value* Lowering::truncate_to_int(Value* value, Type from, unsigned width) {
  using namespace llvm::Intrinsic;
  const bool is_double = from == Type::F64;
  const ID id = width == 64 ? (is_double ? x86_sse2_cvttsd2si64 : x86_sse_cvttss2si64)
                            : (is_double ? x86_sse2_cvttsd2si : x86_sse_cvttss2si);
  Value* vector =
      b_.CreateInsertElement(llvm::Constant::getNullValue(type_of(ir::float_vector_type(ir::bits(from)))),
                             opaque(value), uint64_t{0});
  return opaque(b_.CreateIntrinsic(id, {}, {vector}));
}

// A conversion in another rounding mode than truncation: the value is rounded without raising inexact, which
// must not accompany an invalid operation; where the conversion is valid, truncating the unrounded value
// raises it.
void Lowering::raise_inexact(Value* value) {
  if (source_.ignore_fp_flags) return;
  b_.CreateFPToSI(value, b_.getInt64Ty());
}

llvm::Value* Lowering::scalar_to_integer(const Inst& inst, bool is_signed) {
  const Type from = arg_type(inst, 0) == Type::F64 ? Type::F64 : Type::F32;
  const bool fixed_point = inst.imm2 != 0;
  if (fixed_point || !host_can_round(inst.imm)) return evaluate(inst);
  Value* value = singles(inst, 0);
  const auto mode = static_cast<Rounding>(inst.imm);
  // Truncation of what is below zero to an unsigned integer is invalid, not inexact: it is looked at first,
  // too.
  const bool rounds = mode != Rounding::TowardZero || !is_signed;
  Value* rounded = rounds ? host_round(value, mode, /*raise_inexact=*/false) : value;
  const unsigned width = ir::bits(inst.type);
  llvm::Type* result_type = type_of(inst.type);
  Value* too_large = b_.getFalse();
  if (!is_signed && width == 64) {
    // The host would call 2^63 and above invalid, which they are not.
    too_large = b_.CreateFCmpUGE(rounded, llvm::ConstantFP::get(rounded->getType(), 0x1p63));
    rounded = b_.CreateSelect(too_large, llvm::ConstantFP::getZero(rounded->getType()), rounded);
  }
  Value* fast = truncate_to_int(rounded, from, is_signed ? width : 64);
  Value* invalid = nullptr;
  if (is_signed) {
    invalid =
        b_.CreateICmpEQ(fast, llvm::ConstantInt::get(result_type, llvm::APInt::getSignedMinValue(width)));
  } else {
    invalid = width == 64 ? b_.CreateICmpSLT(fast, b_.getInt64(0))
                          : b_.CreateICmpUGT(fast, b_.getInt64(0xffffffff));
    fast = b_.CreateZExtOrTrunc(fast, result_type);
  }
  return exact_when(inst, b_.CreateOr(too_large, invalid), fast, [&] {
    if (rounds) raise_inexact(value);
  });
}

// As for scalars. Words are converted to doublewords first: those that change when they are made narrow do
// not fit.
llvm::Value* Lowering::vector_to_integer(const Inst& inst, bool is_signed) {
  const bool words = inst.type == Type::V8I16;
  const bool fits_host = words || (inst.type == Type::V4I32 && is_signed);
  if (!fits_host || inst.imm2 != 0 || !host_can_round(inst.imm)) return evaluate(inst);
  Value* value = singles(inst, 0);
  const auto mode = static_cast<Rounding>(inst.imm);
  const bool rounds = mode != Rounding::TowardZero || !is_signed;
  Value* rounded = rounds ? host_round(value, mode, /*raise_inexact=*/false) : value;
  const auto id = words ? llvm::Intrinsic::x86_avx_cvtt_ps2dq_256 : llvm::Intrinsic::x86_sse2_cvttps2dq;
  Value* fast = opaque(b_.CreateIntrinsic(id, {}, {opaque(rounded)}));
  Value* invalid = nullptr;
  if (words) {
    Value* wide = fast;
    fast = b_.CreateTrunc(wide, type_of(inst.type));
    Value* again = is_signed ? b_.CreateSExt(fast, wide->getType()) : b_.CreateZExt(fast, wide->getType());
    invalid = b_.CreateICmpNE(again, wide);
  } else {
    invalid =
        b_.CreateICmpEQ(fast, llvm::ConstantInt::get(fast->getType(), llvm::APInt::getSignedMinValue(32)));
  }
  return exact_when(inst, any_lane(invalid), fast, [&] {
    if (rounds && !source_.ignore_fp_flags) host_round(value, mode, /*raise_inexact=*/true);
  });
}

llvm::Value* Lowering::fp_to_sint(const Inst& inst) {
  return ir::is_vector(inst.type) ? vector_to_integer(inst, true) : scalar_to_integer(inst, true);
}
llvm::Value* Lowering::fp_to_uint(const Inst& inst) {
  return ir::is_vector(inst.type) ? vector_to_integer(inst, false) : scalar_to_integer(inst, false);
}

// Integers as lanes wide enough for the host, and signed there: unsigned ones of 32 bits or less are made
// wider. A half comes from a single, which holds a word, or from a double, which holds all that a half does
// not overflow at. Division by a power of two is exact: 2^64 * 2^-64 is far from the denormals of f32.
llvm::Value* Lowering::from_integer(const Inst& inst, bool is_signed) {
  const bool vector = ir::is_vector(inst.type), half = ir::is_half(inst.type);
  const unsigned from = vector ? ir::lane_bits(inst.type) : ir::bits(arg_type(inst, 0));
  if (vector && !is_signed && from > 16) return evaluate(inst);
  if (half && !vector && from == 64 && inst.imm2 != 0) return evaluate(inst);
  Value* source = vector ? arg_as(inst, 0, ir::vector_type(from)) : arg(inst, 0);
  Value* negative = is_signed || from < 64 ? nullptr : b_.CreateICmpSLT(source, b_.getInt64(0));
  if (from < 32 || !is_signed) {
    llvm::Type* wider = source->getType()->getWithNewBitWidth(from < 32 ? 32 : 64);
    source = is_signed ? b_.CreateSExt(source, wider) : b_.CreateZExt(source, wider);
  }
  llvm::Type* to = half ? (vector ? source->getType()->getWithNewType(b_.getFloatTy()) : b_.getDoubleTy())
                        : type_of(inst.type);
  Value* converted = b_.CreateSIToFP(source, to);
  if (inst.imm2 != 0) {
    converted =
        b_.CreateFMul(converted, llvm::ConstantFP::get(to, std::ldexp(1.0, -static_cast<int>(inst.imm2))));
  }
  if (half && !vector) converted = narrow_sticky(converted);
  if (half) converted = tell_underflow(inst, b_.CreateFPTrunc(converted, type_of(inst.type)));
  return negative != nullptr ? exact_when(inst, negative, converted) : converted;
}

llvm::Value* Lowering::sint_to_fp(const Inst& inst) { return from_integer(inst, true); }
llvm::Value* Lowering::uint_to_fp(const Inst& inst) { return from_integer(inst, false); }

}  // namespace ferry::backend::llvm_tier
