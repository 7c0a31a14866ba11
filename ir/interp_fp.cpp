// Floating-point ops: evaluate_fp() with the rounding mode of the host's MXCSR, the exceptions raised added
// to its flags.
#include "ir/fp_ops.h"
#include "ir/interp_frame.h"

namespace ferry::ir {
namespace interp {
namespace {

Bits128 on_host(Frame& f, const Inst& inst) {
  fp::Env env = host_fp_env(f.fn.nan_rule);
  Bits128 operands[3];
  for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = f.vec(inst, i);
  const FpOp op{inst.op, inst.type, f.type(inst, 0), inst.imm, inst.imm2};
  const Bits128 result = evaluate_fp(env, op, operands[0], operands[1], operands[2]);
  add_to_host_flags(env);
  return result;
}

}  // namespace

Bits128 fadd(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fsub(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fmul(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fdiv(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fsqrt(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fma(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fmin(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fmax(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fminnum(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fmaxnum(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fabs(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fneg(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fcmp(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 vfcmp(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fround(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fconvert(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fwiden(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fwiden_raw(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fnarrow(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fp_to_sint(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 fp_to_uint(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 sint_to_fp(Frame& f, const Inst& inst) { return on_host(f, inst); }
Bits128 uint_to_fp(Frame& f, const Inst& inst) { return on_host(f, inst); }

}  // namespace interp

Bits128 evaluate(const Inst& inst, Type arg_type, NanRule nan_rule, const Bits128 (&operands)[3]) {
  if (is_fp_op(inst.op)) {
    fp::Env env = host_fp_env(nan_rule);
    const Bits128 result = evaluate_fp(env, {inst.op, inst.type, arg_type, inst.imm, inst.imm2}, operands[0],
                                       operands[1], operands[2]);
    add_to_host_flags(env);
    return result;
  }
  Function fn;
  fn.insts.assign(3, {.op = Op::konst, .type = arg_type});
  InterpContext context;
  Bits128 values[] = {operands[0], operands[1], operands[2]};
  Inst numbered = inst;
  numbered.args = {0, 1, 2};
  return evaluate(fn, numbered, values, context);
}

}  // namespace ferry::ir
