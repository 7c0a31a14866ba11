// Shared by the interpreter's files: one handler per op, declared from ops.def.
#pragma once

#include <cstddef>

#include "ir/interp.h"
#include "ir/support/bits.h"

namespace ferry::ir::interp {

/// One run's state.
struct Frame {
  const Function& fn;
  std::byte* state;
  InterpContext& context;
  Bits128* values;
  const Block* block;           ///< the block being run
  const Block* next = nullptr;  ///< set by branches inside the function
  InterpResult result = {};     ///< set by ops that leave the function

  Bits128 vec(const Inst& inst, unsigned index) const { return values[inst.args[index]]; }
  uint64_t arg(const Inst& inst, unsigned index) const { return values[inst.args[index]].low; }
  Type type(const Inst& inst, unsigned index) const { return fn.insts[inst.args[index]].type; }
};

/// Gives the instruction's value; without one, what it returns is ignored.
using Handler = Bits128 (*)(Frame&, const Inst&);

#define OP(name, signature, immediate, traits) Bits128 name(Frame& f, const Inst& inst);
#include "ir/ops.def"
#undef OP

/// By Op.
inline constexpr Handler kHandlers[] = {
#define OP(name, signature, immediate, traits) &name,
#include "ir/ops.def"
#undef OP
};

/// Lane `index` of lanes `width` (1 to 64) bits wide.
inline uint64_t lane(Bits128 v, unsigned width, unsigned index) {
  const unsigned at = width * index;
  return support::extract(at < 64 ? v.low : v.high, at % 64, width);
}

inline void set_lane(Bits128& v, unsigned width, unsigned index, uint64_t value) {
  const unsigned at = width * index;
  uint64_t& word = at < 64 ? v.low : v.high;
  const uint64_t mask = support::low_mask(width) << (at % 64);
  word = (word & ~mask) | ((value << (at % 64)) & mask);
}

/// For each lane of `type` (a scalar has one): f(lane of a, width).
template <typename F>
Bits128 map(Type type, Bits128 a, F f) {
  Bits128 out;
  const unsigned width = lane_bits(type);
  for (unsigned i = 0; i < lanes(type); ++i) set_lane(out, width, i, f(lane(a, width, i), width));
  return out;
}

/// For each lane of `type`: f(lane of a, lane of b, width).
template <typename F>
Bits128 zip(Type type, Bits128 a, Bits128 b, F f) {
  Bits128 out;
  const unsigned width = lane_bits(type);
  for (unsigned i = 0; i < lanes(type); ++i) {
    set_lane(out, width, i, f(lane(a, width, i), lane(b, width, i), width));
  }
  return out;
}

/// Whether `cond` holds between two `width`-bit numbers.
bool holds(IntCond cond, uint64_t a, uint64_t b, unsigned width);

}  // namespace ferry::ir::interp
