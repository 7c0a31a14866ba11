// Reciprocal and square root estimates and the Newton steps that refine them (Arm ARM FPRecipEstimate,
// RecipEstimate, FPRSqrtEstimate, RecipSqrtEstimate, FPRecipStepFused, FPRSqrtStepFused, FPRecpX,
// UnsignedRecipEstimate, UnsignedRSqrtEstimate).
#include "ir/fp/internal.h"

namespace ferry::ir::fp {

using namespace detail;

namespace {

/// RecipEstimate: operand and result are in 256 to 511 and stand for operand / 512 and result / 256.
unsigned recip_table(unsigned operand) {
  const unsigned middle = operand * 2 + 1;
  return ((1u << 19) / middle + 1) / 2;
}

/// RecipSqrtEstimate: operand in 128 to 511, result in 256 to 511.
unsigned rsqrt_table(unsigned operand) {
  const unsigned middle = operand < 256 ? operand * 2 + 1 : ((operand >> 1 << 1) + 1) * 2;
  unsigned estimate = 512;
  while (middle * (estimate + 1) * (estimate + 1) < (1u << 28)) ++estimate;
  return (estimate + 1) / 2;
}

Bits assemble(Format format, bool negative, Bits biased_exponent, Bits fraction) {
  return zero(format, negative) | (biased_exponent << shape_of(format).fraction_bits) | fraction;
}

bool flushes(const Mode& mode, Format format) {
  return format == Format::Half ? mode.flush_to_zero_half : mode.flush_to_zero;
}

/// The eight result bits of a table as a format's fraction.
Bits table_fraction(const Shape& shape, unsigned estimate) {
  return static_cast<Bits>(estimate & 0xff) << (shape.fraction_bits - 8);
}

/// constant - a * b, halved if asked. `if_invalid` answers 0 * infinity.
Bits step(Env& env, Format format, Bits a, Bits b, const Number& constant, bool halve, Bits if_invalid) {
  const Number x = unpack(env, format, negate(format, a));
  const Number y = unpack(env, format, b);
  const bool negative = x.negative != y.negative;
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  if ((x.is_infinity() && y.is_zero()) || (x.is_zero() && y.is_infinity())) return if_invalid;
  if (x.is_infinity() || y.is_infinity()) return infinity(format, negative);

  Exact sum = exact_of(constant);
  if (!x.is_zero() && !y.is_zero()) sum = exact_sum(sum, exact_product(x, y));
  if (sum.significand == 0) return zero(format, zero_sum_sign(env));
  if (halve) sum.exponent -= 1;
  return round_pack(env, format, sum, env.mode.rounding);
}

constexpr uint64_t kOne = uint64_t{1} << 63;
constexpr Number kTwo{Class::Finite, false, false, 1, kOne};
constexpr Number kThree{Class::Finite, false, false, 1, kOne | (kOne >> 1)};

}  // namespace

Bits recip_estimate(Env& env, Format format, Bits value) {
  const Shape shape = shape_of(format);
  const Number x = unpack(env, format, value);
  if (x.is_nan()) return process_nan(env, format, x);
  if (x.is_infinity()) return zero(format, x.negative);
  if (x.is_zero()) {
    env.flags |= Flags::kDZC;
    return infinity(format, x.negative);
  }
  // The reciprocal overflows: let rounding decide between infinity and the largest number.
  if (x.exponent < shape.min_exponent - 2) {
    return round_pack(env, format, {x.negative, shape.bias() + 1, Uint128{1} << 127}, env.mode.rounding);
  }
  if (x.exponent >= shape.bias() - 1 && flushes(env.mode, format)) {
    env.flags |= Flags::kUFC;
    return zero(format, x.negative);
  }
  const unsigned estimate = recip_table(static_cast<unsigned>(x.significand >> 55));
  const int result_exponent = shape.bias() - 1 - x.exponent;
  const Bits fraction = table_fraction(shape, estimate);
  if (result_exponent > 0) return assemble(format, x.negative, static_cast<Bits>(result_exponent), fraction);
  const Bits with_one = fraction | (Bits{1} << shape.fraction_bits);
  return assemble(format, x.negative, 0, with_one >> (1 - result_exponent));
}

Bits rsqrt_estimate(Env& env, Format format, Bits value) {
  const Shape shape = shape_of(format);
  const Number x = unpack(env, format, value);
  if (x.is_nan()) return process_nan(env, format, x);
  if (x.is_zero()) {
    env.flags |= Flags::kDZC;
    return infinity(format, x.negative);
  }
  if (x.negative) return invalid(env, format);
  if (x.is_infinity()) return zero(format, false);
  const int biased = x.exponent + shape.bias();
  const unsigned scaled = static_cast<unsigned>(x.significand >> ((biased & 1) == 0 ? 55 : 56));
  const int result_exponent = (3 * shape.bias() - 1 - biased) / 2;
  return assemble(format, false, static_cast<Bits>(result_exponent),
                  table_fraction(shape, rsqrt_table(scaled)));
}

Bits recip_step(Env& env, Format format, Bits a, Bits b) {
  const Bits two = assemble(format, false, static_cast<Bits>(shape_of(format).bias()) + 1, 0);
  return step(env, format, a, b, kTwo, false, two);
}

Bits rsqrt_step(Env& env, Format format, Bits a, Bits b) {
  const Shape shape = shape_of(format);
  const Bits one_and_a_half = assemble(format, false, static_cast<Bits>(shape.bias()), shape.quiet_bit());
  return step(env, format, a, b, kThree, true, one_and_a_half);
}

Bits recip_exponent(Env& env, Format format, Bits value) {
  const Shape shape = shape_of(format);
  const Number x = unpack(env, format, value);
  if (x.is_nan()) return process_nan(env, format, x);
  const Bits exponent = value & shape.exponent_mask();
  if (exponent == 0) return assemble(format, x.negative, shape.max_biased_exponent() - 1, 0);
  return zero(format, x.negative) | (exponent ^ shape.exponent_mask());
}

uint32_t unsigned_recip_estimate(uint32_t value) {
  if ((value >> 31) == 0) return ~uint32_t{0};
  return recip_table(value >> 23) << 23;
}

uint32_t unsigned_rsqrt_estimate(uint32_t value) {
  if ((value >> 30) == 0) return ~uint32_t{0};
  return rsqrt_table(value >> 23) << 23;
}

}  // namespace ferry::ir::fp
