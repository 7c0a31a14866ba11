// Constants and integer operations, scalar and lane by lane.
#include <llvm/IR/Intrinsics.h>

#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

using ir::IntCond;
using ir::Type;

namespace {

llvm::CmpInst::Predicate predicate(IntCond cond) {
  switch (cond) {
    case IntCond::Eq:
      return llvm::CmpInst::ICMP_EQ;
    case IntCond::Ne:
      return llvm::CmpInst::ICMP_NE;
    case IntCond::Ult:
      return llvm::CmpInst::ICMP_ULT;
    case IntCond::Ule:
      return llvm::CmpInst::ICMP_ULE;
    case IntCond::Ugt:
      return llvm::CmpInst::ICMP_UGT;
    case IntCond::Uge:
      return llvm::CmpInst::ICMP_UGE;
    case IntCond::Slt:
      return llvm::CmpInst::ICMP_SLT;
    case IntCond::Sle:
      return llvm::CmpInst::ICMP_SLE;
    case IntCond::Sgt:
      return llvm::CmpInst::ICMP_SGT;
    case IntCond::Sge:
      return llvm::CmpInst::ICMP_SGE;
  }
  return llvm::CmpInst::ICMP_EQ;
}

}  // namespace

llvm::Value* Lowering::konst(const Inst& inst) {
  if (ir::is_vector(inst.type)) {
    const uint64_t halves[] = {inst.imm, inst.imm2};
    return as(llvm::ConstantDataVector::get(context_, llvm::ArrayRef<uint64_t>(halves)), inst.type);
  }
  llvm::Constant* bits_value = llvm::ConstantInt::get(type_of(ir::int_type(ir::bits(inst.type))), inst.imm);
  return ir::is_float(inst.type) ? b_.CreateBitCast(bits_value, type_of(inst.type)) : bits_value;
}

llvm::Value* Lowering::binary(const Inst& inst, llvm::Instruction::BinaryOps op) {
  return b_.CreateBinOp(op, arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type));
}

llvm::Value* Lowering::intrinsic2(const Inst& inst, llvm::Intrinsic::ID id) {
  return b_.CreateBinaryIntrinsic(id, arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type));
}

llvm::Value* Lowering::add(const Inst& inst) { return binary(inst, llvm::Instruction::Add); }
llvm::Value* Lowering::sub(const Inst& inst) { return binary(inst, llvm::Instruction::Sub); }
llvm::Value* Lowering::mul(const Inst& inst) { return binary(inst, llvm::Instruction::Mul); }

// In the instruction's own integer lanes, where LLVM sees through masks and shifts beside them; vectors of
// floating point as bytes.
llvm::Value* Lowering::bitwise(const Inst& inst, llvm::Instruction::BinaryOps op, bool invert_second) {
  const bool as_bytes = ir::is_vector(inst.type) && ir::is_float(ir::lane_type(inst.type));
  const Type type = as_bytes ? Type::V16I8 : inst.type;
  Value* second = arg_as(inst, 1, type);
  return as(b_.CreateBinOp(op, arg_as(inst, 0, type), invert_second ? b_.CreateNot(second) : second),
            inst.type);
}

llvm::Value* Lowering::and_(const Inst& inst) { return bitwise(inst, llvm::Instruction::And); }
llvm::Value* Lowering::or_(const Inst& inst) { return bitwise(inst, llvm::Instruction::Or); }
llvm::Value* Lowering::xor_(const Inst& inst) { return bitwise(inst, llvm::Instruction::Xor); }
llvm::Value* Lowering::andn(const Inst& inst) { return bitwise(inst, llvm::Instruction::And, true); }

llvm::Value* Lowering::smin(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::smin); }
llvm::Value* Lowering::smax(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::smax); }
llvm::Value* Lowering::umin(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::umin); }
llvm::Value* Lowering::umax(const Inst& inst) { return intrinsic2(inst, llvm::Intrinsic::umax); }
llvm::Value* Lowering::abs(const Inst& inst) {
  return b_.CreateBinaryIntrinsic(llvm::Intrinsic::abs, arg_as(inst, 0, inst.type), b_.getFalse());
}

// LLVM's shifts by the width or more are poison; ours take the amount modulo the width.
llvm::Value* Lowering::masked_shift(const Inst& inst, llvm::Instruction::BinaryOps op) {
  Value* amount =
      b_.CreateAnd(arg(inst, 1), llvm::ConstantInt::get(type_of(inst.type), ir::bits(inst.type) - 1));
  return b_.CreateBinOp(op, arg(inst, 0), amount);
}

llvm::Value* Lowering::shl(const Inst& inst) { return masked_shift(inst, llvm::Instruction::Shl); }
llvm::Value* Lowering::lshr(const Inst& inst) { return masked_shift(inst, llvm::Instruction::LShr); }
llvm::Value* Lowering::ashr(const Inst& inst) { return masked_shift(inst, llvm::Instruction::AShr); }
llvm::Value* Lowering::rotr(const Inst& inst) {
  return b_.CreateIntrinsic(llvm::Intrinsic::fshr, {type_of(inst.type)},
                            {arg(inst, 0), arg(inst, 0), arg(inst, 1)});
}

// Division by zero gives 0 and min / -1 gives min; the host would trap, so both get a divisor of 1 instead.
llvm::Value* Lowering::divide(const Inst& inst, bool is_signed) {
  Value* dividend = arg(inst, 0);
  Value* divisor = arg(inst, 1);
  llvm::Type* type = type_of(inst.type);
  Value* one = llvm::ConstantInt::get(type, 1);
  Value* is_zero = b_.CreateIsNull(divisor);
  Value* unsafe = is_zero;
  if (is_signed) {
    Value* minimum = llvm::ConstantInt::get(type, llvm::APInt::getSignedMinValue(ir::bits(inst.type)));
    Value* overflows = b_.CreateAnd(b_.CreateICmpEQ(dividend, minimum),
                                    b_.CreateICmpEQ(divisor, llvm::ConstantInt::getAllOnesValue(type)));
    unsafe = b_.CreateOr(is_zero, overflows);
  }
  Value* safe_divisor = b_.CreateSelect(unsafe, one, divisor);
  Value* quotient = is_signed ? b_.CreateSDiv(dividend, safe_divisor) : b_.CreateUDiv(dividend, safe_divisor);
  return b_.CreateSelect(is_zero, llvm::ConstantInt::get(type, 0), quotient);
}

llvm::Value* Lowering::udiv(const Inst& inst) { return divide(inst, false); }
llvm::Value* Lowering::sdiv(const Inst& inst) { return divide(inst, true); }

llvm::Value* Lowering::high_product(const Inst& inst, bool is_signed) {
  const unsigned width = ir::bits(inst.type);
  llvm::Type* wide = b_.getIntNTy(2 * width);
  auto extend = [&](Value* v) { return is_signed ? b_.CreateSExt(v, wide) : b_.CreateZExt(v, wide); };
  Value* product = b_.CreateMul(extend(arg(inst, 0)), extend(arg(inst, 1)));
  return b_.CreateTrunc(b_.CreateLShr(product, width), type_of(inst.type));
}

llvm::Value* Lowering::umulh(const Inst& inst) { return high_product(inst, false); }
llvm::Value* Lowering::smulh(const Inst& inst) { return high_product(inst, true); }

llvm::Value* Lowering::clz(const Inst& inst) {
  return b_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, arg_as(inst, 0, inst.type), b_.getFalse());
}
llvm::Value* Lowering::rbit(const Inst& inst) {
  return b_.CreateUnaryIntrinsic(llvm::Intrinsic::bitreverse, arg_as(inst, 0, inst.type));
}
llvm::Value* Lowering::bswap(const Inst& inst) {
  return b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, arg(inst, 0));
}
llvm::Value* Lowering::popcnt(const Inst& inst) {
  return b_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, arg_as(inst, 0, inst.type));
}

llvm::Value* Lowering::zext(const Inst& inst) { return b_.CreateZExt(arg(inst, 0), type_of(inst.type)); }
llvm::Value* Lowering::sext(const Inst& inst) { return b_.CreateSExt(arg(inst, 0), type_of(inst.type)); }
llvm::Value* Lowering::trunc(const Inst& inst) { return b_.CreateTrunc(arg(inst, 0), type_of(inst.type)); }

llvm::Value* Lowering::select(const Inst& inst) {
  return b_.CreateSelect(arg(inst, 0), arg_as(inst, 1, inst.type), arg_as(inst, 2, inst.type));
}

llvm::Value* Lowering::icmp(const Inst& inst) {
  return b_.CreateICmp(predicate(inst.cond()), arg(inst, 0), arg(inst, 1));
}

llvm::Value* Lowering::vicmp(const Inst& inst) {
  Value* mask = b_.CreateICmp(predicate(inst.cond()), arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type));
  return b_.CreateSExt(mask, type_of(inst.type));
}

// The carry (or signed overflow) of a + b + carry-in: of two additions at most one carries out, and at most
// one overflows unless both do in opposite directions.
llvm::Value* Lowering::sum_bits(const Inst& inst, bool want_overflow) {
  Value* a = arg(inst, 0);
  Value* b = arg(inst, 1);
  // A carry-in of 1 is no signed number of one bit: such sums are made in more.
  if (want_overflow && a->getType()->isIntegerTy(1)) {
    llvm::Type* wide = b_.getInt8Ty();
    Value* sum = b_.CreateAdd(b_.CreateAdd(b_.CreateSExt(a, wide), b_.CreateSExt(b, wide)),
                              b_.CreateZExt(arg(inst, 2), wide));
    return b_.CreateICmpNE(sum, b_.CreateSExt(b_.CreateTrunc(sum, a->getType()), wide));
  }
  Value* carry_in = b_.CreateZExt(arg(inst, 2), a->getType());
  const auto id = want_overflow ? llvm::Intrinsic::sadd_with_overflow : llvm::Intrinsic::uadd_with_overflow;
  Value* first = b_.CreateBinaryIntrinsic(id, a, b);
  Value* second = b_.CreateBinaryIntrinsic(id, b_.CreateExtractValue(first, 0), carry_in);
  Value* bit1 = b_.CreateExtractValue(first, 1);
  Value* bit2 = b_.CreateExtractValue(second, 1);
  return want_overflow ? b_.CreateXor(bit1, bit2) : b_.CreateOr(bit1, bit2);
}

llvm::Value* Lowering::carry(const Inst& inst) { return sum_bits(inst, false); }
llvm::Value* Lowering::overflow(const Inst& inst) { return sum_bits(inst, true); }

llvm::Value* Lowering::bitcast(const Inst& inst) {
  return b_.CreateBitCast(arg(inst, 0), type_of(inst.type));
}

}  // namespace ferry::backend::llvm_tier
