// Conversion between formats and rounding to integral values (Arm ARM FPConvert, FPConvertBF, FPRoundInt,
// FPRoundIntN).
#include "ir/fp/internal.h"

namespace ferry::ir::fp {

using namespace detail;

namespace {

/// The integral value of this magnitude and sign; every format that is asked holds it exactly.
Bits pack_integral(Env& env, Format format, bool negative, Uint128 magnitude) {
  if (magnitude == 0) return zero(format, negative);
  return round_pack(env, format, {negative, 127, magnitude}, Rounding::TowardZero);
}

bool is_integral(const Shape& shape, const Number& number) {
  return number.exponent >= static_cast<int>(shape.fraction_bits);
}

/// FPRoundIntN's result for what does not fit: -2^(int_bits - 1).
Bits invalid_range(Env& env, Format format, unsigned int_bits) {
  const Shape shape = shape_of(format);
  env.flags |= Flags::kIOC;
  const Bits biased = static_cast<Bits>(shape.bias()) + int_bits - 1;
  return zero(format, true) | (biased << shape.fraction_bits);
}

}  // namespace

Bits convert(Env& env, Format from, Format to, Bits value, Rounding rounding) {
  const Number x = unpack(env, from, value, Use::Conversion);
  const bool alternative = to == Format::Half && env.mode.alternative_half;
  if (x.is_nan() && alternative) {
    env.flags |= Flags::kIOC;
    return zero(to, x.negative);
  }
  if (x.is_nan()) return process_nan(env, to, x);
  use_denormals(env, {x});
  if (x.is_infinity() && alternative) {
    env.flags |= Flags::kIOC;
    return zero(to, x.negative) | (shape_of(to).sign_bit() - 1);
  }
  if (x.is_infinity()) return infinity(to, x.negative);
  if (x.is_zero()) return zero(to, x.negative);
  return round_pack(env, to, exact_of(x), rounding, Use::Conversion);
}

Bits round_to_integral(Env& env, Format format, Bits value, Rounding rounding, bool exact) {
  const Shape shape = shape_of(format);
  const Number x = unpack(env, format, value);
  if (x.is_nan()) return process_nan(env, format, x);
  if (x.is_zero()) return zero(format, x.negative);
  if (x.is_infinity() || is_integral(shape, x)) return value & shape.all_bits();
  const Split parts = split_at_point(x, 0);
  if (parts.inexact() && exact) env.flags |= Flags::kIXC;
  return pack_integral(env, format, x.negative, parts.rounded(rounding, x.negative));
}

Bits round_to_int_range(Env& env, Format format, Bits value, Rounding rounding, unsigned int_bits) {
  const Number x = unpack(env, format, value);
  if (x.is_nan() || x.is_infinity()) return invalid_range(env, format, int_bits);
  if (x.is_zero()) return zero(format, x.negative);
  if (x.exponent >= static_cast<int>(int_bits)) return invalid_range(env, format, int_bits);
  const Split parts = split_at_point(x, 0);
  const Uint128 magnitude = parts.rounded(rounding, x.negative);
  const Uint128 limit = (Uint128{1} << (int_bits - 1)) - (x.negative ? 0 : 1);
  if (magnitude > limit) return invalid_range(env, format, int_bits);
  if (parts.inexact()) env.flags |= Flags::kIXC;
  return pack_integral(env, format, x.negative, magnitude);
}

}  // namespace ferry::ir::fp
