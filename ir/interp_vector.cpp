// Vectors of integers, and moves between vectors and scalars.
#include <algorithm>

#include "ir/interp_frame.h"

namespace ferry::ir::interp {

using support::low_mask;
using support::sign_extend;

namespace {

__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

uint64_t clamp_signed(SignedWide value, unsigned width) {
  const SignedWide max = static_cast<SignedWide>(low_mask(width - 1));
  return static_cast<uint64_t>(std::clamp(value, -max - 1, max));
}

uint64_t clamp_unsigned(SignedWide value, unsigned width) {
  return static_cast<uint64_t>(std::clamp(value, SignedWide{0}, static_cast<SignedWide>(low_mask(width))));
}

/// Each lane of the chosen half of `v`, half as wide as `type`'s, as f(bits, width).
template <typename F>
Bits128 widened(Type type, Bits128 v, uint64_t half, F f) {
  const unsigned width = lane_bits(type) / 2;
  const unsigned first = half != 0 ? lanes(type) : 0;
  Bits128 out;
  for (unsigned i = 0; i < lanes(type); ++i)
    set_lane(out, lane_bits(type), i, f(lane(v, width, first + i), width));
  return out;
}

/// Each double-width lane of `v` as f(bits, width of type's lanes) in the low half.
template <typename F>
Bits128 narrowed(Type type, Bits128 v, F f) {
  const unsigned width = lane_bits(type);
  Bits128 out;
  for (unsigned i = 0; i < lanes(type) / 2; ++i) set_lane(out, width, i, f(lane(v, 2 * width, i), width));
  return out;
}

uint64_t zero_extended(uint64_t value, unsigned) { return value; }
uint64_t sign_extended(uint64_t value, unsigned width) {
  return static_cast<uint64_t>(sign_extend(value, width));
}
uint64_t product(uint64_t a, uint64_t b, unsigned) { return a * b; }

template <typename F>
Bits128 binary(Frame& f, const Inst& inst, F op) {
  return zip(inst.type, f.vec(inst, 0), f.vec(inst, 1), op);
}

}  // namespace

Bits128 vshl(Frame& f, const Inst& inst) {
  return map(inst.type, f.vec(inst, 0),
             [&](uint64_t a, unsigned width) { return inst.imm >= width ? 0 : a << inst.imm; });
}
Bits128 vlshr(Frame& f, const Inst& inst) {
  return map(inst.type, f.vec(inst, 0),
             [&](uint64_t a, unsigned width) { return inst.imm >= width ? 0 : a >> inst.imm; });
}
Bits128 vashr(Frame& f, const Inst& inst) {
  return map(inst.type, f.vec(inst, 0), [&](uint64_t a, unsigned width) {
    return static_cast<uint64_t>(sign_extend(a, width) >> std::min<uint64_t>(inst.imm, width - 1));
  });
}
Bits128 vshl_by(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) { return b >= width ? 0 : a << b; });
}
Bits128 vlshr_by(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) { return b >= width ? 0 : a >> b; });
}
Bits128 vashr_by(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return static_cast<uint64_t>(sign_extend(a, width) >> std::min<uint64_t>(b, width - 1));
  });
}
Bits128 vicmp(Frame& f, const Inst& inst) {
  return binary(f, inst, [&](uint64_t a, uint64_t b, unsigned width) {
    return holds(inst.cond(), a, b, width) ? ~uint64_t{0} : 0;
  });
}

Bits128 uadd_sat(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return clamp_unsigned(static_cast<SignedWide>(Wide{a} + b), width);
  });
}
Bits128 sadd_sat(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return clamp_signed(SignedWide{sign_extend(a, width)} + sign_extend(b, width), width);
  });
}
Bits128 usub_sat(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a > b ? a - b : 0; });
}
Bits128 ssub_sat(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return clamp_signed(SignedWide{sign_extend(a, width)} - sign_extend(b, width), width);
  });
}
Bits128 uavg_round(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return (a + b + 1) >> 1; });
}

Bits128 mul_wide_u(Frame& f, const Inst& inst) {
  return zip(inst.type, widened(inst.type, f.vec(inst, 0), inst.imm, zero_extended),
             widened(inst.type, f.vec(inst, 1), inst.imm, zero_extended), product);
}
Bits128 mul_wide_s(Frame& f, const Inst& inst) {
  return zip(inst.type, widened(inst.type, f.vec(inst, 0), inst.imm, sign_extended),
             widened(inst.type, f.vec(inst, 1), inst.imm, sign_extended), product);
}
Bits128 widen_u(Frame& f, const Inst& inst) {
  return widened(inst.type, f.vec(inst, 0), inst.imm, zero_extended);
}
Bits128 widen_s(Frame& f, const Inst& inst) {
  return widened(inst.type, f.vec(inst, 0), inst.imm, sign_extended);
}

Bits128 narrow(Frame& f, const Inst& inst) { return narrowed(inst.type, f.vec(inst, 0), zero_extended); }
Bits128 narrow_sat_ss(Frame& f, const Inst& inst) {
  return narrowed(inst.type, f.vec(inst, 0),
                  [](uint64_t a, unsigned width) { return clamp_signed(sign_extend(a, 2 * width), width); });
}
Bits128 narrow_sat_su(Frame& f, const Inst& inst) {
  return narrowed(inst.type, f.vec(inst, 0), [](uint64_t a, unsigned width) {
    return clamp_unsigned(sign_extend(a, 2 * width), width);
  });
}
Bits128 narrow_sat_uu(Frame& f, const Inst& inst) {
  return narrowed(inst.type, f.vec(inst, 0),
                  [](uint64_t a, unsigned width) { return std::min(a, low_mask(width)); });
}

Bits128 shuffle(Frame& f, const Inst& inst) {
  const Bits128 selectors{inst.imm, inst.imm2};
  const Bits128 first = f.vec(inst, 0);
  const Bits128 second = f.vec(inst, 1);
  return map(Type::V16I8, selectors, [&](uint64_t selector, unsigned) -> uint64_t {
    if (selector >= 0x80) return 0;
    return lane(selector < 16 ? first : second, 8, selector % 16);
  });
}
Bits128 tbl(Frame& f, const Inst& inst) {
  const Bits128 table = f.vec(inst, 0);
  return map(Type::V16I8, f.vec(inst, 1), [&](uint64_t index, unsigned) -> uint64_t {
    return index < 16 ? lane(table, 8, static_cast<unsigned>(index)) : 0;
  });
}
Bits128 splat(Frame& f, const Inst& inst) {
  return map(inst.type, {}, [&](uint64_t, unsigned) { return f.arg(inst, 0); });
}
Bits128 extract_lane(Frame& f, const Inst& inst) {
  return {lane(f.vec(inst, 0), bits(inst.type), static_cast<unsigned>(inst.imm)), 0};
}
Bits128 insert_lane(Frame& f, const Inst& inst) {
  Bits128 out = f.vec(inst, 0);
  set_lane(out, lane_bits(inst.type), static_cast<unsigned>(inst.imm), f.arg(inst, 1));
  return out;
}
Bits128 scalar_to_vec(Frame& f, const Inst& inst) { return {f.arg(inst, 0), 0}; }
Bits128 zero_upper(Frame& f, const Inst& inst) { return {f.arg(inst, 0), 0}; }
Bits128 bitcast(Frame& f, const Inst& inst) { return {f.arg(inst, 0), 0}; }

}  // namespace ferry::ir::interp
