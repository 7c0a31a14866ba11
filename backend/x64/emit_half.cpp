#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"
#include "ir/fp_ops.h"

// Half precision: operands are made wider, which is exact, and the host's result is rounded again. For sums,
// products, quotients and square roots a single is wide enough for the two roundings to be as good as one
// (its 24 bits are 2 * 11 + 2: S. Figueroa, When is double rounding innocuous?, 1995); fused operations go
// through doubles whose rounding is made sticky. A scalar is in all lanes, so that no other number raises an
// exception. The vectors of eight wide lanes need AVX2; without it or F16C all is done by the slow path.
namespace ferry::backend::x64 {

using ir::Op;
using ir::Type;
using ir::ValueId;

namespace {

constexpr uint8_t kCurrentRounding = 4;
constexpr uint8_t kHighHalf = 0xee;  // VPSHUFD: the upper two doublewords

/// The register as wide as the halves of this type are when each is a single.
Xbyak::Xmm singles(int reg, Type halves) {
  if (ir::is_vector(halves)) return Xbyak::Ymm(reg);
  return Xbyak::Xmm(reg);
}

}  // namespace

void Emitter::widen_halves(int to, int from, Type halves) {
  if (!ir::is_vector(halves)) {
    as_.vpbroadcastw(x(to), x(from));
    from = to;
  }
  as_.vcvtph2ps(singles(to, halves), x(from));
}

int Emitter::singles_of(const Inst& in, unsigned index) {
  // All operands first: loads of 128 bits cost hundreds of cycles while the upper halves are in use.
  for (unsigned i = 0; i < in.arg_count; ++i) vx(in.args[i]);
  const int to = ra_.scratch_xmm();
  const ValueId v = in.args[index];
  widen_halves(to, vx(v), ra_.type(v));
  return to;
}

void Emitter::half_result(const Inst& in, ValueId id, int reg) {
  const int to = ra_.define(id);
  const Xbyak::Xmm wide = singles(reg, in.type);
  as_.vcvtps2ph(x(to), wide, kCurrentRounding);
  const bool vector = ir::is_vector(in.type);
  if (vector) {
    as_.vcmpps(wide, wide, wide, vop::kUnordered);
    as_.vptest(wide, wide);
    as_.vzeroupper();
  } else {
    ucomis(Type::F32, reg, reg);
  }
  const uint32_t jump = as_.jump_later(static_cast<uint8_t>(vector ? HostCond::Ne : HostCond::P));
  finish_slow(cold_slow(in, id, to), jump);
  tell_underflow(in, id, to);
}

void Emitter::half_arithmetic(const Inst& in, ValueId id) {
  if (!halves_on_host()) return emit_slow_call(in, id);
  const Xbyak::Xmm a = singles(singles_of(in, 0), in.type);
  if (in.op == Op::fsqrt) {
    as_.vsqrtps(a, a);
    return half_result(in, id, a.getIdx());
  }
  const Xbyak::Xmm b = singles(singles_of(in, 1), in.type);
  switch (in.op) {
    case Op::fadd:
      as_.vaddps(a, a, b);
      break;
    case Op::fsub:
      as_.vsubps(a, a, b);
      break;
    case Op::fmul:
      as_.vmulps(a, a, b);
      break;
    default:
      as_.vdivps(a, a, b);
      break;
  }
  half_result(in, id, a.getIdx());
}

void Emitter::half_round(const Inst& in, ValueId id, uint8_t control) {
  if (!halves_on_host()) return emit_slow_call(in, id);
  const Xbyak::Xmm a = singles(singles_of(in, 0), in.type);
  as_.vroundps(a, a, control);
  half_result(in, id, a.getIdx());
}

// Bits 28 to 0 of a double are those that a single has no room for; what they hold goes on as one bit, the
// single's lowest, which lies below a half's.
void Emitter::narrow_sticky(int to, const Xbyak::Xmm& doubles) {
  const bool vector = doubles.isYMM();
  const Xbyak::Xmm below = singles(ra_.scratch_xmm(), vector ? Type::V8F16 : Type::F16);
  const Xbyak::Xmm bits = singles(ra_.scratch_xmm(), vector ? Type::V8F16 : Type::F16);
  as_.vpcmpeqd(below, below, below);
  as_.vpsrlq(below, below, 35);
  as_.vpand(bits, doubles, below);
  as_.vpaddq(bits, bits, below);
  as_.vpor(bits, bits, doubles);
  as_.vpandn(bits, below, bits);
  as_.vcvtpd2ps(x(to), bits);
}

// The product of two halves is exact in a double, and the sum is unless it is far from all that lies between
// two halves.
void Emitter::half_fma(const Inst& in, ValueId id) {
  if (!halves_on_host()) return emit_slow_call(in, id);
  const bool vector = ir::is_vector(in.type);
  const int operands[] = {vx(in.args[0]), vx(in.args[1]), vx(in.args[2])};
  const int result[] = {ra_.scratch_xmm(), vector ? ra_.scratch_xmm() : kNoReg};
  int temps[3];
  for (int& temp : temps) temp = ra_.scratch_xmm();
  const RegAlloc::Locks before = ra_.locks();
  for (unsigned part = 0; part < (vector ? 2 : 1); ++part) {
    for (unsigned i = 0; i < 3; ++i) {
      int from = operands[i];
      if (part != 0) as_.vpshufd(x(temps[i]), x(from), kHighHalf), from = temps[i];
      if (!vector) as_.vpbroadcastw(x(temps[i]), x(from)), from = temps[i];
      as_.vcvtph2ps(x(temps[i]), x(from));
      as_.vcvtps2pd(singles(temps[i], in.type), x(temps[i]));
    }
    const Xbyak::Xmm sum = singles(temps[0], in.type);
    as_.vfmadd231pd(sum, singles(temps[1], in.type), singles(temps[2], in.type));
    narrow_sticky(result[part], sum);
    ra_.set_locks(before);
  }
  if (vector) as_.vinsertf128(Xbyak::Ymm(result[0]), Xbyak::Ymm(result[0]), x(result[1]), 1);
  half_result(in, id, result[0]);
}

// Numbers of sign and magnitude are in order as two's complement once those below zero are inverted but for
// the sign.
void Emitter::half_min_max(const Inst& in, ValueId id, bool is_max) {
  if (fp_exact_on_host()) return emit_slow_call(in, id);
  constexpr uint64_t kMagnitudes = 0x7fff7fff7fff7fff, kInfinities = 0x7c007c007c007c00;
  const bool vector = ir::is_vector(in.type);
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int temp = ra_.scratch_xmm();
  const int other = ra_.scratch_xmm();
  const int to = ra_.define(id);
  const uint64_t low = vector ? kMagnitudes : 0x7fff, high = vector ? kMagnitudes : 0;
  vec3_pool(vop::kPand, temp, a, low, high);
  vec3_pool(vop::kPand, other, b, low, high);
  vec3(vop::kPmaxSW, temp, temp, other);
  vec3_pool(vop::kPcmpgtW, temp, temp, kInfinities, kInfinities);
  as_.vec(vop::int_op38(0x17), host_.avx, temp, kNoReg, temp);  // ptest
  const uint32_t jump = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  const auto reorder = [&](int into, int from) {
    vec_shift_imm(vop::kSraW, temp, from, 15);
    vec_shift_imm(vop::kSrlW, temp, temp, 1);
    vec3(vop::kPxor, into, temp, from);
  };
  reorder(to, a);
  reorder(other, b);
  vec3(is_max ? vop::kPmaxSW : vop::kPminSW, to, to, other);
  reorder(to, to);
  finish_slow(cold_slow(in, id, to), jump);
}

void Emitter::half_compare(const Inst& in, ValueId id) {
  if (!halves_on_host()) return emit_slow_call(in, id);
  const Xbyak::Ymm a(singles_of(in, 0));
  const Xbyak::Ymm b(singles_of(in, 1));
  const int to = ra_.define(id);
  as_.vcmpps(a, a, b, avx_predicate(in));
  as_.vextracti128(x(b.getIdx()), a, 1);
  as_.vpackssdw(x(to), x(a.getIdx()), x(b.getIdx()));
  as_.vzeroupper();
}

// ---- conversions of scalars

void Emitter::widen_scalar(const Inst& in, ValueId id) {
  if (!halves_on_host()) return emit_slow_call(in, id);
  const int from = vx(in.args[0]);
  const int to = ra_.define(id);
  widen_halves(to, from, Type::F16);
  if (in.type == Type::F64) as_.vcvtps2pd(x(to), x(to));
}

void Emitter::narrow_scalar(const Inst& in, ValueId id) {
  if (!halves_on_host()) return emit_slow_call(in, id);
  const int from = vx(in.args[0]);
  const int to = ra_.define(id);
  if (ra_.type(in.args[0]) == Type::F64) {
    as_.vmovddup(x(to), x(from));
    narrow_sticky(to, x(to));
  } else {
    as_.vpbroadcastd(x(to), x(from));
  }
  as_.vcvtps2ph(x(to), x(to), kCurrentRounding);
  tell_underflow(in, id, to);
}

}  // namespace ferry::backend::x64
