#include <bit>
#include <optional>

#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"
#include "ir/fp/softfloat.h"

// Conversions between floating-point formats and integers, and rounding to integral values.
namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::Type;
using ir::ValueId;

namespace {

constexpr uint8_t kSuppressInexact = 8;

/// The ROUNDSD immediate of a Round operand; some roundings the host does not have.
std::optional<uint8_t> host_rounding(uint64_t rounding) {
  if (rounding == ir::kRoundCurrent) return uint8_t{4};
  switch (static_cast<ir::fp::Rounding>(rounding)) {
    case ir::fp::Rounding::NearestEven:
      return uint8_t{0};
    case ir::fp::Rounding::TowardMinusInf:
      return uint8_t{1};
    case ir::fp::Rounding::TowardPlusInf:
      return uint8_t{2};
    case ir::fp::Rounding::TowardZero:
      return uint8_t{3};
    default:
      return std::nullopt;
  }
}

VecOpcode round_opcode(Type type) {
  const bool wide = ir::lane_bits(type) == 64;
  return vop::int_op3a(
      static_cast<uint8_t>(ir::is_vector(type) ? (wide ? 0x09 : 0x08) : (wide ? 0x0b : 0x0a)));
}

/// 2^exponent in the type's lanes.
uint64_t power_of_two(Type type, int exponent) {
  if (ir::lane_bits(type) == 64) return static_cast<uint64_t>(1023 + exponent) << 52;
  const auto lane = static_cast<uint64_t>(127 + exponent) << 23;
  return lane << 32 | lane;
}

}  // namespace

void Emitter::on_fround(const Inst& in, ValueId id) {
  const auto mode = host_rounding(in.imm);
  if (!mode) return emit_slow_call(in, id);
  const auto imm = static_cast<uint8_t>(*mode | (in.imm2 == 0 ? kSuppressInexact : 0));
  if (is_half(in.type)) return half_round(in, id, imm);
  const int a = vx(in.args[0]);
  const int to = ra_.define(id);
  as_.vec(round_opcode(in.type), host_.avx, to, ir::is_vector(in.type) ? kNoReg : a, a);
  as_.db(imm);
  if (!fp_exact_on_host()) check_nan(in, id, to);
}

void Emitter::on_fconvert(const Inst& in, ValueId id) {
  const Type from = ra_.type(in.args[0]);
  if (is_half(in.type)) return narrow_scalar(in, id);
  if (is_half(from)) return widen_scalar(in, id);
  const int a = vx(in.args[0]);
  const int to = ra_.define(id);
  as_.vec(vop::fp_opcode(0x5a, from), host_.avx, to, a, a);
  if (!fp_exact_on_host()) check_nan(in, id, to);
  tell_underflow(in, id, to);
}

void Emitter::widen_floats(const Inst& in, ValueId id, bool raw) {
  const bool halves = in.type == Type::V4F32;
  if (halves && !host_.f16c) return emit_slow_call(in, id);
  int from = vx(in.args[0]);
  const int to = ra_.define(id);
  if (in.imm != 0) {
    vec1(vop::kPshufD, to, from, 0xee);
    from = to;
  }
  halves ? as_.vcvtph2ps(x(to), x(from)) : vec1(vop::packed_opcode(0x5a, Type::V4F32), to, from);
  if (raw) check_nan(in, id, to);
}

void Emitter::on_fwiden(const Inst& in, ValueId id) { widen_floats(in, id, false); }
void Emitter::on_fwiden_raw(const Inst& in, ValueId id) { widen_floats(in, id, true); }

void Emitter::on_fnarrow(const Inst& in, ValueId id) {
  const bool halves = in.type == Type::V8F16;
  if (halves && !host_.f16c) return emit_slow_call(in, id);
  const int from = vx(in.args[0]);
  const int to = ra_.define(id);
  halves ? as_.vcvtps2ph(x(to), x(from), 4) : vec1(vop::packed_opcode(0x5a, Type::V2F64), to, from);
  tell_underflow(in, id, to);
}

// ---- to integers

void Emitter::on_fp_to_sint(const Inst& in, ValueId id) {
  ir::is_vector(in.type) ? floats_to_ints(in, id, true) : float_to_int(in, id, true);
}

void Emitter::on_fp_to_uint(const Inst& in, ValueId id) {
  ir::is_vector(in.type) ? floats_to_ints(in, id, false) : float_to_int(in, id, false);
}

void Emitter::float_to_int(const Inst& in, ValueId id, bool is_signed) {
  const bool half = is_half(ra_.type(in.args[0]));
  const auto mode = host_rounding(in.imm);
  if (!mode || in.imm2 != 0 || fp_exact_on_host() || (half && !halves_on_host()))
    return emit_slow_call(in, id);
  const Type from = half ? Type::F32 : ra_.type(in.args[0]);
  const int a = half ? singles_of(in, 0) : vx(in.args[0]);
  const bool current = *mode == 4;
  const bool truncates = *mode == 3;
  const bool is_double = from == Type::F64;
  const auto convert = [&](const Xbyak::Reg& to, int value) {
    if (current) return is_double ? as_.cvtsd2si(to, x(value)) : as_.cvtss2si(to, x(value));
    is_double ? as_.cvttsd2si(to, x(value)) : as_.cvttss2si(to, x(value));
  };
  int value = a;
  if (!truncates && !current) {
    // Inexact is raised below, once the value is known to be in range.
    value = ra_.scratch_xmm();
    as_.vec(round_opcode(from), host_.avx, value, a, a);
    as_.db(*mode | kSuppressInexact);
  }
  uint32_t jumps[2] = {0, 0};
  const int to = ra_.define(id);
  if (is_signed) {
    convert(r(to, in.type), value);
    as_.cmp(r(to, in.type), 1);  // overflows for the "integer indefinite" value only
    jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::O));
  } else {
    // Only what a signed 64-bit conversion covers: 0 <= value < 2^32, 2^63.
    // All registers are taken before the first jump: what taking one stores must not be jumped over.
    const bool may_reach_limit = current && in.type == Type::I32;
    const int bound = ra_.scratch_xmm();
    const int high = may_reach_limit ? ra_.scratch_gpr() : kNoReg;
    vec_zero(bound);
    ucomis(from, value, bound);
    jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::B));
    const uint64_t limit = power_of_two(from, in.type == Type::I32 ? 32 : 63);
    const VecPrefix prefix = is_double ? VecPrefix::P66 : VecPrefix::None;
    as_.vec_pool({prefix, VecMap::M0f, 0x2e}, host_.avx, value, kNoReg, limit, 0);
    jumps[1] = as_.jump_later(static_cast<uint8_t>(HostCond::Ae));
    if (may_reach_limit) {
      // Rounding may reach 2^32.
      convert(Xbyak::Reg64(to), value);
      as_.mov(Xbyak::Reg64(high), Xbyak::Reg64(to));
      as_.shr(Xbyak::Reg64(high), 32);
      Cold& reached = cold_slow(in, id, to);
      reached.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
      reached.back = as_.offset();
    } else {
      convert(Xbyak::Reg64(to), value);
    }
  }
  if (value != a && !fn_->ignore_fp_flags) {
    as_.vec(round_opcode(from), host_.avx, value, a, a);
    as_.db(*mode);
  }
  Cold& c = cold_slow(in, id, to);
  c.jumps[0] = jumps[0];
  c.jumps[1] = jumps[1];
  c.back = as_.offset();
}

void Emitter::floats_to_ints(const Inst& in, ValueId id, bool is_signed) {
  if (in.type == Type::V8I16) return halves_to_ints(in, id, is_signed);
  const auto mode = host_rounding(in.imm);
  if (in.type != Type::V4I32 || !is_signed || !mode || in.imm2 != 0 || fp_exact_on_host())
    return emit_slow_call(in, id);
  const int a = vx(in.args[0]);
  const bool current = *mode == 4;
  int value = a;
  if (!current && *mode != 3) {
    value = ra_.scratch_xmm();
    as_.vec(round_opcode(Type::V4F32), host_.avx, value, kNoReg, a);
    as_.db(*mode | kSuppressInexact);
  }
  const int to = ra_.define(id);
  const int mask = ra_.scratch_xmm();
  as_.vec({current ? VecPrefix::P66 : VecPrefix::Pf3, VecMap::M0f, 0x5b}, host_.avx, to, kNoReg, value);
  constexpr uint64_t kIndefinite = 0x8000000080000000;
  vec3_pool(vop::kPcmpeqD, mask, to, kIndefinite, kIndefinite);
  as_.vec(vop::int_op38(0x17), host_.avx, mask, kNoReg, mask);  // ptest
  const uint32_t jump = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  if (value != a && !fn_->ignore_fp_flags) {
    as_.vec(round_opcode(Type::V4F32), host_.avx, value, kNoReg, a);
    as_.db(*mode);
  }
  finish_slow(cold_slow(in, id, to), jump);
}

// Words have room for the integers of most halves; the lanes that saturate are not the same when they are
// made wide again.
void Emitter::halves_to_ints(const Inst& in, ValueId id, bool is_signed) {
  const auto mode = host_rounding(in.imm);
  if (!mode || in.imm2 != 0 || !halves_on_host() || fp_exact_on_host()) return emit_slow_call(in, id);
  const Xbyak::Ymm singles(singles_of(in, 0));
  const Xbyak::Ymm words(ra_.scratch_xmm());
  const Xbyak::Ymm temp(ra_.scratch_xmm());
  const int to = ra_.define(id);
  const Xbyak::Xmm low(words.getIdx()), high(temp.getIdx());
  // A negative number that is none for the unsigned is invalid, and not inexact. Of the halves that are too
  // large all are integers.
  const bool current = *mode == 4;
  const bool rounds_first = !is_signed || (!current && *mode != 3);
  if (rounds_first) {
    as_.vroundps(words, singles, *mode | kSuppressInexact);
    as_.vcvttps2dq(words, words);
  } else {
    current ? as_.vcvtps2dq(words, singles) : as_.vcvttps2dq(words, singles);
  }
  as_.vextracti128(high, words, 1);
  is_signed ? as_.vpackssdw(x(to), low, high) : as_.vpackusdw(x(to), low, high);
  is_signed ? as_.vpmovsxwd(temp, x(to)) : as_.vpmovzxwd(temp, x(to));
  as_.vpxor(temp, temp, words);
  as_.vptest(temp, temp);
  const uint32_t jump = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  if (rounds_first && !fn_->ignore_fp_flags) as_.vroundps(words, singles, *mode);
  as_.vzeroupper();
  finish_slow(cold_slow(in, id, to), jump);
}

// ---- from integers

void Emitter::on_sint_to_fp(const Inst& in, ValueId id) {
  ir::is_vector(in.type) ? ints_to_floats(in, id, true) : int_to_float(in, id, true);
}

void Emitter::on_uint_to_fp(const Inst& in, ValueId id) {
  ir::is_vector(in.type) ? ints_to_floats(in, id, false) : int_to_float(in, id, false);
}

void Emitter::scale_by_fraction(const Inst& in, int to) {
  if (in.imm2 == 0) return;
  // Exact: the exponents of converted integers stay far from the format's ends.
  const uint64_t factor = power_of_two(in.type, -static_cast<int>(in.imm2));
  vec3_pool(vop::fp_opcode(vop::kFpMul, in.type), to, to, factor, factor);
}

// A double holds all that a half does not overflow at.
void Emitter::int_to_half(const Inst& in, ValueId id, bool is_signed) {
  const bool wide_source = ra_.type(in.args[0]) == Type::I64;
  if (!halves_on_host() || (wide_source && in.imm2 != 0)) return emit_slow_call(in, id);
  const int from = is_signed || wide_source ? gp(in.args[0]) : gp_zero_extended(in.args[0]);
  const Xbyak::Xmm number(ra_.scratch_xmm());
  const int to = ra_.define(id);
  const Xbyak::Reg32e source(from, wide_source || !is_signed ? 64 : 32);
  as_.vxorps(number, number, number);
  as_.vcvtsi2sd(number, number, source);
  if (in.imm2 != 0) {
    vec3_pool(vop::fp_opcode(vop::kFpMul, Type::F64), number.getIdx(), number.getIdx(),
              power_of_two(Type::F64, -static_cast<int>(in.imm2)), 0);
  }
  narrow_sticky(to, number);
  as_.vcvtps2ph(x(to), x(to), 4);
  if (!is_signed && wide_source) {
    as_.test(source, source);
    finish_slow(cold_slow(in, id, to), as_.jump_later(static_cast<uint8_t>(HostCond::S)));
  }
  tell_underflow(in, id, to);
}

void Emitter::ints_to_halves(const Inst& in, ValueId id, bool is_signed) {
  if (!halves_on_host() || in.imm2 != 0 || in.imm != ir::kRoundCurrent) return emit_slow_call(in, id);
  const Xbyak::Xmm a(vx(in.args[0]));
  const Xbyak::Ymm wide(ra_.scratch_xmm());
  const int to = ra_.define(id);
  is_signed ? as_.vpmovsxwd(wide, a) : as_.vpmovzxwd(wide, a);
  as_.vcvtdq2ps(wide, wide);
  as_.vcvtps2ph(x(to), wide, 4);
  as_.vzeroupper();
}

void Emitter::int_to_float(const Inst& in, ValueId id, bool is_signed) {
  if (in.imm != ir::kRoundCurrent) return emit_slow_call(in, id);
  if (is_half(in.type)) return int_to_half(in, id, is_signed);
  const bool wide_source = ra_.type(in.args[0]) == Type::I64;
  const int from = is_signed || wide_source ? gp(in.args[0]) : gp_zero_extended(in.args[0]);
  const int to = ra_.define(id);
  const Xbyak::Reg32e source(from, wide_source || !is_signed ? 64 : 32);
  uint32_t jump = 0;
  if (!is_signed && wide_source) {
    as_.test(source, source);
    jump = as_.jump_later(static_cast<uint8_t>(HostCond::S));
  }
  as_.xorps(x(to), x(to));
  in.type == Type::F64 ? as_.cvtsi2sd(x(to), source) : as_.cvtsi2ss(x(to), source);
  scale_by_fraction(in, to);
  if (jump != 0) finish_slow(cold_slow(in, id, to), jump);
}

void Emitter::ints_to_floats(const Inst& in, ValueId id, bool is_signed) {
  if (is_half(in.type)) return ints_to_halves(in, id, is_signed);
  if (!is_signed || in.imm != ir::kRoundCurrent) return emit_slow_call(in, id);
  const int a = vx(in.args[0]);
  const int to = ra_.define(id, kNoValue, mask_of(a));
  if (in.type == Type::V4F32) {
    as_.vec({VecPrefix::None, VecMap::M0f, 0x5b}, host_.avx, to, kNoReg, a);
  } else {
    const Xbyak::Reg64 lane(ra_.scratch_gpr());
    const int high = ra_.scratch_xmm();
    as_.movq(lane, x(a));
    as_.xorps(x(to), x(to));
    as_.cvtsi2sd(x(to), lane);
    as_.pextrq(lane, x(a), 1);
    as_.xorps(x(high), x(high));
    as_.cvtsi2sd(x(high), lane);
    vec3(vop::kPunpckl[3], to, to, high);
  }
  scale_by_fraction(in, to);
}

}  // namespace ferry::backend::x64
