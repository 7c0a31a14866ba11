// Unpacking, NaN rules and rounding (Arm ARM shared/functions/float: FPUnpackBase, FPRoundBase,
// FPProcessNaN).
#include <algorithm>

#include "ir/fp/internal.h"

namespace ferry::ir::fp {
namespace detail {
namespace {

unsigned leading_zeros(uint64_t value) { return static_cast<unsigned>(__builtin_clzll(value)); }

unsigned leading_zeros(Uint128 value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  return high != 0 ? leading_zeros(high) : 64 + leading_zeros(static_cast<uint64_t>(value));
}

/// Moves the highest bit to bit 127.
Exact normalized(Exact value) {
  const unsigned shift = leading_zeros(value.significand);
  return {value.negative, value.exponent - static_cast<int>(shift), value.significand << shift};
}

/// value >> shift, where everything that falls off leaves its mark in bit 0.
Uint128 shift_right_sticky(Uint128 value, unsigned shift) {
  if (shift == 0) return value;
  if (shift > 127) return value != 0 ? 1 : 0;
  const Uint128 lost = value << (128 - shift);
  return (value >> shift) | (lost != 0 ? 1 : 0);
}

bool flushes_inputs(const Mode& mode, Format format, Use use) {
  if (format == Format::Half) return mode.flush_to_zero_half && use == Use::Arithmetic;
  return mode.flush_inputs || (mode.flush_to_zero && mode.nan_rule == NanRule::Arm);
}

bool flushes_results(const Mode& mode, Format format, Use use) {
  if (format == Format::Half) return mode.flush_to_zero_half && use == Use::Arithmetic;
  return mode.flush_to_zero;
}

bool overflows_to_infinity(Rounding rounding, bool negative) {
  switch (rounding) {
    case Rounding::TowardPlusInf:
      return !negative;
    case Rounding::TowardMinusInf:
      return negative;
    case Rounding::TowardZero:
    case Rounding::ToOdd:
      return false;
    case Rounding::NearestEven:
    case Rounding::NearestAway:
      break;
  }
  return true;
}

Bits overflow(Env& env, Format format, bool negative, Rounding rounding) {
  env.flags |= Flags::kOFC | Flags::kIXC;
  return overflows_to_infinity(rounding, negative) ? infinity(format, negative)
                                                   : max_normal(format, negative);
}

/// Tininess after rounding (Intel SDM 1, 4.9.1.5): below the smallest normal even if rounded with unbounded
/// exponent.
bool tiny_after_rounding(const Shape& shape, const Exact& value, Rounding rounding) {
  if (value.exponent < shape.min_exponent - 1) return true;
  const Uint128 rounded =
      split(value.significand, 127 - shape.fraction_bits).rounded(rounding, value.negative);
  return (rounded >> (shape.fraction_bits + 1)) == 0;
}

}  // namespace

Uint128 Split::rounded(Rounding rounding, bool negative) const {
  const bool odd = (integer & 1) != 0;
  switch (rounding) {
    case Rounding::NearestEven:
      return integer + (half && (below || odd) ? 1 : 0);
    case Rounding::NearestAway:
      return integer + (half ? 1 : 0);
    case Rounding::TowardPlusInf:
      return integer + (inexact() && !negative ? 1 : 0);
    case Rounding::TowardMinusInf:
      return integer + (inexact() && negative ? 1 : 0);
    case Rounding::ToOdd:
      return integer | (inexact() ? 1 : 0);
    case Rounding::TowardZero:
      break;
  }
  return integer;
}

Split split(Uint128 value, unsigned shift) {
  if (shift == 0) return {value, false, false};
  if (shift > 128) return {0, false, value != 0};
  const Uint128 lost = value << (128 - shift);
  constexpr Uint128 kTop = Uint128{1} << 127;
  return {shift == 128 ? 0 : value >> shift, (lost & kTop) != 0, (lost & ~kTop) != 0};
}

Split split_at_point(const Number& number, int scale) {
  return split(Uint128{number.significand} << 64, static_cast<unsigned>(127 - number.exponent - scale));
}

Number unpack(Env& env, Format format, Bits bits, Use use) {
  const Shape shape = shape_of(format);
  const auto biased = static_cast<unsigned>((bits & shape.exponent_mask()) >> shape.fraction_bits);
  const uint64_t fraction = (bits & shape.fraction_mask()) << (63 - shape.fraction_bits);
  const bool alternative = format == Format::Half && use == Use::Conversion && env.mode.alternative_half;

  Number number;
  number.negative = (bits & shape.sign_bit()) != 0;
  number.significand = fraction;
  if (biased == shape.max_biased_exponent() && !alternative) {
    const bool quiet = (bits & shape.quiet_bit()) != 0;
    number.kind = fraction == 0 ? Class::Infinity : quiet ? Class::QuietNan : Class::SignallingNan;
  } else if (biased != 0) {
    number.kind = Class::Finite;
    number.exponent = static_cast<int>(biased) - shape.bias();
    number.significand |= uint64_t{1} << 63;
  } else if (fraction != 0 && flushes_inputs(env.mode, format, use)) {
    // FPUnpackBase: a flushed Half sets no flag. X86: DAZ sets none either.
    if (format != Format::Half && env.mode.nan_rule == NanRule::Arm) env.flags |= Flags::kIDC;
    number.significand = 0;
  } else if (fraction != 0) {
    const unsigned shift = leading_zeros(fraction);
    number.kind = Class::Finite;
    // VCVTPH2PS knows neither DAZ nor DE.
    number.denormal = format != Format::Half;
    number.exponent = shape.min_exponent - static_cast<int>(shift);
    number.significand = fraction << shift;
  }
  return number;
}

Bits round_pack(Env& env, Format format, Exact value, Rounding rounding, Use use) {
  const Shape shape = shape_of(format);
  const bool x86 = env.mode.nan_rule == NanRule::X86;
  value = normalized(value);

  const bool below_normal = value.exponent < shape.min_exponent;
  const bool flush = flushes_results(env.mode, format, use);
  if (below_normal && flush && !x86) {
    env.flags |= Flags::kUFC;
    return zero(format, value.negative);
  }
  const bool tiny = below_normal && (!x86 || tiny_after_rounding(shape, value, rounding));
  if (tiny && flush) {
    env.flags |= Flags::kUFC | Flags::kIXC;
    return zero(format, value.negative);
  }

  const int missing = below_normal ? shape.min_exponent - value.exponent : 0;
  const Split parts = split(value.significand, 127 - shape.fraction_bits + static_cast<unsigned>(missing));
  if (tiny && parts.inexact()) env.flags |= Flags::kUFC;

  const bool alternative = format == Format::Half && use == Use::Conversion && env.mode.alternative_half;
  const Bits limit = alternative ? shape.sign_bit() : shape.exponent_mask();
  const int exponent_steps = std::max(value.exponent - shape.min_exponent, 0);
  // A significand that is rounded up to the next power of two carries into the exponent by itself.
  const bool too_large = exponent_steps >= static_cast<int>(shape.max_biased_exponent() + 1);
  const Bits magnitude = too_large ? limit
                                   : (static_cast<Bits>(exponent_steps) << shape.fraction_bits) +
                                         static_cast<Bits>(parts.rounded(rounding, value.negative));
  if (magnitude >= limit) {
    if (!alternative) return overflow(env, format, value.negative, rounding);
    env.flags |= Flags::kIOC;
    return zero(format, value.negative) | (shape.sign_bit() - 1);
  }
  if (parts.inexact()) env.flags |= Flags::kIXC;
  return zero(format, value.negative) | magnitude;
}

Exact exact_of(const Number& number) {
  return {number.negative, number.exponent, Uint128{number.significand} << 64};
}

Exact exact_product(const Number& a, const Number& b) {
  return {a.negative != b.negative, a.exponent + b.exponent + 1, Uint128{a.significand} * b.significand};
}

Exact exact_sum(Exact a, Exact b) {
  a = normalized(a);
  b = normalized(b);
  if (a.exponent < b.exponent) std::swap(a, b);
  // One bit of room for the carry. No operand has more than 106 significant bits, so none is lost.
  a.significand >>= 1;
  b.significand = shift_right_sticky(b.significand >> 1, static_cast<unsigned>(a.exponent - b.exponent));
  a.exponent += 1;
  if (a.negative == b.negative) {
    a.significand += b.significand;
  } else if (a.significand >= b.significand) {
    a.significand -= b.significand;
  } else {
    a.significand = b.significand - a.significand;
    a.negative = b.negative;
  }
  return a;
}

Bits zero(Format format, bool negative) { return negative ? shape_of(format).sign_bit() : 0; }

Bits max_normal(Format format, bool negative) {
  return zero(format, negative) | (shape_of(format).exponent_mask() - 1);
}

Bits process_nan(Env& env, Format format, const Number& nan) {
  const Shape shape = shape_of(format);
  if (nan.kind == Class::SignallingNan) env.flags |= Flags::kIOC;
  if (env.mode.default_nan) return default_nan(format, env.mode.nan_rule);
  const Bits fraction = (nan.significand >> (63 - shape.fraction_bits)) & shape.fraction_mask();
  return zero(format, nan.negative) | shape.exponent_mask() | shape.quiet_bit() | fraction;
}

std::optional<Bits> process_nans(Env& env, Format format, std::initializer_list<Number> operands) {
  const auto signalling = [](const Number& n) { return n.kind == Class::SignallingNan; };
  const auto nan = [](const Number& n) { return n.is_nan(); };
  const auto* first_signalling = std::find_if(operands.begin(), operands.end(), signalling);
  const auto* first_nan = std::find_if(operands.begin(), operands.end(), nan);
  if (first_nan == operands.end()) return std::nullopt;
  if (first_signalling == operands.end()) return process_nan(env, format, *first_nan);
  env.flags |= Flags::kIOC;
  return process_nan(env, format, env.mode.nan_rule == NanRule::Arm ? *first_signalling : *first_nan);
}

Bits invalid(Env& env, Format format) {
  env.flags |= Flags::kIOC;
  return default_nan(format, env.mode.nan_rule);
}

void use_denormals(Env& env, std::initializer_list<Number> operands) {
  if (env.mode.nan_rule != NanRule::X86) return;
  if (std::any_of(operands.begin(), operands.end(), [](const Number& n) { return n.denormal; })) {
    env.flags |= Flags::kIDC;
  }
}

}  // namespace detail

using detail::shape_of;

Mode mode_from_fpcr(uint32_t fpcr) {
  constexpr Rounding kRoundings[] = {Rounding::NearestEven, Rounding::TowardPlusInf, Rounding::TowardMinusInf,
                                     Rounding::TowardZero};
  Mode mode;
  mode.rounding = kRoundings[(fpcr >> 22) & 3];
  mode.flush_to_zero_half = ((fpcr >> 19) & 1) != 0;
  mode.flush_to_zero = ((fpcr >> 24) & 1) != 0;
  mode.default_nan = ((fpcr >> 25) & 1) != 0;
  mode.alternative_half = ((fpcr >> 26) & 1) != 0;
  return mode;
}

Mode mode_from_mxcsr(uint32_t mxcsr) {
  constexpr Rounding kRoundings[] = {Rounding::NearestEven, Rounding::TowardMinusInf, Rounding::TowardPlusInf,
                                     Rounding::TowardZero};
  Mode mode;
  mode.nan_rule = NanRule::X86;
  mode.rounding = kRoundings[(mxcsr >> 13) & 3];
  mode.flush_to_zero = ((mxcsr >> 15) & 1) != 0;
  mode.flush_inputs = ((mxcsr >> 6) & 1) != 0;
  return mode;
}

unsigned width_of(Format format) { return shape_of(format).width; }

bool is_nan(Format format, Bits value) {
  const detail::Shape shape = shape_of(format);
  return (value & (shape.sign_bit() - 1)) > shape.exponent_mask();
}

Bits quiet_bit(Format format) { return shape_of(format).quiet_bit(); }

bool is_signalling_nan(Format format, Bits value) {
  return is_nan(format, value) && (value & quiet_bit(format)) == 0;
}

Bits default_nan(Format format, NanRule rule) {
  const detail::Shape shape = shape_of(format);
  return detail::zero(format, rule == NanRule::X86) | shape.exponent_mask() | shape.quiet_bit();
}

Bits infinity(Format format, bool negative) {
  return detail::zero(format, negative) | shape_of(format).exponent_mask();
}

Bits negate(Format format, Bits value) {
  const detail::Shape shape = shape_of(format);
  return (value & shape.all_bits()) ^ shape.sign_bit();
}

Bits absolute(Format format, Bits value) { return value & (shape_of(format).sign_bit() - 1); }

}  // namespace ferry::ir::fp
