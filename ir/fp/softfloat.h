// Exact floating point in integers: what every floating-point op of the IR means.
// The interpreter and the slow paths of both backends call it; nothing here touches the host's FPU.
//
// Behaviour follows the Arm ARM (DDI 0487), shared/functions/float, for guests with FPCR.AH = 0, and
// the Intel SDM volume 1 chapter 11 (SSE) where Mode::nan_rule is NanRule::X86.
#pragma once

#include <cstdint>

namespace ferry::ir::fp {

/// A value of any format, in the low bits; the bits above the format are zero in results, ignored in
/// operands.
using Bits = uint64_t;

/// BFloat16 is accepted by convert() and the functions that name it only.
enum class Format : uint8_t { Half, BFloat16, Single, Double };

enum class Rounding : uint8_t { NearestEven, TowardPlusInf, TowardMinusInf, TowardZero, NearestAway, ToOdd };

/// Which architecture's answers are given where IEEE 754 leaves a choice.
enum class NanRule : uint8_t {
  /// Signalling NaNs first, then quiet ones, in operand order; the default NaN is positive; tininess before
  /// rounding.
  Arm,
  /// The first NaN operand; the default NaN is negative; tininess after rounding; min/max and conversions to
  /// integer as MINSD/MAXSD and CVTSD2SI do them; Flags::kIDC is MXCSR.DE.
  X86,
};

/// The control bits that change results.
struct Mode {
  Rounding rounding = Rounding::NearestEven;
  /// Arm: FPCR.FZ, flushes denormal Single, Double and BFloat16 operands and results. X86: MXCSR.FZ, results
  /// only.
  bool flush_to_zero = false;
  /// X86: MXCSR.DAZ. Arm leaves it false: FPCR.FZ covers operands.
  bool flush_inputs = false;
  /// FPCR.FZ16, the same as FZ for Half arithmetic (not for conversions between formats); operands set no
  /// flag.
  bool flush_to_zero_half = false;
  /// FPCR.DN
  bool default_nan = false;
  /// FPCR.AHP: convert() reads and writes Half without infinities and NaNs.
  bool alternative_half = false;
  NanRule nan_rule = NanRule::Arm;
};

/// Cumulative exception flags, at their places in Arm's FPSR.
struct Flags {
  static constexpr uint32_t kIOC = 1u << 0;  ///< invalid operation
  static constexpr uint32_t kDZC = 1u << 1;  ///< division by zero
  static constexpr uint32_t kOFC = 1u << 2;  ///< overflow
  static constexpr uint32_t kUFC = 1u << 3;  ///< underflow
  static constexpr uint32_t kIXC = 1u << 4;  ///< inexact
  static constexpr uint32_t kIDC = 1u << 7;  ///< a denormal operand was flushed (Arm) or used (X86)
};

/// What an operation reads and leaves behind: flags are only ever added.
struct Env {
  Mode mode;
  uint32_t flags = 0;
};

/// The mode that an Arm FPCR value (or AArch32 FPSCR) selects: AHP, DN, FZ, RMode, FZ16.
Mode mode_from_fpcr(uint32_t fpcr);

/// The mode that an x86 MXCSR value selects: RC, FZ, DAZ.
Mode mode_from_mxcsr(uint32_t mxcsr);

// ---- classification and sign; these raise no flags ----

/// Width of the format in bits: 16, 32 or 64.
unsigned width_of(Format format);
bool is_nan(Format format, Bits value);
bool is_signalling_nan(Format format, Bits value);
/// The bit that is set in quiet NaNs.
Bits quiet_bit(Format format);
Bits default_nan(Format format, NanRule rule);
Bits infinity(Format format, bool negative);
Bits negate(Format format, Bits value);
Bits absolute(Format format, Bits value);

// ---- arithmetic (arithmetic.cpp) ----

Bits add(Env& env, Format format, Bits a, Bits b);
/// a - b. A NaN operand keeps its sign.
Bits sub(Env& env, Format format, Bits a, Bits b);
Bits mul(Env& env, Format format, Bits a, Bits b);
/// FMULX: like mul, but 0 * infinity is 2 with the product's sign.
Bits mulx(Env& env, Format format, Bits a, Bits b);
Bits div(Env& env, Format format, Bits a, Bits b);
Bits sqrt(Env& env, Format format, Bits a);
/// addend + a * b, rounded once (FPMulAdd). Negate operands with negate() for the other forms.
/// NaN priority: addend, a, b (Arm); a, b, addend (X86: a is VFMADD213's second source, b its destination).
Bits mul_add(Env& env, Format format, Bits addend, Bits a, Bits b);
/// FPMulAddH (FMLAL and its kin): Single addend + Half a * Half b, rounded once to Single.
Bits mul_add_half(Env& env, Bits addend, Bits a, Bits b);
/// BFDotAdd with FPCR.EBF = 0 (BFDOT, BFMMLA): Single addend + (a0 * b0 + a1 * b1), every step rounded to
/// odd, denormals flushed, NaNs default. It reads no mode and raises no flag.
Bits bf16_dot_add(Bits addend, Bits a0, Bits b0, Bits a1, Bits b1);

// ---- comparison and selection (compare.cpp) ----

enum class Relation : uint8_t { Less, Equal, Greater, Unordered };

/// Signalling NaNs are invalid; quiet ones are too when signal_quiet is set (FCMPE, FCMGT; COMISD).
Relation compare(Env& env, Format format, Bits a, Bits b, bool signal_quiet);
/// FPMin and FPMax; X86: b when either is a NaN or both are zeros.
Bits min(Env& env, Format format, Bits a, Bits b);
Bits max(Env& env, Format format, Bits a, Bits b);
/// FPMinNum and FPMaxNum: a single quiet NaN loses against a number.
Bits min_num(Env& env, Format format, Bits a, Bits b);
Bits max_num(Env& env, Format format, Bits a, Bits b);

// ---- conversion (convert.cpp, integer.cpp) ----

/// FPConvert and FPConvertBF. ToOdd gives FCVTXN.
Bits convert(Env& env, Format from, Format to, Bits value, Rounding rounding);

enum class Signedness : uint8_t { Signed, Unsigned };

/// FPToFixed: value * 2^fraction_bits as an integer of `width` (16, 32 or 64) bits, in the low bits of the
/// result with zeros above. Arm saturates and gives 0 for a NaN; X86 gives the "integer indefinite" value
/// (signed; unsigned as AVX-512: all ones). Out of range is invalid.
uint64_t to_fixed(Env& env, Format from, Bits value, unsigned width, Signedness signedness,
                  unsigned fraction_bits, Rounding rounding);

/// FixedToFP: the low `width` (16, 32 or 64) bits of value, divided by 2^fraction_bits.
Bits from_fixed(Env& env, Format to, uint64_t value, unsigned width, Signedness signedness,
                unsigned fraction_bits, Rounding rounding);

/// FJCVTZS: ECMAScript's ToInt32 of a Double.
struct JavascriptInt {
  uint32_t value;
  bool exact;  ///< PSTATE.Z: the Double was this integer, and not -0
};
JavascriptInt to_javascript_int(Env& env, Bits value);

/// FPRoundInt: raises inexact only if `exact` is set (FRINTX).
Bits round_to_integral(Env& env, Format format, Bits value, Rounding rounding, bool exact);
/// FPRoundIntN (FRINT32X, FRINT64Z ...): `int_bits` is 32 or 64; what does not fit becomes -2^(int_bits-1),
/// invalid.
Bits round_to_int_range(Env& env, Format format, Bits value, Rounding rounding, unsigned int_bits);

// ---- estimates and Newton steps (estimate.cpp); Arm only ----

Bits recip_estimate(Env& env, Format format, Bits value);
Bits rsqrt_estimate(Env& env, Format format, Bits value);
/// FRECPS: 2 - a * b, rounded once.
Bits recip_step(Env& env, Format format, Bits a, Bits b);
/// FRSQRTS: (3 - a * b) / 2, rounded once.
Bits rsqrt_step(Env& env, Format format, Bits a, Bits b);
/// FRECPX
Bits recip_exponent(Env& env, Format format, Bits value);
/// URECPE
uint32_t unsigned_recip_estimate(uint32_t value);
/// URSQRTE
uint32_t unsigned_rsqrt_estimate(uint32_t value);

}  // namespace ferry::ir::fp
