#include "ir/fp_ops.h"

#include <xmmintrin.h>

#include "ir/interp_frame.h"

namespace ferry::ir {

namespace {

using interp::lane;
using interp::map;
using interp::set_lane;
using interp::zip;

// MXCSR's cumulative flags, Intel SDM volume 1, 10.2.3.
struct FlagPair {
  uint32_t arm;
  uint32_t mxcsr;
};
constexpr FlagPair kFlags[] = {
    {fp::Flags::kIOC, 1u << 0}, {fp::Flags::kIDC, 1u << 1}, {fp::Flags::kDZC, 1u << 2},
    {fp::Flags::kOFC, 1u << 3}, {fp::Flags::kUFC, 1u << 4}, {fp::Flags::kIXC, 1u << 5},
};

fp::Format format_of(unsigned width) {
  return width == 16 ? fp::Format::Half : width == 32 ? fp::Format::Single : fp::Format::Double;
}
fp::Format format_of(Type type) { return format_of(lane_bits(type)); }

fp::Rounding rounding(const fp::Env& env, uint64_t imm) {
  return imm == kRoundCurrent ? env.mode.rounding : static_cast<fp::Rounding>(imm);
}

using Binary = fp::Bits (*)(fp::Env&, fp::Format, fp::Bits, fp::Bits);

Bits128 binary(fp::Env& env, const FpOp& op, Bits128 a, Bits128 b, Binary function) {
  return zip(op.type, a, b,
             [&](uint64_t x, uint64_t y, unsigned width) { return function(env, format_of(width), x, y); });
}

// Whether one of the relations in the op's condition holds.
bool holds(fp::Env& env, const FpOp& op, unsigned width, uint64_t a, uint64_t b) {
  const auto relation = fp::compare(env, format_of(width), a, b, op.imm2 != 0);
  return (op.imm >> static_cast<unsigned>(relation) & 1) != 0;
}
static_assert(static_cast<unsigned>(fp::Relation::Less) == 0 &&
              static_cast<unsigned>(fp::Relation::Unordered) == 3);

Bits128 multiply_add(fp::Env& env, const FpOp& op, Bits128 addend, Bits128 a, Bits128 b) {
  const unsigned width = lane_bits(op.type);
  Bits128 out;
  for (unsigned i = 0; i < lanes(op.type); ++i) {
    set_lane(
        out, width, i,
        fp::mul_add(env, format_of(width), lane(addend, width, i), lane(a, width, i), lane(b, width, i)));
  }
  return out;
}

Bits128 to_int(fp::Env& env, const FpOp& op, Bits128 a, fp::Signedness signedness) {
  const fp::Format from = format_of(is_vector(op.type) ? op.type : op.arg_type);
  const unsigned width = lane_bits(op.type);
  Bits128 out;
  for (unsigned i = 0; i < lanes(op.type); ++i) {
    set_lane(out, width, i,
             fp::to_fixed(env, from, lane(a, fp::width_of(from), i), width, signedness,
                          static_cast<unsigned>(op.imm2), rounding(env, op.imm)));
  }
  return out;
}

Bits128 from_int(fp::Env& env, const FpOp& op, Bits128 a, fp::Signedness signedness) {
  const unsigned from_width = is_vector(op.type) ? lane_bits(op.type) : bits(op.arg_type);
  Bits128 out;
  for (unsigned i = 0; i < lanes(op.type); ++i) {
    set_lane(out, lane_bits(op.type), i,
             fp::from_fixed(env, format_of(op.type), lane(a, from_width, i), from_width, signedness,
                            static_cast<unsigned>(op.imm2), rounding(env, op.imm)));
  }
  return out;
}

Bits128 widen(fp::Env& env, const FpOp& op, Bits128 a, bool raw) {
  const unsigned to = lane_bits(op.type), from = to / 2;
  const uint64_t quiet = raw ? fp::quiet_bit(format_of(to)) : 0;
  Bits128 out;
  for (unsigned i = 0; i < lanes(op.type); ++i) {
    const uint64_t number = lane(a, from, static_cast<unsigned>(op.imm) * lanes(op.type) + i);
    const uint64_t wide = fp::convert(env, format_of(from), format_of(to), number, env.mode.rounding);
    set_lane(out, to, i, fp::is_signalling_nan(format_of(from), number) ? wide & ~quiet : wide);
  }
  return out;
}

Bits128 narrow(fp::Env& env, const FpOp& op, Bits128 a) {
  const unsigned to = lane_bits(op.type), from = 2 * to;
  Bits128 out;
  for (unsigned i = 0; i < lanes(op.type) / 2; ++i) {
    set_lane(out, to, i,
             fp::convert(env, format_of(from), format_of(to), lane(a, from, i), env.mode.rounding));
  }
  return out;
}

}  // namespace

Bits128 evaluate_fp(fp::Env& env, const FpOp& op, Bits128 a, Bits128 b, Bits128 c) {
  switch (op.op) {
    case Op::fadd:
      return binary(env, op, a, b, fp::add);
    case Op::fsub:
      return binary(env, op, a, b, fp::sub);
    case Op::fmul:
      return binary(env, op, a, b, fp::mul);
    case Op::fdiv:
      return binary(env, op, a, b, fp::div);
    case Op::fmin:
      return binary(env, op, a, b, fp::min);
    case Op::fmax:
      return binary(env, op, a, b, fp::max);
    case Op::fminnum:
      return binary(env, op, a, b, fp::min_num);
    case Op::fmaxnum:
      return binary(env, op, a, b, fp::max_num);
    case Op::fma:
      return multiply_add(env, op, a, b, c);
    case Op::fsqrt:
      return map(op.type, a, [&](uint64_t x, unsigned width) { return fp::sqrt(env, format_of(width), x); });
    case Op::fabs:
      return map(op.type, a, [](uint64_t x, unsigned width) { return fp::absolute(format_of(width), x); });
    case Op::fneg:
      return map(op.type, a, [](uint64_t x, unsigned width) { return fp::negate(format_of(width), x); });
    case Op::fcmp:
      return {holds(env, op, bits(op.arg_type), a.low, b.low), 0};
    case Op::vfcmp:
      return zip(op.type, a, b, [&](uint64_t x, uint64_t y, unsigned width) {
        return holds(env, op, width, x, y) ? ~uint64_t{0} : 0;
      });
    case Op::fround:
      return map(op.type, a, [&](uint64_t x, unsigned width) {
        return fp::round_to_integral(env, format_of(width), x, rounding(env, op.imm), op.imm2 != 0);
      });
    case Op::fconvert:
      return {fp::convert(env, format_of(op.arg_type), format_of(op.type), a.low, env.mode.rounding), 0};
    case Op::fwiden:
      return widen(env, op, a, /*raw=*/false);
    case Op::fwiden_raw:
      return widen(env, op, a, /*raw=*/true);
    case Op::fnarrow:
      return narrow(env, op, a);
    case Op::fp_to_sint:
      return to_int(env, op, a, fp::Signedness::Signed);
    case Op::fp_to_uint:
      return to_int(env, op, a, fp::Signedness::Unsigned);
    case Op::sint_to_fp:
      return from_int(env, op, a, fp::Signedness::Signed);
    case Op::uint_to_fp:
      return from_int(env, op, a, fp::Signedness::Unsigned);
    default:
      return {};
  }
}

bool may_round_to_smallest_normal(Op op, Type type, Type arg_type) {
  if (op == Op::fconvert) return bits(type) < bits(arg_type);
  if (op == Op::sint_to_fp || op == Op::uint_to_fp) return type == Type::F16;
  return op == Op::fnarrow || op == Op::fmul || op == Op::fdiv || op == Op::fma;
}

uint64_t smallest_normal(Type type) {
  const unsigned width = lane_bits(type);
  const uint64_t number = uint64_t{1} << (width == 16 ? 10 : width == 32 ? 23 : 52);
  return is_vector(type) ? support::replicate(number, width) : number;
}

fp::Env host_fp_env(NanRule rule) {
  fp::Env env;
  const bool x86 = rule == NanRule::X86;
  env.mode = fp::mode_from_mxcsr(_mm_getcsr());
  env.mode.nan_rule = x86 ? fp::NanRule::X86 : fp::NanRule::Arm;
  if (!x86) env.mode.flush_to_zero = env.mode.flush_inputs = false;
  return env;
}

void add_to_host_flags(const fp::Env& env) {
  const uint32_t mxcsr = _mm_getcsr();
  uint32_t raised = 0;
  for (const FlagPair& flag : kFlags) raised |= (env.flags & flag.arm) != 0 ? flag.mxcsr : 0;
  if ((raised & ~mxcsr) != 0) _mm_setcsr(mxcsr | raised);
}

}  // namespace ferry::ir
