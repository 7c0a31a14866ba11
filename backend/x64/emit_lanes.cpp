#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"
#include "ir/support/bits.h"

// Scalars into and out of vectors.
namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::Type;
using ir::ValueId;

void Emitter::splat_constant(const Inst& in, ValueId id) {
  const unsigned lane = ir::lane_bits(in.type);
  const uint64_t bits = support::replicate(ra_.constant(in.args[0]), lane);
  const int to = ra_.define(id);
  if (bits == 0) return vec_zero(to);
  as_.vec_pool(vop::kMovaps, host_.avx, to, kNoReg, bits, bits);
}

void Emitter::on_splat(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  const unsigned lane = ir::lane_bits(in.type);
  if (ra_.is_const(v)) return splat_constant(in, id);
  int from;
  int to;
  if (ir::is_float_vector(in.type)) {
    from = vx(v);
    to = ra_.define(id, v);
  } else {
    const int reg = gp(v);
    from = to = ra_.define(id);
    lane == 64 ? as_.movq(x(to), Xbyak::Reg64(reg)) : as_.movd(x(to), Xbyak::Reg32(reg));
  }
  switch (lane) {
    case 8: {
      const int zero = ra_.scratch_xmm();
      vec_zero(zero);
      return vec3(vop::kPshufB, to, from, zero);
    }
    case 16:
      vec1(vop::kPshufLW, to, from, 0);
      return vec3(vop::kPunpckl[3], to, to, to);
    case 32:
      return vec1(vop::kPshufD, to, from, 0);
    default:
      return vec1(vop::kPshufD, to, from, 0x44);
  }
}

void Emitter::extract_from_memory(const Inst& in, ValueId id) {
  const unsigned bytes = ir::bytes(in.type);
  const int32_t at = ra_.home(in.args[0]) + static_cast<int32_t>(in.imm * bytes);
  const Xbyak::Address from = home_address(at, bytes * 8);
  const int to = ra_.define(id);
  if (ir::is_float(in.type)) {
    bytes == 8 ? as_.movq(x(to), from) : as_.movd(x(to), from);
  } else if (bytes >= 4) {
    as_.mov(r(to, in.type), from);
  } else {
    as_.movzx(r(to, 32), from);
  }
  ra_.set_clean(id, true);
}

void Emitter::on_extract_lane(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  const auto lane = static_cast<uint8_t>(in.imm);
  const bool is_float = ir::is_float(in.type);
  if (ra_.readable(v, 128) && in.type != Type::F16 && (ra_.dies(v) || !is_float))
    return extract_from_memory(in, id);
  if (is_float && lane == 0) return ra_.alias(id, v, false);
  const int from = vx(v);
  if (is_float) {
    const int to = ra_.define(id, v);
    if (in.type == Type::F16) return vec_shift_imm(vop::kSrlBytes, to, from, 2 * lane);
    return vec1(vop::kPshufD, to, from, in.type == Type::F64 ? 0xee : lane);
  }
  const int to = ra_.define(id);
  switch (ir::bits(in.type)) {
    case 8:
      as_.pextrb(r(to, 32), x(from), lane);
      break;
    case 16:
      as_.pextrw(r(to, 32), x(from), lane);
      break;
    case 32:
      lane == 0 ? as_.movd(Xbyak::Reg32(to), x(from)) : as_.pextrd(r(to, 32), x(from), lane);
      break;
    default:
      lane == 0 ? as_.movq(Xbyak::Reg64(to), x(from)) : as_.pextrq(Xbyak::Reg64(to), x(from), lane);
      break;
  }
  ra_.set_clean(id, true);
}

void Emitter::on_insert_lane(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  const ValueId scalar = in.args[1];
  const auto lane = static_cast<uint8_t>(in.imm);
  const int into = vx(v);
  if (!ir::is_float_vector(in.type)) {
    const int from = gp(scalar);
    const int to = ra_.define(id, v);
    vec_move(to, into);
    switch (ir::lane_bits(in.type)) {
      case 8:
        return as_.pinsrb(x(to), r(from, 32), lane);
      case 16:
        return as_.pinsrw(x(to), r(from, 32), lane);
      case 32:
        return as_.pinsrd(x(to), r(from, 32), lane);
      default:
        return as_.pinsrq(x(to), Xbyak::Reg64(from), lane);
    }
  }
  const int from = vx(scalar);
  const int to = ra_.define(id, v, into == from ? 0 : mask_of(from));
  switch (ir::lane_bits(in.type)) {
    case 16: {
      const int temp = ra_.scratch_gpr();
      as_.pextrw(r(temp, 32), x(from), 0);
      vec_move(to, into);
      return as_.pinsrw(x(to), r(temp, 32), lane);
    }
    case 32:
      return vec3(vop::kInsertps, to, into, from, static_cast<uint8_t>(lane << 4));
    default:
      return vec3(lane == 0 ? vop::kMovsd : vop::kPunpckl[3], to, into, from);
  }
}

void Emitter::on_scalar_to_vec(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  if (ir::is_float_vector(in.type)) {
    const int from = vx(v);
    if (ra_.clean(v)) return ra_.alias(id, v, true);
    const int to = ra_.define(id, v);
    switch (ir::lane_bits(in.type)) {
      case 16: {
        const int temp = ra_.scratch_gpr();
        as_.pextrw(r(temp, 32), x(from), 0);
        return as_.movd(x(to), Xbyak::Reg32(temp));
      }
      case 32:
        return vec3(vop::kInsertps, to, from, from, 0x0e);
      default:
        return vec1(vop::kMovq, to, from);
    }
  }
  const int from = ir::lane_bits(in.type) < 32 ? gp_zero_extended(v) : gp(v);
  const int to = ra_.define(id);
  ir::lane_bits(in.type) == 64 ? as_.movq(x(to), Xbyak::Reg64(from)) : as_.movd(x(to), Xbyak::Reg32(from));
}

void Emitter::on_zero_upper(const Inst& in, ValueId id) {
  const int from = vx(in.args[0]);
  vec1(vop::kMovq, ra_.define(id, in.args[0]), from);
}

}  // namespace ferry::backend::x64
