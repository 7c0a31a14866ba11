// Conversion to and from integers and fixed point (Arm ARM FPToFixed, FixedToFP, FPToFixedJS; Intel SDM
// CVTSD2SI).
#include "ir/fp/internal.h"
#include "ir/support/bits.h"

namespace ferry::ir::fp {

using namespace detail;

namespace {

uint64_t largest(unsigned width, Signedness signedness) {
  return support::low_mask(signedness == Signedness::Signed ? width - 1 : width);
}

uint64_t smallest(unsigned width, Signedness signedness) {
  return signedness == Signedness::Signed ? uint64_t{1} << (width - 1) : 0;
}

/// What an operand gives that has no integer: saturated, or for X86 the "integer indefinite" value.
uint64_t out_of_range(Env& env, const Number& x, unsigned width, Signedness signedness) {
  env.flags |= Flags::kIOC;
  if (env.mode.nan_rule == NanRule::X86) {
    return signedness == Signedness::Signed ? smallest(width, signedness) : support::low_mask(width);
  }
  if (x.is_nan()) return 0;
  return x.negative ? smallest(width, signedness) : largest(width, signedness);
}

}  // namespace

uint64_t to_fixed(Env& env, Format from, Bits value, unsigned width, Signedness signedness,
                  unsigned fraction_bits, Rounding rounding) {
  const Number x = unpack(env, from, value);
  if (x.is_zero()) return 0;
  const int scale = static_cast<int>(fraction_bits);
  if (x.is_nan() || x.is_infinity() || x.exponent + scale >= 64)
    return out_of_range(env, x, width, signedness);

  const Split parts = split_at_point(x, scale);
  const Uint128 magnitude = parts.rounded(rounding, x.negative);
  const uint64_t limit = x.negative ? smallest(width, signedness) : largest(width, signedness);
  if (magnitude > limit) return out_of_range(env, x, width, signedness);
  if (parts.inexact()) env.flags |= Flags::kIXC;
  const auto low = static_cast<uint64_t>(magnitude);
  return (x.negative ? 0 - low : low) & support::low_mask(width);
}

Bits from_fixed(Env& env, Format to, uint64_t value, unsigned width, Signedness signedness,
                unsigned fraction_bits, Rounding rounding) {
  const bool negative = signedness == Signedness::Signed && support::extract(value, width - 1, 1) != 0;
  const uint64_t magnitude = (negative ? 0 - value : value) & support::low_mask(width);
  if (magnitude == 0) return zero(to, false);
  return round_pack(env, to, {negative, 127 - static_cast<int>(fraction_bits), magnitude}, rounding);
}

JavascriptInt to_javascript_int(Env& env, Bits value) {
  const Number x = unpack(env, Format::Double, value);
  // A denormal that was flushed is not the integer 0 either, so only +0 itself is exact.
  if (x.is_zero()) return {0, value == 0};
  if (x.is_nan() || x.is_infinity()) {
    env.flags |= Flags::kIOC;
    return {0, false};
  }
  // From 2^84 on all of the 53 significant bits lie above the low 32.
  if (x.exponent >= 84) {
    env.flags |= Flags::kIOC;
    return {0, false};
  }
  const Split parts = split_at_point(x, 0);
  const auto low = static_cast<uint32_t>(parts.integer);
  const Uint128 limit = (Uint128{1} << 31) - (x.negative ? 0 : 1);
  const bool fits = parts.integer <= limit;
  if (!fits) {
    env.flags |= Flags::kIOC;
  } else if (parts.inexact()) {
    env.flags |= Flags::kIXC;
  }
  return {x.negative ? 0 - low : low, fits && !parts.inexact()};
}

}  // namespace ferry::ir::fp
