// Sums, products, quotients, roots (Arm ARM FPAdd, FPSub, FPMul, FPMulX, FPDiv, FPSqrt, FPMulAdd, FPMulAddH,
// BFDotAdd).
#include "ir/fp/internal.h"

namespace ferry::ir::fp {

using namespace detail;

namespace {

Bits add_numbers(Env& env, Format format, const Number& a, const Number& b) {
  if (a.is_infinity() && b.is_infinity() && a.negative != b.negative) return invalid(env, format);
  use_denormals(env, {a, b});
  if (a.is_infinity() || b.is_infinity()) return infinity(format, a.is_infinity() ? a.negative : b.negative);
  if (a.is_zero() && b.is_zero()) {
    return zero(format, a.negative == b.negative ? a.negative : zero_sum_sign(env));
  }
  const Exact sum = a.is_zero()   ? exact_of(b)
                    : b.is_zero() ? exact_of(a)
                                  : exact_sum(exact_of(a), exact_of(b));
  if (sum.significand == 0) return zero(format, zero_sum_sign(env));
  return round_pack(env, format, sum, env.mode.rounding);
}

bool is_zero_times_infinity(const Number& a, const Number& b) {
  return (a.is_zero() && b.is_infinity()) || (a.is_infinity() && b.is_zero());
}

/// The product of two operands that are no NaNs and no zero and infinity.
Bits mul_numbers(Env& env, Format format, const Number& a, const Number& b) {
  const bool negative = a.negative != b.negative;
  use_denormals(env, {a, b});
  if (a.is_infinity() || b.is_infinity()) return infinity(format, negative);
  if (a.is_zero() || b.is_zero()) return zero(format, negative);
  return round_pack(env, format, exact_product(a, b), env.mode.rounding);
}

/// addend + a * b of operands that are no NaNs.
Bits mul_add_numbers(Env& env, Format format, const Number& addend, const Number& a, const Number& b) {
  const bool negative = a.negative != b.negative;
  const bool infinite = a.is_infinity() || b.is_infinity();
  if (is_zero_times_infinity(a, b)) return invalid(env, format);
  if (addend.is_infinity() && infinite && addend.negative != negative) return invalid(env, format);
  use_denormals(env, {addend, a, b});
  if (addend.is_infinity() || infinite) return infinity(format, infinite ? negative : addend.negative);

  const bool zero_product = a.is_zero() || b.is_zero();
  if (addend.is_zero() && zero_product) {
    return zero(format, addend.negative == negative ? negative : zero_sum_sign(env));
  }
  const Exact sum = zero_product       ? exact_of(addend)
                    : addend.is_zero() ? exact_product(a, b)
                                       : exact_sum(exact_of(addend), exact_product(a, b));
  if (sum.significand == 0) return zero(format, zero_sum_sign(env));
  return round_pack(env, format, sum, env.mode.rounding);
}

Bits mul_add_unpacked(Env& env, Format format, const Number& addend, const Number& a, const Number& b) {
  if (env.mode.nan_rule == NanRule::X86) {
    if (const auto nan = process_nans(env, format, {a, b, addend})) return *nan;
  } else if (const auto nan = process_nans(env, format, {addend, a, b})) {
    // FPMulAdd: a quiet NaN does not hide that the product is invalid.
    return addend.kind == Class::QuietNan && is_zero_times_infinity(a, b) ? invalid(env, format) : *nan;
  }
  return mul_add_numbers(env, format, addend, a, b);
}

/// The integer square root of a value with one of its two highest bits set, and in bit 0 of the low half
/// whether something is left over.
Uint128 square_root(Uint128 value) {
  Uint128 remainder = 0;
  Uint128 root = 0;
  for (int pair = 63; pair >= 0; --pair) {
    remainder = (remainder << 2) | ((value >> (2 * pair)) & 3);
    const Uint128 trial = (root << 2) | 1;
    root <<= 1;
    if (remainder >= trial) {
      remainder -= trial;
      root |= 1;
    }
  }
  return (root << 64) | (remainder != 0 ? 1 : 0);
}

/// BFMulH and BFAdd round to odd and turn an overflow, which rounding to odd keeps finite, into infinity
/// (BFRound).
Bits bf16_step(Env& env, Bits result) {
  const bool overflowed = (env.flags & Flags::kOFC) != 0;
  env.flags = 0;
  return overflowed ? infinity(Format::Single, (result & shape_of(Format::Single).sign_bit()) != 0) : result;
}

}  // namespace

Bits add(Env& env, Format format, Bits a, Bits b) {
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  return add_numbers(env, format, x, y);
}

Bits sub(Env& env, Format format, Bits a, Bits b) {
  const Number x = unpack(env, format, a);
  Number y = unpack(env, format, b);
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  y.negative = !y.negative;
  return add_numbers(env, format, x, y);
}

Bits mul(Env& env, Format format, Bits a, Bits b) {
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  if (is_zero_times_infinity(x, y)) return invalid(env, format);
  return mul_numbers(env, format, x, y);
}

Bits mulx(Env& env, Format format, Bits a, Bits b) {
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  if (is_zero_times_infinity(x, y)) {
    const Shape shape = shape_of(format);
    return zero(format, x.negative != y.negative) |
           (static_cast<Bits>(shape.bias() + 1) << shape.fraction_bits);
  }
  return mul_numbers(env, format, x, y);
}

Bits div(Env& env, Format format, Bits a, Bits b) {
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  const bool negative = x.negative != y.negative;
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  if ((x.is_infinity() && y.is_infinity()) || (x.is_zero() && y.is_zero())) return invalid(env, format);
  if (y.is_zero() && !x.is_infinity()) {
    env.flags |= Flags::kDZC;
    return infinity(format, negative);
  }
  use_denormals(env, {x, y});
  if (x.is_infinity()) return infinity(format, negative);
  if (x.is_zero() || y.is_infinity()) return zero(format, negative);

  const Uint128 dividend = Uint128{x.significand} << 63;
  const Uint128 quotient = dividend / y.significand;
  const bool remainder = quotient * y.significand != dividend;
  const Exact result{negative, x.exponent - y.exponent, (quotient << 64) | (remainder ? 1 : 0)};
  return round_pack(env, format, result, env.mode.rounding);
}

Bits sqrt(Env& env, Format format, Bits a) {
  const Number x = unpack(env, format, a);
  if (x.is_nan()) return process_nan(env, format, x);
  if (x.is_zero()) return zero(format, x.negative);
  if (x.negative) return invalid(env, format);
  use_denormals(env, {x});
  if (x.is_infinity()) return infinity(format, false);

  const bool odd = (x.exponent & 1) != 0;
  const Exact root{false, (x.exponent - (odd ? 1 : 0)) / 2,
                   square_root(Uint128{x.significand} << (odd ? 64 : 63))};
  return round_pack(env, format, root, env.mode.rounding);
}

Bits mul_add(Env& env, Format format, Bits addend, Bits a, Bits b) {
  const Number z = unpack(env, format, addend);
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  return mul_add_unpacked(env, format, z, x, y);
}

Bits mul_add_half(Env& env, Bits addend, Bits a, Bits b) {
  const Number z = unpack(env, Format::Single, addend);
  const Number x = unpack(env, Format::Half, a);
  const Number y = unpack(env, Format::Half, b);
  return mul_add_unpacked(env, Format::Single, z, x, y);
}

Bits bf16_dot_add(Bits addend, Bits a0, Bits b0, Bits a1, Bits b1) {
  Env env;
  env.mode.rounding = Rounding::ToOdd;
  env.mode.flush_to_zero = true;
  env.mode.default_nan = true;
  const auto product = [&env](Bits a, Bits b) {
    return bf16_step(env, mul(env, Format::Single, a << 16, b << 16));
  };
  const Bits first = product(a0, b0);
  const Bits second = product(a1, b1);
  const Bits sum = bf16_step(env, add(env, Format::Single, first, second));
  return bf16_step(env, add(env, Format::Single, addend, sum));
}

}  // namespace ferry::ir::fp
