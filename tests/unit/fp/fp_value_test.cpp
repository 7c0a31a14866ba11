// ir/fp on values written down from the manuals: what neither the host's SSE unit nor an AArch64 instruction
// shows.
#include <gtest/gtest.h>

#include "ir/fp/softfloat.h"

namespace ferry::ir::fp {
namespace {

Env arm(uint32_t fpcr = 0) { return {mode_from_fpcr(fpcr)}; }
Env x86(uint32_t mxcsr = 0x1f80) { return {mode_from_mxcsr(mxcsr)}; }

constexpr Bits kOneSingle = 0x3f800000;
constexpr Bits kMinNormalSingle = 0x00800000;

TEST(FpMode, FromFpcr) {
  EXPECT_EQ(arm().mode.rounding, Rounding::NearestEven);
  EXPECT_EQ(arm(1u << 22).mode.rounding, Rounding::TowardPlusInf);
  EXPECT_EQ(arm(2u << 22).mode.rounding, Rounding::TowardMinusInf);
  EXPECT_EQ(arm(3u << 22).mode.rounding, Rounding::TowardZero);
  const Mode mode = mode_from_fpcr(1u << 19 | 1u << 24 | 1u << 25 | 1u << 26);
  EXPECT_TRUE(mode.flush_to_zero_half && mode.flush_to_zero && mode.default_nan && mode.alternative_half);
  EXPECT_EQ(mode.nan_rule, NanRule::Arm);
}

TEST(FpMode, FromMxcsr) {
  EXPECT_EQ(x86(1u << 13).mode.rounding, Rounding::TowardMinusInf);
  EXPECT_EQ(x86(2u << 13).mode.rounding, Rounding::TowardPlusInf);
  EXPECT_TRUE(x86(0x40).mode.flush_inputs);
  EXPECT_TRUE(x86(0x8000).mode.flush_to_zero);
  EXPECT_EQ(x86().mode.nan_rule, NanRule::X86);
}

TEST(FpBits, ClassifiesAndChangesSigns) {
  EXPECT_EQ(width_of(Format::Half), 16u);
  EXPECT_EQ(width_of(Format::BFloat16), 16u);
  EXPECT_TRUE(is_nan(Format::Half, 0x7c01));
  EXPECT_TRUE(is_signalling_nan(Format::Half, 0xfc01));
  EXPECT_FALSE(is_signalling_nan(Format::Half, 0xfe01));
  EXPECT_FALSE(is_nan(Format::Double, 0x7ff0000000000000));
  EXPECT_EQ(default_nan(Format::Double, NanRule::Arm), 0x7ff8000000000000u);
  EXPECT_EQ(default_nan(Format::Single, NanRule::X86), 0xffc00000u);
  EXPECT_EQ(infinity(Format::BFloat16, true), 0xff80u);
  EXPECT_EQ(negate(Format::Single, 0xffffffff00000001), 0x80000001u);
  EXPECT_EQ(absolute(Format::Half, 0xffff8001), 1u);
}

TEST(FpBits, IgnoresWhatIsAboveTheFormat) {
  Env env = arm();
  EXPECT_EQ(add(env, Format::Single, 0xdead00000000 | kOneSingle, 0xbeef00000000 | kOneSingle), 0x40000000u);
  EXPECT_EQ(max(env, Format::Half, 0xabcd3c00, 0), 0x3c00u);
  EXPECT_EQ(round_to_integral(env, Format::Half, 0xabcd7bff, Rounding::TowardZero, true), 0x7bffu);
  EXPECT_EQ(env.flags, 0u);
}

TEST(FpFlags, AccumulateInTheEnvironment) {
  Env env = arm();
  div(env, Format::Single, kOneSingle, 0);
  EXPECT_EQ(env.flags, Flags::kDZC);
  div(env, Format::Single, kOneSingle, 0x40400000);
  EXPECT_EQ(env.flags, Flags::kDZC | Flags::kIXC);
}

// 2^-126 - 2^-179 rounds to 2^-126 even with an unbounded exponent: tiny for Arm only.
TEST(FpTininess, ArmLooksBeforeRoundingAndX86After) {
  constexpr Bits kBelowMinNormal = 0x380fffffffffffff;
  Env a = arm();
  Env x = x86();
  EXPECT_EQ(convert(a, Format::Double, Format::Single, kBelowMinNormal, Rounding::NearestEven),
            kMinNormalSingle);
  EXPECT_EQ(a.flags, Flags::kUFC | Flags::kIXC);
  EXPECT_EQ(convert(x, Format::Double, Format::Single, kBelowMinNormal, Rounding::NearestEven),
            kMinNormalSingle);
  EXPECT_EQ(x.flags, Flags::kIXC);
}

// 2^-126 - 2^-150 has 24 significant bits, so only the exponent's bound rounds it: tiny for both.
TEST(FpTininess, BothSeeWhatOnlyTheExponentRounds) {
  for (Env env : {arm(), x86()}) {
    EXPECT_EQ(mul(env, Format::Single, kOneSingle - 1, kMinNormalSingle), kMinNormalSingle);
    EXPECT_EQ(env.flags, Flags::kUFC | Flags::kIXC);
  }
}

TEST(FpNan, RulesOfBothArchitectures) {
  const Bits quiet = 0x7fc00001;
  const Bits signalling = 0xff800002;
  Env a = arm();
  Env x = x86();
  EXPECT_EQ(add(a, Format::Single, quiet, signalling), 0xffc00002u);
  EXPECT_EQ(add(x, Format::Single, quiet, signalling), quiet);
  EXPECT_EQ(a.flags, Flags::kIOC);
  EXPECT_EQ(x.flags, Flags::kIOC);
  const Bits inf = infinity(Format::Single, false);
  EXPECT_EQ(mul_add(a, Format::Single, quiet, 0, inf), 0x7fc00000u);
  EXPECT_EQ(mul_add(x, Format::Single, quiet, 0, inf), quiet);
}

TEST(FpConvert, RoundingsThatNoInstructionSelectsHere) {
  const Bits tie = 0x3f801000;  // 1 + 2^-11: halfway between two Halfs
  Env env = arm();
  EXPECT_EQ(convert(env, Format::Single, Format::Half, tie, Rounding::NearestEven), 0x3c00u);
  EXPECT_EQ(convert(env, Format::Single, Format::Half, tie, Rounding::NearestAway), 0x3c01u);
  EXPECT_EQ(convert(env, Format::Single, Format::Half, tie, Rounding::ToOdd), 0x3c01u);
  EXPECT_EQ(env.flags, Flags::kIXC);
  EXPECT_EQ(convert(env, Format::Single, Format::Half, 0x7f7fffff, Rounding::ToOdd), 0x7bffu);
  EXPECT_EQ(convert(env, Format::Single, Format::Half, 0x7f7fffff, Rounding::NearestAway), 0x7c00u);
}

TEST(FpConvert, FromBFloat16) {
  Env env = arm();
  EXPECT_EQ(convert(env, Format::BFloat16, Format::Single, 0x3f81, Rounding::NearestEven), 0x3f810000u);
  EXPECT_EQ(convert(env, Format::BFloat16, Format::Single, 0x0001, Rounding::NearestEven), 0x00010000u);
  EXPECT_EQ(env.flags, 0u);
  EXPECT_EQ(convert(env, Format::BFloat16, Format::Single, 0x7f81, Rounding::NearestEven), 0x7fc10000u);
  EXPECT_EQ(env.flags, Flags::kIOC);
}

TEST(FpInteger, X86Unsigned) {
  Env env = x86();
  EXPECT_EQ(
      to_fixed(env, Format::Double, 0x41efffffffe00000, 32, Signedness::Unsigned, 0, Rounding::TowardZero),
      0xffffffffu);
  EXPECT_EQ(env.flags, 0u);
  EXPECT_EQ(
      to_fixed(env, Format::Double, 0xbff0000000000000, 32, Signedness::Unsigned, 0, Rounding::TowardZero),
      0xffffffffu);
  EXPECT_EQ(env.flags, Flags::kIOC);
}

TEST(FpInteger, FlushedDenormalIsNoJavascriptInteger) {
  Env env = arm(1u << 24);
  EXPECT_FALSE(to_javascript_int(env, 1).exact);
  EXPECT_EQ(env.flags, Flags::kIDC);
  EXPECT_TRUE(to_javascript_int(env, 0).exact);
  EXPECT_FALSE(to_javascript_int(env, uint64_t{1} << 63).exact);
}

}  // namespace
}  // namespace ferry::ir::fp
