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
  return sum(b_.CreateFAdd(arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type)));
}
llvm::Value* Lowering::fsub(const Inst& inst) {
  return sum(b_.CreateFSub(arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type)));
}
llvm::Value* Lowering::fmul(const Inst& inst) {
  return tell_underflow(inst, b_.CreateFMul(arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type)));
}
llvm::Value* Lowering::fdiv(const Inst& inst) {
  return tell_underflow(inst, b_.CreateFDiv(arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type)));
}
llvm::Value* Lowering::fsqrt(const Inst& inst) {
  Value* operand = arg_as(inst, 0, inst.type);
  return b_.CreateConstrainedFPCall(
      llvm::Intrinsic::getDeclaration(&module_, llvm::Intrinsic::experimental_constrained_sqrt,
                                      {operand->getType()}),
      {operand});
}
llvm::Value* Lowering::fma(const Inst& inst) {
  if (!host_.fma) return evaluate(inst);
  Value* addend = arg_as(inst, 0, inst.type);
  Value* fused = b_.CreateConstrainedFPCall(
      llvm::Intrinsic::getDeclaration(&module_, llvm::Intrinsic::experimental_constrained_fma,
                                      {addend->getType()}),
      {arg_as(inst, 1, inst.type), arg_as(inst, 2, inst.type), addend});
  return tell_underflow(inst, sum(fused));
}

// Equal operands may be zeros of different signs: OR of the bits keeps a minus sign (min), AND drops it
// (max), and changes nothing else. NaNs take the exact way.
llvm::Value* Lowering::min_max(const Inst& inst, bool want_min) {
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
llvm::Value* Lowering::fabs(const Inst& inst) {
  return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, arg_as(inst, 0, inst.type));
}
llvm::Value* Lowering::fneg(const Inst& inst) { return b_.CreateFNeg(arg_as(inst, 0, inst.type)); }

llvm::Value* Lowering::float_compare(const Inst& inst) {
  const auto relation = static_cast<unsigned>(inst.imm);
  const unsigned less = relation & 1, equal = relation >> 1 & 1, greater = relation >> 2 & 1,
                 unordered = relation >> 3 & 1;
  const auto predicate =
      static_cast<llvm::CmpInst::Predicate>(equal | greater << 1 | less << 2 | unordered << 3);
  const Type type = inst.op == ir::Op::vfcmp ? inst.type : arg_type(inst, 0);
  Value* a = arg_as(inst, 0, type);
  Value* b = arg_as(inst, 1, type);
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
// together with the exceptions it raises. An empty piece of assembly that the value passes through is in the
// way of both.
llvm::Value* Lowering::opaque(Value* value) {
  if (source_.ignore_fp_flags) return value;
  const char* constraints = value->getType()->isIntegerTy() ? "=r,0" : "=x,0";
  auto* type = llvm::FunctionType::get(value->getType(), {value->getType()}, false);
  return b_.CreateCall(llvm::InlineAsm::get(type, "", constraints, /*hasSideEffects=*/true), {value});
}

// Whether one of them is a NaN. Raises nothing for a quiet one, which is what the results of arithmetic are;
// for other operands the exact way raises it.
llvm::Value* Lowering::unordered(Value* a, Value* b) {
  llvm::IRBuilder<>::FastMathFlagGuard guard(b_);
  b_.setIsFPConstrained(false);
  return b_.CreateFCmpUNO(a, b);
}

// ROUNDSD and its kin: the mode in bits 0 to 2, bit 3 keeps inexact quiet. Only the modes that the host has.
llvm::Value* Lowering::host_round(Value* value, Type type, Rounding mode, bool raise_inexact) {
  constexpr unsigned kHostMode[] = {0, 2, 1, 3};
  constexpr unsigned kCurrent = 4, kQuiet = 8;
  const bool current = static_cast<uint64_t>(mode) == ir::kRoundCurrent;
  const unsigned control =
      (current ? kCurrent : kHostMode[static_cast<unsigned>(mode)]) | (raise_inexact ? 0 : kQuiet);
  const Type lanes = ir::is_vector(type) ? type : ir::float_vector_type(ir::bits(type));
  const bool is_double = ir::lane_bits(type) == 64;
  Value* immediate = b_.getInt32(control);
  if (ir::is_vector(type)) {
    const auto id = is_double ? llvm::Intrinsic::x86_sse41_round_pd : llvm::Intrinsic::x86_sse41_round_ps;
    return opaque(b_.CreateIntrinsic(id, {}, {opaque(value), immediate}));
  }
  const auto id = is_double ? llvm::Intrinsic::x86_sse41_round_sd : llvm::Intrinsic::x86_sse41_round_ss;
  Value* vector =
      b_.CreateInsertElement(llvm::Constant::getNullValue(type_of(lanes)), opaque(value), uint64_t{0});
  return opaque(
      b_.CreateExtractElement(b_.CreateIntrinsic(id, {}, {vector, vector, immediate}), uint64_t{0}));
}

namespace {

bool host_can_round(uint64_t mode) {
  return mode == ir::kRoundCurrent || mode <= static_cast<uint64_t>(Rounding::TowardZero);
}

}  // namespace

llvm::Value* Lowering::fround(const Inst& inst) {
  if (!host_can_round(inst.imm) || ir::lane_bits(inst.type) == 16) return evaluate(inst);
  return host_round(arg_as(inst, 0, inst.type), inst.type, static_cast<Rounding>(inst.imm), inst.imm2 != 0);
}

llvm::Value* Lowering::fconvert(const Inst& inst) {
  const Type from = arg_type(inst, 0);
  if (inst.type == Type::F64 && from == Type::F32) return b_.CreateFPExt(arg(inst, 0), b_.getDoubleTy());
  if (inst.type == Type::F32 && from == Type::F64)
    return tell_underflow(inst, b_.CreateFPTrunc(arg(inst, 0), b_.getFloatTy()));
  return evaluate(inst);
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
  const Type from = arg_type(inst, 0);
  const bool fixed_point = inst.imm2 != 0;
  if (fixed_point || from == Type::F16 || !host_can_round(inst.imm)) return evaluate(inst);
  Value* value = arg(inst, 0);
  const auto mode = static_cast<Rounding>(inst.imm);
  // Truncation of what is below zero to an unsigned integer is invalid, not inexact: it is looked at first,
  // too.
  const bool rounds = mode != Rounding::TowardZero || !is_signed;
  Value* rounded = rounds ? host_round(value, from, mode, /*raise_inexact=*/false) : value;
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

llvm::Value* Lowering::vector_to_integer(const Inst& inst) {
  const bool truncates = static_cast<Rounding>(inst.imm) == Rounding::TowardZero;
  if (inst.type != Type::V4I32 || inst.imm2 != 0 || !truncates) return evaluate(inst);
  Value* value = arg_as(inst, 0, Type::V4F32);
  Value* fast = opaque(b_.CreateIntrinsic(llvm::Intrinsic::x86_sse2_cvttps2dq, {}, {opaque(value)}));
  Value* indefinite = llvm::ConstantInt::get(fast->getType(), llvm::APInt::getSignedMinValue(32));
  return exact_when(inst, any_lane(b_.CreateICmpEQ(fast, indefinite)), fast);
}

llvm::Value* Lowering::fp_to_sint(const Inst& inst) {
  return ir::is_vector(inst.type) ? vector_to_integer(inst) : scalar_to_integer(inst, true);
}
llvm::Value* Lowering::fp_to_uint(const Inst& inst) {
  return ir::is_vector(inst.type) ? evaluate(inst) : scalar_to_integer(inst, false);
}

// Division by a power of two is exact here: 2^64 * 2^-64 is far from the denormals of f32.
llvm::Value* Lowering::sint_to_fp(const Inst& inst) {
  if (ir::lane_bits(inst.type) == 16 || ir::lane_bits(arg_type(inst, 0)) < 32) return evaluate(inst);
  llvm::Type* to = type_of(inst.type);
  Value* source = arg(inst, 0);
  if (ir::is_vector(inst.type)) source = as(source, ir::vector_type(ir::lane_bits(inst.type)));
  Value* converted = b_.CreateSIToFP(source, to);
  if (inst.imm2 == 0) return converted;
  return b_.CreateFMul(converted, llvm::ConstantFP::get(to, std::ldexp(1.0, -static_cast<int>(inst.imm2))));
}

// The host converts signed integers; an unsigned one is signed when its top bit is clear, or when it is
// widened.
llvm::Value* Lowering::uint_to_fp(const Inst& inst) {
  if (ir::is_vector(inst.type) || inst.imm2 != 0 || inst.type == Type::F16) return evaluate(inst);
  llvm::Type* to = type_of(inst.type);
  Value* source = arg(inst, 0);
  if (arg_type(inst, 0) == Type::I32) return b_.CreateSIToFP(b_.CreateZExt(source, b_.getInt64Ty()), to);
  return exact_when(inst, b_.CreateICmpSLT(source, b_.getInt64(0)), b_.CreateSIToFP(source, to));
}

}  // namespace ferry::backend::llvm_tier
