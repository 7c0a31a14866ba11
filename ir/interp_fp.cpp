// Floating point: ir/fp with the rounding mode of the host's MXCSR, and the exceptions raised added to its
// flags.
#include <xmmintrin.h>

#include "ir/fp/softfloat.h"
#include "ir/interp_frame.h"

namespace ferry::ir::interp {
namespace {

// MXCSR's cumulative flags, Intel SDM volume 1, 10.2.3.
struct FlagPair {
  uint32_t arm;
  uint32_t mxcsr;
};
constexpr FlagPair kFlags[] = {
    {fp::Flags::kIOC, 1u << 0}, {fp::Flags::kIDC, 1u << 1}, {fp::Flags::kDZC, 1u << 2},
    {fp::Flags::kOFC, 1u << 3}, {fp::Flags::kUFC, 1u << 4}, {fp::Flags::kIXC, 1u << 5},
};

/// The environment of one instruction; what was raised reaches MXCSR when it goes out of scope.
class HostEnv {
 public:
  explicit HostEnv(const Function& fn) : mxcsr_(_mm_getcsr()) {
    const bool x86 = fn.nan_rule == NanRule::X86;
    env_.mode = fp::mode_from_mxcsr(mxcsr_);
    env_.mode.nan_rule = x86 ? fp::NanRule::X86 : fp::NanRule::Arm;
    if (!x86) env_.mode.flush_to_zero = env_.mode.flush_inputs = false;
  }
  ~HostEnv() {
    uint32_t raised = 0;
    for (const FlagPair& flag : kFlags) raised |= (env_.flags & flag.arm) != 0 ? flag.mxcsr : 0;
    if ((raised & ~mxcsr_) != 0) _mm_setcsr(mxcsr_ | raised);
  }
  HostEnv(const HostEnv&) = delete;
  HostEnv& operator=(const HostEnv&) = delete;

  fp::Env& operator*() { return env_; }
  fp::Rounding rounding(uint64_t imm) const {
    return imm == kRoundCurrent ? env_.mode.rounding : static_cast<fp::Rounding>(imm);
  }

 private:
  uint32_t mxcsr_;
  fp::Env env_;
};

fp::Format format_of(unsigned width) {
  return width == 16 ? fp::Format::Half : width == 32 ? fp::Format::Single : fp::Format::Double;
}
fp::Format format_of(Type type) { return format_of(lane_bits(type)); }

using Unary = fp::Bits (*)(fp::Env&, fp::Format, fp::Bits);
using Binary = fp::Bits (*)(fp::Env&, fp::Format, fp::Bits, fp::Bits);

Bits128 unary(Frame& f, const Inst& inst, Unary op) {
  HostEnv env(f.fn);
  return map(inst.type, f.vec(inst, 0),
             [&](uint64_t a, unsigned width) { return op(*env, format_of(width), a); });
}

Bits128 binary(Frame& f, const Inst& inst, Binary op) {
  HostEnv env(f.fn);
  return zip(inst.type, f.vec(inst, 0), f.vec(inst, 1),
             [&](uint64_t a, uint64_t b, unsigned width) { return op(*env, format_of(width), a, b); });
}

/// Whether one of the relations in the instruction's condition holds.
bool holds(fp::Env& env, const Inst& inst, unsigned width, uint64_t a, uint64_t b) {
  const auto relation = fp::compare(env, format_of(width), a, b, inst.imm2 != 0);
  return (inst.imm >> static_cast<unsigned>(relation) & 1) != 0;
}
static_assert(static_cast<unsigned>(fp::Relation::Less) == 0 &&
              static_cast<unsigned>(fp::Relation::Unordered) == 3);

Bits128 to_int(Frame& f, const Inst& inst, fp::Signedness signedness) {
  HostEnv env(f.fn);
  const fp::Format from = format_of(is_vector(inst.type) ? inst.type : f.type(inst, 0));
  const unsigned width = lane_bits(inst.type);
  Bits128 out;
  for (unsigned i = 0; i < lanes(inst.type); ++i) {
    const uint64_t value = lane(f.vec(inst, 0), fp::width_of(from), i);
    set_lane(out, width, i,
             fp::to_fixed(*env, from, value, width, signedness, static_cast<unsigned>(inst.imm2),
                          env.rounding(inst.imm)));
  }
  return out;
}

Bits128 from_int(Frame& f, const Inst& inst, fp::Signedness signedness) {
  HostEnv env(f.fn);
  const unsigned from_width = is_vector(inst.type) ? lane_bits(inst.type) : bits(f.type(inst, 0));
  Bits128 out;
  for (unsigned i = 0; i < lanes(inst.type); ++i) {
    const uint64_t value = lane(f.vec(inst, 0), from_width, i);
    set_lane(out, lane_bits(inst.type), i,
             fp::from_fixed(*env, format_of(inst.type), value, from_width, signedness,
                            static_cast<unsigned>(inst.imm2), env.rounding(inst.imm)));
  }
  return out;
}

}  // namespace

Bits128 fadd(Frame& f, const Inst& inst) { return binary(f, inst, fp::add); }
Bits128 fsub(Frame& f, const Inst& inst) { return binary(f, inst, fp::sub); }
Bits128 fmul(Frame& f, const Inst& inst) { return binary(f, inst, fp::mul); }
Bits128 fdiv(Frame& f, const Inst& inst) { return binary(f, inst, fp::div); }
Bits128 fsqrt(Frame& f, const Inst& inst) { return unary(f, inst, fp::sqrt); }
Bits128 fmin(Frame& f, const Inst& inst) { return binary(f, inst, fp::min); }
Bits128 fmax(Frame& f, const Inst& inst) { return binary(f, inst, fp::max); }
Bits128 fminnum(Frame& f, const Inst& inst) { return binary(f, inst, fp::min_num); }
Bits128 fmaxnum(Frame& f, const Inst& inst) { return binary(f, inst, fp::max_num); }

Bits128 fma(Frame& f, const Inst& inst) {
  HostEnv env(f.fn);
  const unsigned width = lane_bits(inst.type);
  Bits128 out;
  for (unsigned i = 0; i < lanes(inst.type); ++i) {
    set_lane(out, width, i,
             fp::mul_add(*env, format_of(width), lane(f.vec(inst, 0), width, i),
                         lane(f.vec(inst, 1), width, i), lane(f.vec(inst, 2), width, i)));
  }
  return out;
}

Bits128 fabs(Frame& f, const Inst& inst) {
  return map(inst.type, f.vec(inst, 0),
             [](uint64_t a, unsigned width) { return fp::absolute(format_of(width), a); });
}
Bits128 fneg(Frame& f, const Inst& inst) {
  return map(inst.type, f.vec(inst, 0),
             [](uint64_t a, unsigned width) { return fp::negate(format_of(width), a); });
}

Bits128 fcmp(Frame& f, const Inst& inst) {
  HostEnv env(f.fn);
  return {holds(*env, inst, bits(f.type(inst, 0)), f.arg(inst, 0), f.arg(inst, 1)), 0};
}
Bits128 vfcmp(Frame& f, const Inst& inst) {
  HostEnv env(f.fn);
  return zip(inst.type, f.vec(inst, 0), f.vec(inst, 1), [&](uint64_t a, uint64_t b, unsigned width) {
    return holds(*env, inst, width, a, b) ? ~uint64_t{0} : 0;
  });
}

Bits128 fround(Frame& f, const Inst& inst) {
  HostEnv env(f.fn);
  return map(inst.type, f.vec(inst, 0), [&](uint64_t a, unsigned width) {
    return fp::round_to_integral(*env, format_of(width), a, env.rounding(inst.imm), inst.imm2 != 0);
  });
}
Bits128 fconvert(Frame& f, const Inst& inst) {
  HostEnv env(f.fn);
  return {fp::convert(*env, format_of(f.type(inst, 0)), format_of(inst.type), f.arg(inst, 0),
                      env.rounding(kRoundCurrent)),
          0};
}

Bits128 fp_to_sint(Frame& f, const Inst& inst) { return to_int(f, inst, fp::Signedness::Signed); }
Bits128 fp_to_uint(Frame& f, const Inst& inst) { return to_int(f, inst, fp::Signedness::Unsigned); }
Bits128 sint_to_fp(Frame& f, const Inst& inst) { return from_int(f, inst, fp::Signedness::Signed); }
Bits128 uint_to_fp(Frame& f, const Inst& inst) { return from_int(f, inst, fp::Signedness::Unsigned); }

}  // namespace ferry::ir::interp
