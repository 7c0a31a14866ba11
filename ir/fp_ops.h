#pragma once

#include "ir/fp/softfloat.h"
#include "ir/inst.h"
#include "ir/interp.h"

namespace ferry::ir {

/// One floating-point op with what it needs to know besides its operands' bits.
struct FpOp {
  Op op;          ///< fadd to uint_to_fp in ops.def
  Type type;      ///< of the result
  Type arg_type;  ///< of the first operand
  uint64_t imm = 0;
  uint64_t imm2 = 0;
};

/// Whether `op` is one that evaluate_fp() knows.
constexpr bool is_fp_op(Op op) { return op >= Op::fadd && op <= Op::uint_to_fp; }

/// The exact result, lane by lane, under the control bits of `env`, where the exceptions raised are left.
/// This is what the floating-point ops mean; kRoundCurrent is env.mode.rounding.
Bits128 evaluate_fp(fp::Env& env, const FpOp& op, Bits128 a, Bits128 b, Bits128 c);

/// Whether a result of the op, with first operand `arg_type`, may be the smallest normal number by rounding
/// (Function::exact_underflow). Sums may not: tiny ones are exact.
bool may_round_to_smallest_normal(Op op, Type type, Type arg_type);
/// That number in the low lane or in all lanes of `type`: the low half of a register.
uint64_t smallest_normal(Type type);

/// The environment that MXCSR describes, with the NaN rule of a function.
fp::Env host_fp_env(NanRule rule);
/// Adds the exceptions raised in `env` to MXCSR's cumulative flags.
void add_to_host_flags(const fp::Env& env);

}  // namespace ferry::ir
