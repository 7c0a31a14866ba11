#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"

// Lane-wise integer operations on vectors.
namespace ferry::backend::x64 {

using ir::IntCond;
using ir::kNoValue;
using ir::Op;
using ir::Type;
using ir::ValueId;

namespace {

constexpr uint64_t repeat_byte(uint64_t byte) { return byte * 0x0101010101010101; }

/// One of four rows by lane width, 8 to 64 bits.
constexpr VecOpcode by_lane(Type type, VecOpcode b, VecOpcode w, VecOpcode d, VecOpcode q = {}) {
  switch (ir::lane_bits(type)) {
    case 8:
      return b;
    case 16:
      return w;
    case 32:
      return d;
    default:
      return q;
  }
}

}  // namespace

VecOpcode Emitter::vec_op(Op op, Type type) {
  using namespace vop;
  switch (op) {
    case Op::add:
      return by_lane(type, kPaddB, kPaddW, kPaddD, kPaddQ);
    case Op::sub:
      return by_lane(type, kPsubB, kPsubW, kPsubD, kPsubQ);
    case Op::mul:
      return by_lane(type, {}, kPmullW, kPmullD);
    case Op::and_:
      return kPand;
    case Op::or_:
      return kPor;
    case Op::xor_:
      return kPxor;
    case Op::andn:
      return kPandn;
    case Op::smin:
      return by_lane(type, kPminSB, kPminSW, kPminSD);
    case Op::smax:
      return by_lane(type, kPmaxSB, kPmaxSW, kPmaxSD);
    case Op::umin:
      return by_lane(type, kPminUB, kPminUW, kPminUD);
    case Op::umax:
      return by_lane(type, kPmaxUB, kPmaxUW, kPmaxUD);
    case Op::uadd_sat:
      return by_lane(type, kPaddusB, kPaddusW, {});
    case Op::sadd_sat:
      return by_lane(type, kPaddsB, kPaddsW, {});
    case Op::usub_sat:
      return by_lane(type, kPsubusB, kPsubusW, {});
    case Op::ssub_sat:
      return by_lane(type, kPsubsB, kPsubsW, {});
    case Op::uavg_round:
      return by_lane(type, kPavgB, kPavgW, {});
    default:
      return {};
  }
}

void Emitter::vec_move(int to, int from) {
  if (to != from) as_.vec(vop::kMovaps, host_.avx, to, kNoReg, from);
}

void Emitter::vec_zero(int to) { as_.vec(vop::kPxor, host_.avx, to, to, to); }
void Emitter::vec_ones(int to) { as_.vec(vop::kPcmpeqD, host_.avx, to, to, to); }

void Emitter::vec_invert(int to) {
  const int ones = ra_.scratch_xmm();
  vec_ones(ones);
  vec3(vop::kPxor, to, to, ones);
}

void Emitter::vec3(const VecOpcode& op, int to, int a, int b) {
  if (host_.avx) return as_.vec(op, true, to, a, b);
  if (to == b && to != a && op.commutes) std::swap(a, b);
  vec_move(to, a);
  as_.vec(op, false, to, to, b);
}

void Emitter::vec3_pool(const VecOpcode& op, int to, int a, uint64_t low, uint64_t high) {
  if (!host_.avx) vec_move(to, a);
  as_.vec_pool(op, host_.avx, to, host_.avx ? a : to, low, high);
}

void Emitter::load_pool(int to, uint64_t low, uint64_t high) {
  as_.vec_pool(vop::kMovaps, host_.avx, to, kNoReg, low, high);
}

void Emitter::vec_shift_imm(const VecShift& op, int to, int from, int amount) {
  as_.vec_shift(op, host_.avx, to, from, static_cast<uint8_t>(amount));
}

void Emitter::vec_binary(const VecOpcode& op, ValueId a, ValueId b, ValueId id) {
  if (op.commutes && ra_.reg(a) == kNoReg && ra_.reg(b) != kNoReg) std::swap(a, b);
  const int first = vx(a);
  if (host_.avx && ra_.is_const(b) && ra_.reg(b) == kNoReg && (ra_.constant(b) | ra_.constant_high(b)) != 0) {
    return as_.vec_pool(op, true, ra_.define(id, a), first, ra_.constant(b), ra_.constant_high(b));
  }
  if (host_.avx && ra_.dies(b) && ra_.readable(b, 128)) {
    return as_.vec_state(op, true, ra_.define(id, a), first, ra_.home(b));
  }
  const int second = vx(b);
  const int to = ra_.define(id, a, host_.avx || op.commutes || first == second ? 0 : mask_of(second));
  vec3(op, to, first, second);
}

void Emitter::vec_by_lanes(const Inst& in, ValueId id) {
  const VecOpcode op = vec_op(in.op, in.type);
  // PANDN inverts its first operand, andn the second.
  const bool swapped = in.op == Op::andn;
  vec_binary(op, in.args[swapped ? 1 : 0], in.args[swapped ? 0 : 1], id);
}

// The host saturates lanes of 8 and 16 bits.

void Emitter::on_uadd_sat(const Inst& in, ValueId id) {
  ir::lane_bits(in.type) < 32 ? vec_by_lanes(in, id) : add_saturating_unsigned(in, id);
}
void Emitter::on_usub_sat(const Inst& in, ValueId id) {
  ir::lane_bits(in.type) < 32 ? vec_by_lanes(in, id) : subtract_saturating_unsigned(in, id);
}
void Emitter::on_sadd_sat(const Inst& in, ValueId id) {
  ir::lane_bits(in.type) < 32 ? vec_by_lanes(in, id) : saturating_signed(in, id);
}
void Emitter::on_ssub_sat(const Inst& in, ValueId id) {
  ir::lane_bits(in.type) < 32 ? vec_by_lanes(in, id) : saturating_signed(in, id);
}

// a + min(b, ~a). Of 64 bits: all ones where the sum is below a.
void Emitter::add_saturating_unsigned(const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int temp = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(b));
  if (ir::lane_bits(in.type) == 32) {
    vec_ones(temp);
    vec3(vop::kPxor, temp, temp, a);
    vec3(vop::kPminUD, temp, temp, b);
    return vec3(vop::kPaddD, to, temp, a);
  }
  vec3(vop::kPaddQ, to, a, b);
  compare_doublewords_unsigned(temp, a, to);
  vec3(vop::kPor, to, to, temp);
}

// max(a, b) - b. Of 64 bits: zero where b is above a.
void Emitter::subtract_saturating_unsigned(const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int temp = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(b));
  if (ir::lane_bits(in.type) == 32) {
    vec3(vop::kPmaxUD, to, a, b);
    return vec3(vop::kPsubD, to, to, b);
  }
  compare_doublewords_unsigned(temp, b, a);
  vec3(vop::kPsubQ, to, a, b);
  vec3(vop::kPandn, temp, temp, to);
  vec_move(to, temp);
}

// The sign of an overflowed result is wrong: where it differs from what both operands (of a subtraction, the
// first and the second's opposite) have, the nearest number is that of the first operand's sign.
void Emitter::saturating_signed(const Inst& in, ValueId id) {
  const bool wide = ir::lane_bits(in.type) == 64;
  const bool adds = in.op == Op::sadd_sat;
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int overflow = ra_.scratch_xmm();
  const int limit = ra_.scratch_xmm();
  const int sign = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(b));
  vec3(vec_op(adds ? Op::add : Op::sub, in.type), to, a, b);
  vec3(vop::kPxor, overflow, a, to);
  vec3(vop::kPxor, limit, adds ? b : a, adds ? to : b);
  vec3(vop::kPand, overflow, overflow, limit);
  spread_sign(overflow, overflow, sign, wide);
  spread_sign(limit, a, sign, wide);
  constexpr uint64_t kHighestDoubleword = ~uint64_t{0} >> 1;
  constexpr uint64_t kHighestWords = 0x7fffffff7fffffff;
  const uint64_t highest = wide ? kHighestDoubleword : kHighestWords;
  vec3_pool(vop::kPxor, limit, limit, highest, highest);
  vec_select(to, overflow, limit);
}

// Each lane all its sign; of 64 bits that is a comparison with zero.
void Emitter::spread_sign(int to, int from, int temp, bool wide) {
  if (!wide) return vec_shift_imm(vop::kSraD, to, from, 31);
  vec_zero(temp);
  vec3(vop::kPcmpgtQ, temp, temp, from);
  vec_move(to, temp);
}

// a > b in unsigned lanes of 64 bits.
void Emitter::compare_doublewords_unsigned(int to, int a, int b) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const int flipped = ra_.scratch_xmm();
  vec3_pool(vop::kPxor, flipped, b, kSign, kSign);
  vec3_pool(vop::kPxor, to, a, kSign, kSign);
  vec3(vop::kPcmpgtQ, to, to, flipped);
}

void Emitter::vec_select(int to, int mask, int a) {
  vec3(vop::kPxor, a, a, to);
  vec3(vop::kPand, a, a, mask);
  vec3(vop::kPxor, to, to, a);
}

void Emitter::on_uavg_round(const Inst& in, ValueId id) { vec_by_lanes(in, id); }

void Emitter::vec_min_max(const Inst& in, ValueId id) {
  if (ir::lane_bits(in.type) < 64) return vec_by_lanes(in, id);
  const bool is_unsigned = in.op == Op::umin || in.op == Op::umax;
  const bool is_max = in.op == Op::smax || in.op == Op::umax;
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int greater = ra_.scratch_xmm();
  const int where_greater = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(b));
  if (is_unsigned) {
    compare_doublewords_unsigned(greater, a, b);
  } else {
    vec3(vop::kPcmpgtQ, greater, a, b);
  }
  vec_move(to, is_max ? b : a);
  vec_move(where_greater, is_max ? a : b);
  vec_select(to, greater, where_greater);
}

void Emitter::vec_abs(const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  if (ir::lane_bits(in.type) < 64) {
    const VecOpcode op = by_lane(in.type, vop::kPabsB, vop::kPabsW, vop::kPabsD);
    return vec1(op, ra_.define(id, in.args[0]), a);
  }
  const int sign = ra_.scratch_xmm();
  const int to = ra_.define(id, in.args[0]);
  vec_zero(sign);
  vec3(vop::kPcmpgtQ, sign, sign, a);
  vec3(vop::kPxor, to, a, sign);
  vec3(vop::kPsubQ, to, to, sign);
}

void Emitter::vec_mul_bytes(const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int odd = ra_.scratch_xmm();
  const int odd_b = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(b));
  vec_shift_imm(vop::kSrlW, odd, a, 8);
  vec_shift_imm(vop::kSrlW, odd_b, b, 8);
  vec3(vop::kPmullW, odd, odd, odd_b);
  vec_shift_imm(vop::kSllW, odd, odd, 8);
  vec3(vop::kPmullW, to, a, b);
  vec3_pool(vop::kPand, to, to, 0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff);
  vec3(vop::kPor, to, to, odd);
}

// ---- byte look-ups: each result byte depends on its operand's two nibbles

int Emitter::nibble_lookup(const Inst& in, ValueId id, const uint64_t (&low_table)[2],
                           const uint64_t (&high_table)[2], const VecOpcode& join) {
  const int a = vx(in.args[0]);
  const int high = ra_.scratch_xmm();
  const int index = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a));
  constexpr uint64_t kNibble = repeat_byte(0x0f);
  vec_shift_imm(vop::kSrlW, index, a, 4);
  vec3_pool(vop::kPand, index, index, kNibble, kNibble);
  as_.vec_pool(vop::kMovaps, host_.avx, high, kNoReg, high_table[0], high_table[1]);
  vec3(vop::kPshufB, high, high, index);
  vec3_pool(vop::kPand, index, a, kNibble, kNibble);
  as_.vec_pool(vop::kMovaps, host_.avx, to, kNoReg, low_table[0], low_table[1]);
  vec3(vop::kPshufB, to, to, index);
  vec3(join, to, to, high);
  return to;
}

void Emitter::vec_popcnt(const Inst& in, ValueId id) {
  static constexpr uint64_t kCounts[2] = {0x0302020102010100, 0x0403030203020201};
  nibble_lookup(in, id, kCounts, kCounts, vop::kPaddB);
}

void Emitter::vec_rbit(const Inst& in, ValueId id) {
  static constexpr uint64_t kReversed[2] = {0x0e060a020c040800, 0x0f070b030d050901};
  static constexpr uint64_t kReversedHigh[2] = {0xe060a020c0408000, 0xf070b030d0509010};
  nibble_lookup(in, id, kReversedHigh, kReversed, vop::kPor);
}

void Emitter::vec_clz(const Inst& in, ValueId id) {
  // An upper nibble of zero leaves it to the lower one, which has four zeros before it.
  static constexpr uint64_t kLower[2] = {0x0505050506060708, 0x0404040404040404};
  static constexpr uint64_t kUpper[2] = {0x0101010102020310, 0x0000000000000000};
  const int to = nibble_lookup(in, id, kLower, kUpper, vop::kPminUB);
  const int upper = ra_.scratch_xmm();
  const int all_zero = ra_.scratch_xmm();
  // Counts of halves become counts of lanes twice as wide: the lower half's counts where the upper is zero.
  static constexpr struct {
    VecShift shift;
    VecOpcode equal, add;
    uint64_t half, lower;
  } kSteps[] = {{vop::kSrlW, vop::kPcmpeqW, vop::kPaddW, 0x0008000800080008, 0x00ff00ff00ff00ff},
                {vop::kSrlD, vop::kPcmpeqD, vop::kPaddD, 0x0000001000000010, 0x0000ffff0000ffff},
                {vop::kSrlQ, vop::kPcmpeqQ, vop::kPaddQ, 0x0000000000000020, 0x00000000ffffffff}};
  int width = 8;
  for (const auto& step : kSteps) {
    if (width == static_cast<int>(ir::lane_bits(in.type))) break;
    vec_shift_imm(step.shift, upper, to, width);
    vec3_pool(step.equal, all_zero, upper, step.half, step.half);
    vec3(vop::kPand, to, to, all_zero);
    vec3_pool(vop::kPand, to, to, step.lower, step.lower);
    vec3(step.add, to, to, upper);
    width *= 2;
  }
}

// ---- comparison

void Emitter::on_vicmp(const Inst& in, ValueId id) {
  const auto cond = static_cast<IntCond>(in.imm);
  const bool is_unsigned = cond >= IntCond::Ult && cond <= IntCond::Uge;
  const VecOpcode equal = by_lane(in.type, vop::kPcmpeqB, vop::kPcmpeqW, vop::kPcmpeqD, vop::kPcmpeqQ);
  const VecOpcode greater = by_lane(in.type, vop::kPcmpgtB, vop::kPcmpgtW, vop::kPcmpgtD, vop::kPcmpgtQ);
  ValueId a = in.args[0];
  ValueId b = in.args[1];
  if (cond == IntCond::Eq) return vec_binary(equal, a, b, id);
  if (cond == IntCond::Sgt) return vec_binary(greater, a, b, id);
  if (cond == IntCond::Slt) return vec_binary(greater, b, a, id);
  const int first = vx(a);
  const int second = vx(b);
  const int to = ra_.define(id, kNoValue, mask_of(first) | mask_of(second));
  if (!is_unsigned) {
    switch (cond) {
      case IntCond::Ne:
        vec3(equal, to, first, second);
        break;
      case IntCond::Sge:
        vec3(greater, to, second, first);
        break;
      default:
        vec3(greater, to, first, second);
        break;  // Sle
    }
    return vec_invert(to);
  }
  const bool greater_wanted = cond == IntCond::Ugt || cond == IntCond::Uge;
  const bool or_equal = cond == IntCond::Ule || cond == IntCond::Uge;
  if (ir::lane_bits(in.type) < 64) {
    // a >= b where max(a, b) = a.
    const Op extreme = greater_wanted == or_equal ? Op::umax : Op::umin;
    vec3(vec_op(extreme, in.type), to, first, second);
    vec3(equal, to, to, first);
    if (!or_equal) vec_invert(to);
    return;
  }
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const int flipped = ra_.scratch_xmm();
  const bool swap = greater_wanted == or_equal;  // Ult: b > a; Uge: not (b > a)
  vec3_pool(vop::kPxor, to, swap ? second : first, kSign, kSign);
  vec3_pool(vop::kPxor, flipped, swap ? first : second, kSign, kSign);
  vec3(greater, to, to, flipped);
  if (or_equal) vec_invert(to);
}

// ---- shifts by an immediate

void Emitter::shift_lanes(const Inst& in, ValueId id, Shift op) {
  const unsigned lane = ir::lane_bits(in.type);
  auto amount = static_cast<int>(in.imm);
  if (amount == 0) return ra_.alias(id, in.args[0], true);
  if (amount >= static_cast<int>(lane)) {
    if (op != Shift::ArithmeticRight) return vec_zero(ra_.define(id));
    amount = static_cast<int>(lane) - 1;
  }
  const int a = vx(in.args[0]);
  if (lane == 64 && op == Shift::ArithmeticRight) {
    const int sign = ra_.scratch_xmm();
    const int to = ra_.define(id, in.args[0]);
    vec_zero(sign);
    vec3(vop::kPcmpgtQ, sign, sign, a);
    vec3(vop::kPxor, to, a, sign);
    vec_shift_imm(vop::kSrlQ, to, to, amount);
    return vec3(vop::kPxor, to, to, sign);
  }
  const int to = ra_.define(id, in.args[0]);
  if (lane == 8) {
    // In 16-bit lanes, then without what came in from the neighbour.
    vec_shift_imm(op == Shift::Left ? vop::kSllW : vop::kSrlW, to, a, amount);
    const uint64_t kept = op == Shift::Left ? 0xffu << amount & 0xffu : 0xffu >> amount;
    vec3_pool(vop::kPand, to, to, repeat_byte(kept), repeat_byte(kept));
    if (op != Shift::ArithmeticRight) return;
    const uint64_t sign = repeat_byte(0x80u >> amount);
    vec3_pool(vop::kPxor, to, to, sign, sign);
    return vec3_pool(vop::kPsubB, to, to, sign, sign);
  }
  const auto pick = [lane](const VecShift& w, const VecShift& d, const VecShift& q) {
    return lane == 16 ? w : lane == 32 ? d : q;
  };
  switch (op) {
    case Shift::Left:
      return vec_shift_imm(pick(vop::kSllW, vop::kSllD, vop::kSllQ), to, a, amount);
    case Shift::LogicalRight:
      return vec_shift_imm(pick(vop::kSrlW, vop::kSrlD, vop::kSrlQ), to, a, amount);
    default:
      return vec_shift_imm(lane == 16 ? vop::kSraW : vop::kSraD, to, a, amount);
  }
}

void Emitter::on_vshl(const Inst& in, ValueId id) { shift_lanes(in, id, Shift::Left); }
void Emitter::on_vlshr(const Inst& in, ValueId id) { shift_lanes(in, id, Shift::LogicalRight); }
void Emitter::on_vashr(const Inst& in, ValueId id) { shift_lanes(in, id, Shift::ArithmeticRight); }

// ---- shifts by another vector's lanes

// AVX2 has them for lanes of 32 and 64 bits, but for the arithmetic one of 64.
void Emitter::shift_lanes_by(const Inst& in, ValueId id, Shift op) {
  if (!host_.avx2) return emit_slow_call(in, id);
  if (ir::lane_bits(in.type) == 16) return shift_words_by(in, id, op);
  const size_t row = ir::lane_bits(in.type) == 64 ? 1 : 0;
  if (op == Shift::Left) return vec_binary(vop::kSllV[row], in.args[0], in.args[1], id);
  if (op == Shift::LogicalRight) return vec_binary(vop::kSrlV[row], in.args[0], in.args[1], id);
  if (row == 0) return vec_binary(vop::kSraV, in.args[0], in.args[1], id);
  const int a = vx(in.args[0]);
  const int amount = vx(in.args[1]);
  const int sign = ra_.scratch_xmm();
  const int to = ra_.define(id, in.args[0], mask_of(amount));
  vec_zero(sign);
  vec3(vop::kPcmpgtQ, sign, sign, a);
  vec3(vop::kPxor, to, a, sign);
  vec3(vop::kSrlV[1], to, to, amount);
  vec3(vop::kPxor, to, to, sign);
}

// In lanes of 32 bits, a half at a time.
void Emitter::shift_words_by(const Inst& in, ValueId id, Shift op) {
  const int a = vx(in.args[0]);
  const int amount = vx(in.args[1]);
  const int high = ra_.scratch_xmm();
  const int temp = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(amount));
  const bool is_signed = op == Shift::ArithmeticRight;
  const VecOpcode& by_lanes = op == Shift::Left ? vop::kSllV[0] : is_signed ? vop::kSraV : vop::kSrlV[0];
  const auto shift_half = [&](int result, bool upper) {
    widen_half(result, a, 16, upper, is_signed);
    widen_half(temp, amount, 16, upper, false);
    vec3(by_lanes, result, result, temp);
    if (op == Shift::Left) vec3_pool(vop::kPand, result, result, 0x0000ffff0000ffff, 0x0000ffff0000ffff);
  };
  shift_half(to, false);
  shift_half(high, true);
  vec3(is_signed ? vop::kPackssDW : vop::kPackusDW, to, to, high);
}

void Emitter::on_vshl_by(const Inst& in, ValueId id) { shift_lanes_by(in, id, Shift::Left); }
void Emitter::on_vlshr_by(const Inst& in, ValueId id) { shift_lanes_by(in, id, Shift::LogicalRight); }
void Emitter::on_vashr_by(const Inst& in, ValueId id) { shift_lanes_by(in, id, Shift::ArithmeticRight); }

// ---- widening and narrowing

void Emitter::widen_half(int to, int from, unsigned lane, bool high, bool is_signed) {
  const size_t row = lane == 8 ? 0 : lane == 16 ? 1 : 2;
  if (high) {
    vec1(vop::kPshufD, to, from, 0xee);
    from = to;
  }
  vec1(is_signed ? vop::kPmovsx[row] : vop::kPmovzx[row], to, from);
}

void Emitter::widen(const Inst& in, ValueId id, bool is_signed) {
  const int a = vx(in.args[0]);
  widen_half(ra_.define(id, in.args[0]), a, ir::lane_bits(in.type) / 2, in.imm != 0, is_signed);
}

void Emitter::on_widen_u(const Inst& in, ValueId id) { widen(in, id, false); }
void Emitter::on_widen_s(const Inst& in, ValueId id) { widen(in, id, true); }

void Emitter::multiply_wide(const Inst& in, ValueId id, bool is_signed) {
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const bool high = in.imm != 0;
  const int temp = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a) | mask_of(b));
  switch (ir::lane_bits(in.type)) {
    case 16:
      widen_half(to, a, 8, high, is_signed);
      widen_half(temp, b, 8, high, is_signed);
      return vec3(vop::kPmullW, to, to, temp);
    case 32:
      vec3(vop::kPmullW, temp, a, b);
      vec3(is_signed ? vop::kPmulhW : vop::kPmulhuW, to, a, b);
      if (host_.avx) return as_.vec(high ? vop::kPunpckh[1] : vop::kPunpckl[1], true, to, temp, to);
      as_.vec(high ? vop::kPunpckh[1] : vop::kPunpckl[1], false, temp, temp, to);
      return vec_move(to, temp);
    default:
      vec1(vop::kPshufD, to, a, high ? 0xfa : 0x50);
      vec1(vop::kPshufD, temp, b, high ? 0xfa : 0x50);
      return vec3(is_signed ? vop::kPmuldq : vop::kPmuludq, to, to, temp);
  }
}

void Emitter::on_mul_wide_u(const Inst& in, ValueId id) { multiply_wide(in, id, false); }
void Emitter::on_mul_wide_s(const Inst& in, ValueId id) { multiply_wide(in, id, true); }

void Emitter::on_narrow(const Inst& in, ValueId id) {
  static constexpr uint64_t kSelectors[] = {0x0e0c0a0806040200, 0x0d0c090805040100, 0x0b0a090803020100};
  const unsigned lane = ir::lane_bits(in.type);
  const int a = vx(in.args[0]);
  const int to = ra_.define(id, in.args[0]);
  vec3_pool(vop::kPshufB, to, a, kSelectors[lane == 8 ? 0 : lane == 16 ? 1 : 2], ~uint64_t{0});
}

// Doublewords to words: what is beyond a limit becomes it, then every second word is taken.
void Emitter::narrow_clamped(const Inst& in, ValueId id) {
  const bool from_unsigned = in.op == Op::narrow_sat_uu;
  const bool to_signed = in.op == Op::narrow_sat_ss;
  const uint64_t most = to_signed ? 0x7fffffff : 0xffffffff;
  const uint64_t least = to_signed ? ~uint64_t{0x7fffffff} : 0;
  const int a = vx(in.args[0]);
  const int mask = ra_.scratch_xmm();
  const int limit = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(a));
  vec_move(to, a);
  load_pool(limit, most, most);
  if (from_unsigned) {
    compare_doublewords_unsigned(mask, to, limit);
  } else {
    vec3(vop::kPcmpgtQ, mask, to, limit);
  }
  vec_select(to, mask, limit);
  if (!from_unsigned) {
    load_pool(limit, least, least);
    vec3(vop::kPcmpgtQ, mask, limit, to);
    vec_select(to, mask, limit);
  }
  vec1(vop::kPshufD, to, to, 0x08);
  vec1(vop::kMovq, to, to);
}

void Emitter::pack(const Inst& in, ValueId id, const VecOpcode& op, bool clamp) {
  if (!op) return narrow_clamped(in, id);
  const int a = vx(in.args[0]);
  const int zero = ra_.scratch_xmm();
  const int to = ra_.define(id, in.args[0]);
  vec_zero(zero);
  int from = a;
  if (clamp) {
    const bool bytes = ir::lane_bits(in.type) == 8;
    const uint64_t most = bytes ? 0x00ff00ff00ff00ff : 0x0000ffff0000ffff;
    vec3_pool(bytes ? vop::kPminUW : vop::kPminUD, to, a, most, most);
    from = to;
  }
  vec3(op, to, from, zero);
}

void Emitter::on_narrow_sat_ss(const Inst& in, ValueId id) {
  pack(in, id, by_lane(in.type, vop::kPackssWB, vop::kPackssDW, {}), false);
}
void Emitter::on_narrow_sat_su(const Inst& in, ValueId id) {
  pack(in, id, by_lane(in.type, vop::kPackusWB, vop::kPackusDW, {}), false);
}
void Emitter::on_narrow_sat_uu(const Inst& in, ValueId id) {
  pack(in, id, by_lane(in.type, vop::kPackusWB, vop::kPackusDW, {}), true);
}

}  // namespace ferry::backend::x64
