#pragma once

#include <emmintrin.h>

#include <cstdint>

#include "ir/function.h"

namespace ferry::backend {

/// What translated code passes to evaluate() instead of an instruction.
struct OpDescriptor {
  ir::Op op;
  ir::Type type;
  ir::Type arg_type;  ///< the first operand's
  ir::NanRule nan_rule;

  constexpr uint64_t pack() const {
    return static_cast<uint64_t>(op) | static_cast<uint64_t>(type) << 8 |
           static_cast<uint64_t>(arg_type) << 16 | static_cast<uint64_t>(nan_rule) << 24;
  }
  static constexpr OpDescriptor unpack(uint64_t bits) {
    return {static_cast<ir::Op>(bits & 0xff), static_cast<ir::Type>(bits >> 8 & 0xff),
            static_cast<ir::Type>(bits >> 16 & 0xff), static_cast<ir::NanRule>(bits >> 24 & 0xff)};
  }
};

/// The exact meaning of one Pure or FlagsOnly op, as the interpreter has it: the slow path of both code
/// generators (RuntimeArea::evaluate points here). Operands and result are 128-bit values; scalars lie in the
/// low bits. Cumulative FP flags and the rounding mode are MXCSR's.
extern "C" __m128i ferry_evaluate(uint64_t descriptor, uint64_t imm, uint64_t imm2, __m128i a, __m128i b,
                                  __m128i c);

}  // namespace ferry::backend
