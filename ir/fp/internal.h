// What the families of ir/fp share: operands taken apart, exact results, and the one place that rounds.
#pragma once

#include <initializer_list>
#include <optional>

#include "ir/fp/softfloat.h"

namespace ferry::ir::fp::detail {

__extension__ typedef unsigned __int128 Uint128;

/// The layout of a format. Exponents are those of a significand in [1, 2).
struct Shape {
  unsigned width;
  unsigned fraction_bits;
  int min_exponent;

  constexpr int bias() const { return 1 - min_exponent; }
  constexpr Bits fraction_mask() const { return (Bits{1} << fraction_bits) - 1; }
  constexpr Bits sign_bit() const { return Bits{1} << (width - 1); }
  constexpr Bits exponent_mask() const { return (sign_bit() - 1) & ~fraction_mask(); }
  constexpr Bits quiet_bit() const { return Bits{1} << (fraction_bits - 1); }
  constexpr Bits all_bits() const { return sign_bit() | (sign_bit() - 1); }
  constexpr unsigned max_biased_exponent() const {
    return static_cast<unsigned>(exponent_mask() >> fraction_bits);
  }
};

constexpr Shape shape_of(Format format) {
  switch (format) {
    case Format::Half:
      return {16, 10, -14};
    case Format::BFloat16:
      return {16, 7, -126};
    case Format::Single:
      return {32, 23, -126};
    case Format::Double:
      break;
  }
  return {64, 52, -1022};
}

enum class Class : uint8_t { Zero, Finite, Infinity, QuietNan, SignallingNan };

/// An operand taken apart. Finite: significand * 2^(exponent - 63), with bit 63 set.
/// NaN: the fraction, left-aligned so that bit 62 is the quiet bit.
struct Number {
  Class kind = Class::Zero;
  bool negative = false;
  bool denormal = false;  ///< finite, and sets MXCSR.DE when it is used
  int exponent = 0;
  uint64_t significand = 0;

  bool is_nan() const { return kind >= Class::QuietNan; }
  bool is_zero() const { return kind == Class::Zero; }
  bool is_infinity() const { return kind == Class::Infinity; }
};

/// A result before rounding: significand * 2^(exponent - 127), where bit 0 also stands for everything below
/// it.
struct Exact {
  bool negative;
  int exponent;
  Uint128 significand;
};

/// Conversions between formats honour FPCR.AHP and ignore FZ16; all other operations do the opposite
/// (FPUnpackCV and FPRoundCV against FPUnpack and FPRound).
enum class Use : uint8_t { Arithmetic, Conversion };

/// FPUnpackBase, with input flushing. The caller reports used denormals (X86) with use_denormals().
Number unpack(Env& env, Format format, Bits bits, Use use = Use::Arithmetic);

/// FPRoundBase: the nearest value in the format, with overflow, underflow and inexact flags.
/// value.significand != 0.
Bits round_pack(Env& env, Format format, Exact value, Rounding rounding, Use use = Use::Arithmetic);

/// The exact value of a finite non-zero operand.
Exact exact_of(const Number& number);
Exact exact_product(const Number& a, const Number& b);
/// The sum; its significand is zero only if the sum is exactly zero.
Exact exact_sum(Exact a, Exact b);

Bits zero(Format format, bool negative);
Bits max_normal(Format format, bool negative);

/// FPProcessNaN: the result that a NaN operand gives.
Bits process_nan(Env& env, Format format, const Number& nan);
/// FPProcessNaNs and FPProcessNaNs3: the result if any operand is a NaN.
std::optional<Bits> process_nans(Env& env, Format format, std::initializer_list<Number> operands);
/// The default NaN, and the invalid flag.
Bits invalid(Env& env, Format format);

/// X86: sets DE if any operand is a denormal. For Arm nothing: unpack() has flushed and reported.
void use_denormals(Env& env, std::initializer_list<Number> operands);

/// The sign of a sum of opposite values that is exactly zero.
inline bool zero_sum_sign(const Env& env) { return env.mode.rounding == Rounding::TowardMinusInf; }

/// value >> shift, with what falls off: its top bit, and whether anything is below that.
struct Split {
  Uint128 integer;
  bool half;
  bool below;

  bool inexact() const { return half || below; }
  /// The integer, rounded for a value of this sign; ToOdd sets the low bit instead of counting up.
  Uint128 rounded(Rounding rounding, bool negative) const;
};
Split split(Uint128 value, unsigned shift);

/// A finite number as sign and magnitude: magnitude * 2^scale, split at the binary point. |number * 2^scale|
/// < 2^127.
Split split_at_point(const Number& number, int scale);

}  // namespace ferry::ir::fp::detail
