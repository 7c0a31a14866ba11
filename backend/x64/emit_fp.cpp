#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"
#include "ir/fp_ops.h"
#include "ir/support/bits.h"

// Floating-point arithmetic: the host's instruction; where its result is a NaN (or an operand is, for minimum
// and maximum) the operation is done again exactly, out of line. Nothing else differs between Arm and SSE in
// the modes that reach this code (FPCR.FZ, DN and AHP clear).
namespace ferry::backend::x64 {

using ir::FloatCond;
using ir::kNoValue;
using ir::Type;
using ir::ValueId;

namespace {

/// The AVX CMPPS predicate, without and with a signal for quiet NaNs.
struct Predicate {
  uint8_t quiet;
  uint8_t signalling;
};

Predicate avx_predicates(FloatCond cond) {
  switch (cond) {
    case FloatCond::Olt:
      return {0x11, 0x01};
    case FloatCond::Oeq:
      return {0x00, 0x10};
    case FloatCond::Ole:
      return {0x12, 0x02};
    case FloatCond::Ogt:
      return {0x1e, 0x0e};
    case FloatCond::One:
      return {0x0c, 0x1c};
    case FloatCond::Oge:
      return {0x1d, 0x0d};
    case FloatCond::Ord:
      return {0x07, 0x17};
    case FloatCond::Uno:
      return {0x03, 0x13};
    case FloatCond::Ult:
      return {0x19, 0x09};
    case FloatCond::Ueq:
      return {0x08, 0x18};
    case FloatCond::Ule:
      return {0x1a, 0x0a};
    case FloatCond::Ugt:
      return {0x16, 0x06};
    case FloatCond::Une:
      return {0x04, 0x14};
    case FloatCond::Uge:
      return {0x15, 0x05};
  }
  return {0, 0};
}

/// The SSE predicate; it decides itself whether quiet NaNs signal.
struct SsePredicate {
  uint8_t code;
  bool swapped;
  bool signalling;
  bool exists = true;
};

SsePredicate sse_predicate(FloatCond cond) {
  switch (cond) {
    case FloatCond::Oeq:
      return {0, false, false};
    case FloatCond::Olt:
      return {1, false, true};
    case FloatCond::Ole:
      return {2, false, true};
    case FloatCond::Uno:
      return {3, false, false};
    case FloatCond::Une:
      return {4, false, false};
    case FloatCond::Uge:
      return {5, false, true};
    case FloatCond::Ugt:
      return {6, false, true};
    case FloatCond::Ord:
      return {7, false, false};
    case FloatCond::Ogt:
      return {1, true, true};
    case FloatCond::Oge:
      return {2, true, true};
    case FloatCond::Ule:
      return {5, true, true};
    case FloatCond::Ult:
      return {6, true, true};
    default:
      return {0, false, false, false};
  }
}

}  // namespace

uint8_t Emitter::avx_predicate(const Inst& in) {
  const Predicate predicate = avx_predicates(in.float_cond());
  return in.imm2 != 0 ? predicate.signalling : predicate.quiet;
}

void Emitter::ucomis(Type lane, int a, int b) {
  const VecPrefix prefix = ir::lane_bits(lane) == 64 ? VecPrefix::P66 : VecPrefix::None;
  as_.vec({prefix, VecMap::M0f, 0x2e}, host_.avx, a, kNoReg, b);
}

void Emitter::finish_slow(Cold& c, uint32_t jump) {
  c.jumps[0] = jump;
  c.back = as_.offset();
}

void Emitter::check_mask(const Inst& in, ValueId id, int result, int mask) {
  as_.vec(vop::int_op38(0x17), host_.avx, mask, kNoReg, mask);  // ptest
  const uint32_t jump = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  finish_slow(cold_slow(in, id, result), jump);
}

void Emitter::check_nan(const Inst& in, ValueId id, int result) {
  if (ir::is_vector(in.type)) {
    const int mask = ra_.scratch_xmm();
    vec3(vop::packed_opcode(vop::kFpCmp, in.type), mask, result, result, vop::kUnordered);
    return check_mask(in, id, result, mask);
  }
  ucomis(in.type, result, result);
  const uint32_t jump = as_.jump_later(static_cast<uint8_t>(HostCond::P));
  finish_slow(cold_slow(in, id, result), jump);
}

/// The exact way raises the underflow flag where the host did not (ir::Function::exact_underflow).
void Emitter::tell_underflow(const Inst& in, ValueId id, int result) {
  if (!fn_->exact_underflow || fn_->ignore_fp_flags) return;
  if (!ir::may_round_to_smallest_normal(in.op, in.type, ra_.type(in.args[0]))) return;
  const unsigned width = ir::lane_bits(in.type);
  const uint64_t smallest = ir::smallest_normal(ir::float_vector_type(width));
  const uint64_t magnitude = support::low_mask(width - 1);
  const uint64_t magnitudes = support::replicate(magnitude, width);
  // Of a scalar's register only the lowest lane counts.
  const bool scalar = !ir::is_vector(in.type);
  const int mask = ra_.scratch_xmm();
  vec3_pool(vop::kPand, mask, result, scalar ? magnitude : magnitudes, scalar ? 0 : magnitudes);
  const VecOpcode& equal = width == 16 ? vop::kPcmpeqW : width == 32 ? vop::kPcmpeqD : vop::kPcmpeqQ;
  vec3_pool(equal, mask, mask, smallest, smallest);
  check_mask(in, id, result, mask);
}

void Emitter::fp_binary(uint8_t opcode, const Inst& in, ValueId id) {
  if (is_half(in.type)) return half_arithmetic(in, id);
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int to = ra_.define(id);
  vec3(vop::fp_opcode(opcode, in.type), to, a, b);
  if (!fp_exact_on_host()) check_nan(in, id, to);
  tell_underflow(in, id, to);
}

void Emitter::on_fadd(const Inst& in, ValueId id) { fp_binary(vop::kFpAdd, in, id); }
void Emitter::on_fsub(const Inst& in, ValueId id) { fp_binary(vop::kFpSub, in, id); }
void Emitter::on_fmul(const Inst& in, ValueId id) { fp_binary(vop::kFpMul, in, id); }
void Emitter::on_fdiv(const Inst& in, ValueId id) { fp_binary(vop::kFpDiv, in, id); }

void Emitter::on_fsqrt(const Inst& in, ValueId id) {
  if (is_half(in.type)) return half_arithmetic(in, id);
  const int a = vx(in.args[0]);
  const int to = ra_.define(id);
  as_.vec(vop::fp_opcode(vop::kFpSqrt, in.type), host_.avx, to, ir::is_vector(in.type) ? kNoReg : a, a);
  if (!fp_exact_on_host()) check_nan(in, id, to);
}

void Emitter::on_fma(const Inst& in, ValueId id) {
  if (!host_.fma || !host_.avx) return emit_slow_call(in, id);
  if (is_half(in.type)) return half_fma(in, id);
  const int addend = vx(in.args[0]);
  const int a = vx(in.args[1]);
  const int b = vx(in.args[2]);
  const int to = ra_.define(id);
  vec_move(to, addend);
  VecOpcode op = vop::int_op38(ir::is_vector(in.type) ? 0xb8 : 0xb9);  // VFMADD231
  op.wide = ir::lane_bits(in.type) == 64;
  as_.vec(op, true, to, a, b);
  check_nan(in, id, to);
  tell_underflow(in, id, to);
}

// ---- minimum and maximum

void Emitter::fp_min_max(const Inst& in, ValueId id, bool is_max) {
  if (is_half(in.type)) return half_min_max(in, id, is_max);
  // MINPS gives its second operand when both are zero: minimum of both orders, joined by OR, is -0 if either
  // is.
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const VecOpcode op = vop::fp_opcode(is_max ? vop::kFpMax : vop::kFpMin, in.type);
  const int to = ra_.define(id);
  if (fp_exact_on_host()) return vec3(op, to, a, b);
  const int other = ra_.scratch_xmm();
  // Looked at first: MINPS calls a quiet NaN invalid.
  uint32_t jump;
  if (ir::is_vector(in.type)) {
    vec3(vop::packed_opcode(vop::kFpCmp, in.type), other, a, b, vop::kUnordered);
    as_.vec(vop::int_op38(0x17), host_.avx, other, kNoReg, other);  // ptest
    jump = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  } else {
    ucomis(in.type, a, b);
    jump = as_.jump_later(static_cast<uint8_t>(HostCond::P));
  }
  vec3(op, to, a, b);
  vec3(op, other, b, a);
  vec3(is_max ? vop::kPand : vop::kPor, to, to, other);
  finish_slow(cold_slow(in, id, to), jump);
}

void Emitter::on_fmin(const Inst& in, ValueId id) { fp_min_max(in, id, false); }
void Emitter::on_fmax(const Inst& in, ValueId id) { fp_min_max(in, id, true); }

void Emitter::on_fminnum(const Inst& in, ValueId id) {
  if (fp_exact_on_host()) return emit_slow_call(in, id);
  fp_min_max(in, id, false);
}

void Emitter::on_fmaxnum(const Inst& in, ValueId id) {
  if (fp_exact_on_host()) return emit_slow_call(in, id);
  fp_min_max(in, id, true);
}

// ---- sign

void Emitter::on_fabs(const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  const unsigned width = ir::lane_bits(in.type);
  const uint64_t mask = support::replicate(support::low_mask(width - 1), width);
  vec3_pool(vop::packed_opcode(vop::kFpAnd, in.type), ra_.define(id, in.args[0]), a, mask, mask);
}

void Emitter::on_fneg(const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  const unsigned width = ir::lane_bits(in.type);
  const uint64_t mask = support::replicate(uint64_t{1} << (width - 1), width);
  vec3_pool(vop::packed_opcode(vop::kFpXor, in.type), ra_.define(id, in.args[0]), a, mask, mask);
}

// ---- comparison and rounding

void Emitter::on_vfcmp(const Inst& in, ValueId id) {
  if (is_half(in.type)) return half_compare(in, id);
  const VecOpcode op = vop::packed_opcode(vop::kFpCmp, in.type);
  const bool signalling = in.imm2 != 0;
  if (host_.avx) {
    const int a = vx(in.args[0]);
    const int b = vx(in.args[1]);
    return vec3(op, ra_.define(id, in.args[0]), a, b, avx_predicate(in));
  }
  const SsePredicate predicate = sse_predicate(in.float_cond());
  if (!predicate.exists || (predicate.signalling != signalling && !fn_->ignore_fp_flags))
    return emit_slow_call(in, id);
  const int a = vx(in.args[predicate.swapped ? 1 : 0]);
  const int b = vx(in.args[predicate.swapped ? 0 : 1]);
  vec3(op, ra_.define(id, kNoValue, mask_of(a) | mask_of(b)), a, b, predicate.code);
}

}  // namespace ferry::backend::x64
