// Comparison, minimum and maximum (Arm ARM FPCompare, FPMin, FPMax, FPMinNum, FPMaxNum; Intel SDM MINSD,
// MAXSD).
#include "ir/fp/internal.h"

namespace ferry::ir::fp {

using namespace detail;

namespace {

int compare_magnitudes(const Number& a, const Number& b) {
  const auto rank = [](const Number& n) { return n.is_zero() ? 0 : n.is_infinity() ? 2 : 1; };
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (rank(a) != 1) return 0;
  if (a.exponent != b.exponent) return a.exponent < b.exponent ? -1 : 1;
  return a.significand == b.significand ? 0 : a.significand < b.significand ? -1 : 1;
}

/// The relation of two operands that are no NaNs.
Relation relation(const Number& a, const Number& b) {
  if (a.is_zero() && b.is_zero()) return Relation::Equal;
  if (a.negative != b.negative) return a.negative ? Relation::Less : Relation::Greater;
  const int order = a.negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
  return order == 0 ? Relation::Equal : order < 0 ? Relation::Less : Relation::Greater;
}

/// The bits of an operand that is no NaN, after input flushing.
Bits flushed(Format format, Bits bits, const Number& number) {
  return number.is_zero() ? zero(format, number.negative) : bits & shape_of(format).all_bits();
}

/// FPMin if wanted is Less, FPMax if Greater.
Bits select(Env& env, Format format, Bits a, Bits b, Relation wanted) {
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  if (env.mode.nan_rule == NanRule::X86) {
    if (x.is_nan() || y.is_nan()) {
      env.flags |= Flags::kIOC;
      return y.is_nan() ? b & shape_of(format).all_bits() : flushed(format, b, y);
    }
    use_denormals(env, {x, y});
    return relation(x, y) == wanted ? flushed(format, a, x) : flushed(format, b, y);
  }
  if (const auto nan = process_nans(env, format, {x, y})) return *nan;
  if (x.is_zero() && y.is_zero()) {
    return zero(format, wanted == Relation::Less ? x.negative || y.negative : x.negative && y.negative);
  }
  return relation(x, y) == wanted ? flushed(format, a, x) : flushed(format, b, y);
}

/// FPMinNum and FPMaxNum: a single quiet NaN becomes the value that loses.
Bits select_num(Env& env, Format format, Bits a, Bits b, Relation wanted) {
  const auto quiet = [format](Bits value) {
    return is_nan(format, value) && !is_signalling_nan(format, value);
  };
  const Bits loser = infinity(format, wanted == Relation::Greater);
  if (quiet(a) && !quiet(b)) return select(env, format, loser, b, wanted);
  if (quiet(b) && !quiet(a)) return select(env, format, a, loser, wanted);
  return select(env, format, a, b, wanted);
}

}  // namespace

Relation compare(Env& env, Format format, Bits a, Bits b, bool signal_quiet) {
  const Number x = unpack(env, format, a);
  const Number y = unpack(env, format, b);
  if (x.is_nan() || y.is_nan()) {
    const bool signalling = x.kind == Class::SignallingNan || y.kind == Class::SignallingNan;
    if (signalling || signal_quiet) env.flags |= Flags::kIOC;
    return Relation::Unordered;
  }
  use_denormals(env, {x, y});
  return relation(x, y);
}

Bits min(Env& env, Format format, Bits a, Bits b) { return select(env, format, a, b, Relation::Less); }
Bits max(Env& env, Format format, Bits a, Bits b) { return select(env, format, a, b, Relation::Greater); }
Bits min_num(Env& env, Format format, Bits a, Bits b) {
  return select_num(env, format, a, b, Relation::Less);
}
Bits max_num(Env& env, Format format, Bits a, Bits b) {
  return select_num(env, format, a, b, Relation::Greater);
}

}  // namespace ferry::ir::fp
