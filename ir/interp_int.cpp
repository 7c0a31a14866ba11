// Integers, scalar and lane by lane.
#include <bit>

#include "ir/interp_frame.h"

namespace ferry::ir::interp {

using support::low_mask;
using support::sign_extend;

namespace {

__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

template <typename F>
Bits128 binary(Frame& f, const Inst& inst, F op) {
  return zip(inst.type, f.vec(inst, 0), f.vec(inst, 1), op);
}

template <typename F>
Bits128 unary(Frame& f, const Inst& inst, F op) {
  return map(inst.type, f.vec(inst, 0), op);
}

uint64_t reverse_bits(uint64_t value, unsigned width) {
  uint64_t out = 0;
  for (unsigned i = 0; i < width; ++i) out |= (value >> i & 1) << (width - 1 - i);
  return out;
}

/// a + b + cin exactly, of `width`-bit operands.
Wide full_sum(Frame& f, const Inst& inst) { return Wide{f.arg(inst, 0)} + f.arg(inst, 1) + f.arg(inst, 2); }

}  // namespace

bool holds(IntCond cond, uint64_t a, uint64_t b, unsigned width) {
  const int64_t sa = sign_extend(a, width);
  const int64_t sb = sign_extend(b, width);
  switch (cond) {
    case IntCond::Eq:
      return a == b;
    case IntCond::Ne:
      return a != b;
    case IntCond::Ult:
      return a < b;
    case IntCond::Ule:
      return a <= b;
    case IntCond::Ugt:
      return a > b;
    case IntCond::Uge:
      return a >= b;
    case IntCond::Slt:
      return sa < sb;
    case IntCond::Sle:
      return sa <= sb;
    case IntCond::Sgt:
      return sa > sb;
    case IntCond::Sge:
      return sa >= sb;
  }
  return false;
}

Bits128 add(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a + b; });
}
Bits128 sub(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a - b; });
}
Bits128 mul(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a * b; });
}
Bits128 and_(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a & b; });
}
Bits128 or_(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a | b; });
}
Bits128 xor_(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a ^ b; });
}
Bits128 andn(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a & ~b; });
}
Bits128 smin(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return holds(IntCond::Slt, a, b, width) ? a : b;
  });
}
Bits128 smax(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return holds(IntCond::Sgt, a, b, width) ? a : b;
  });
}
Bits128 umin(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a < b ? a : b; });
}
Bits128 umax(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return a > b ? a : b; });
}
Bits128 abs(Frame& f, const Inst& inst) {
  return unary(f, inst, [](uint64_t a, unsigned width) { return sign_extend(a, width) < 0 ? 0 - a : a; });
}

Bits128 shl(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) { return a << (b % width); });
}
Bits128 lshr(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) { return a >> (b % width); });
}
Bits128 ashr(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return static_cast<uint64_t>(sign_extend(a, width) >> (b % width));
  });
}
Bits128 rotr(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    const auto amount = static_cast<unsigned>(b % width);
    return amount == 0 ? a : a >> amount | a << (width - amount);
  });
}
Bits128 udiv(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned) { return b == 0 ? 0 : a / b; });
}
Bits128 sdiv(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) -> uint64_t {
    const int64_t divisor = sign_extend(b, width);
    if (divisor == 0) return 0;
    if (divisor == -1) return 0 - a;  // wraps: min / -1 = min
    return static_cast<uint64_t>(sign_extend(a, width) / divisor);
  });
}
Bits128 umulh(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return static_cast<uint64_t>(Wide{a} * b >> width);
  });
}
Bits128 smulh(Frame& f, const Inst& inst) {
  return binary(f, inst, [](uint64_t a, uint64_t b, unsigned width) {
    return static_cast<uint64_t>(SignedWide{sign_extend(a, width)} * sign_extend(b, width) >> width);
  });
}

Bits128 clz(Frame& f, const Inst& inst) {
  return unary(f, inst, [](uint64_t a, unsigned width) {
    return static_cast<uint64_t>(std::countl_zero(a)) - (64 - width);
  });
}
Bits128 rbit(Frame& f, const Inst& inst) { return unary(f, inst, reverse_bits); }
Bits128 bswap(Frame& f, const Inst& inst) {
  return unary(f, inst, [](uint64_t a, unsigned width) { return __builtin_bswap64(a) >> (64 - width); });
}
Bits128 popcnt(Frame& f, const Inst& inst) {
  return unary(f, inst, [](uint64_t a, unsigned) { return static_cast<uint64_t>(std::popcount(a)); });
}

Bits128 zext(Frame& f, const Inst& inst) { return {f.arg(inst, 0), 0}; }
Bits128 sext(Frame& f, const Inst& inst) {
  const auto extended = static_cast<uint64_t>(sign_extend(f.arg(inst, 0), bits(f.type(inst, 0))));
  return {extended & low_mask(bits(inst.type)), 0};
}
Bits128 trunc(Frame& f, const Inst& inst) { return {f.arg(inst, 0) & low_mask(bits(inst.type)), 0}; }
Bits128 select(Frame& f, const Inst& inst) { return f.vec(inst, f.arg(inst, 0) != 0 ? 1 : 2); }

Bits128 icmp(Frame& f, const Inst& inst) {
  return {holds(inst.cond(), f.arg(inst, 0), f.arg(inst, 1), bits(f.type(inst, 0))), 0};
}
Bits128 carry(Frame& f, const Inst& inst) {
  return {static_cast<uint64_t>(full_sum(f, inst) >> bits(f.type(inst, 0))) & 1, 0};
}
Bits128 overflow(Frame& f, const Inst& inst) {
  const auto sum = static_cast<uint64_t>(full_sum(f, inst));
  const uint64_t differs = (f.arg(inst, 0) ^ sum) & (f.arg(inst, 1) ^ sum);
  return {differs >> (bits(f.type(inst, 0)) - 1) & 1, 0};
}

}  // namespace ferry::ir::interp
