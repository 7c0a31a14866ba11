// ir/fp under NanRule::X86 against this machine's SSE unit: results and all six MXCSR flags, in every
// combination of rounding mode, FZ and DAZ. Each operation is one instruction between two MXCSR accesses, so
// no compiler flag matters.
#include <gtest/gtest.h>

#include <bit>
#include <functional>

#include "tests/unit/fp/operands.h"

namespace ferry::ir::fp::test {
namespace {

constexpr uint32_t kMasked = 0x1f80;
constexpr int kRandomRounds = 60000;

struct Outcome {
  uint64_t value;
  uint32_t flags;
  bool operator==(const Outcome&) const = default;
};

uint32_t flags_of_mxcsr(uint32_t mxcsr) {
  constexpr uint32_t kMap[] = {Flags::kIOC, Flags::kIDC, Flags::kDZC, Flags::kOFC, Flags::kUFC, Flags::kIXC};
  uint32_t flags = 0;
  for (unsigned i = 0; i < 6; ++i) {
    if ((mxcsr >> i) & 1) flags |= kMap[i];
  }
  return flags;
}

// One instruction on xmm operands under a given MXCSR. `text` names them %[a], %[b], %[c], and %[x] for RAX.
#define HOST_OP(name, text)                                                          \
  Outcome name(uint32_t mxcsr, uint64_t a_bits, uint64_t b_bits, uint64_t c_bits) {  \
    using Vector = uint64_t __attribute__((vector_size(16)));                        \
    Vector a{a_bits, 0};                                                             \
    const Vector b{b_bits, 0};                                                       \
    const Vector c{c_bits, 0};                                                       \
    uint64_t x = a_bits;                                                             \
    uint32_t seen = 0;                                                               \
    const uint32_t usual = kMasked;                                                  \
    asm volatile("ldmxcsr %[csr]\n\t" text "\n\tstmxcsr %[seen]\n\tldmxcsr %[usual]" \
                 : [a] "+x"(a), [x] "+a"(x), [seen] "=m"(seen)                       \
                 : [b] "x"(b), [c] "x"(c), [csr] "m"(mxcsr), [usual] "m"(usual)      \
                 : "cc");                                                            \
    return {kHostResultIn##name == 'x' ? x : a[0], flags_of_mxcsr(seen)};            \
  }
#define HOST_FLOAT_OP(name, text)           \
  constexpr char kHostResultIn##name = 'a'; \
  HOST_OP(name, text)
#define HOST_INT_OP(name, text)             \
  constexpr char kHostResultIn##name = 'x'; \
  HOST_OP(name, text)

HOST_FLOAT_OP(host_addsd, "addsd %[b], %[a]")
HOST_FLOAT_OP(host_addss, "addss %[b], %[a]")
HOST_FLOAT_OP(host_subsd, "subsd %[b], %[a]")
HOST_FLOAT_OP(host_subss, "subss %[b], %[a]")
HOST_FLOAT_OP(host_mulsd, "mulsd %[b], %[a]")
HOST_FLOAT_OP(host_mulss, "mulss %[b], %[a]")
HOST_FLOAT_OP(host_divsd, "divsd %[b], %[a]")
HOST_FLOAT_OP(host_divss, "divss %[b], %[a]")
HOST_FLOAT_OP(host_minsd, "minsd %[b], %[a]")
HOST_FLOAT_OP(host_minss, "minss %[b], %[a]")
HOST_FLOAT_OP(host_maxsd, "maxsd %[b], %[a]")
HOST_FLOAT_OP(host_maxss, "maxss %[b], %[a]")
HOST_FLOAT_OP(host_sqrtsd, "sqrtsd %[a], %[a]")
HOST_FLOAT_OP(host_sqrtss, "sqrtss %[a], %[a]")
// Source 2 * destination + source 3: so %[b] is the first factor, whose NaN is preferred.
HOST_FLOAT_OP(host_fmasd, "vfmadd213sd %[c], %[b], %[a]")
HOST_FLOAT_OP(host_fmass, "vfmadd213ss %[c], %[b], %[a]")
HOST_FLOAT_OP(host_cvtsd2ss, "cvtsd2ss %[a], %[a]\n\tinsertps $0xe, %[a], %[a]")
HOST_FLOAT_OP(host_cvtss2sd, "cvtss2sd %[a], %[a]")
HOST_FLOAT_OP(host_cvtph2ps, "vcvtph2ps %[a], %[a]\n\tinsertps $0xe, %[a], %[a]")
HOST_FLOAT_OP(host_cvtps2ph, "vcvtps2ph $4, %[a], %[a]")
HOST_FLOAT_OP(host_roundsd_exact, "roundsd $4, %[a], %[a]")
HOST_FLOAT_OP(host_roundss_exact, "roundss $4, %[a], %[a]")
HOST_FLOAT_OP(host_roundsd, "roundsd $12, %[a], %[a]")
HOST_FLOAT_OP(host_roundss, "roundss $12, %[a], %[a]")
HOST_INT_OP(host_cvtsd2si32, "cvtsd2si %[a], %k[x]")
HOST_INT_OP(host_cvtss2si32, "cvtss2si %[a], %k[x]")
HOST_INT_OP(host_cvtsd2si64, "cvtsd2si %[a], %q[x]")
HOST_INT_OP(host_cvtss2si64, "cvtss2si %[a], %q[x]")
HOST_INT_OP(host_cvttsd2si32, "cvttsd2si %[a], %k[x]")
HOST_INT_OP(host_cvttss2si64, "cvttss2si %[a], %q[x]")
HOST_FLOAT_OP(host_cvtsi2sd32, "cvtsi2sd %k[x], %[a]")
HOST_FLOAT_OP(host_cvtsi2sd64, "cvtsi2sd %q[x], %[a]")
HOST_FLOAT_OP(host_cvtsi2ss32, "cvtsi2ss %k[x], %[a]\n\tinsertps $0xe, %[a], %[a]")
HOST_FLOAT_OP(host_cvtsi2ss64, "cvtsi2ss %q[x], %[a]\n\tinsertps $0xe, %[a], %[a]")
// LAHF puts ZF, PF and CF into bits 14, 10 and 8 of RAX.
HOST_INT_OP(host_comisd, "xorl %k[x], %k[x]\n\tcomisd %[b], %[a]\n\tlahf\n\tandl $0x4500, %k[x]")
HOST_INT_OP(host_comiss, "xorl %k[x], %k[x]\n\tcomiss %[b], %[a]\n\tlahf\n\tandl $0x4500, %k[x]")
HOST_INT_OP(host_ucomisd, "xorl %k[x], %k[x]\n\tucomisd %[b], %[a]\n\tlahf\n\tandl $0x4500, %k[x]")
HOST_INT_OP(host_ucomiss, "xorl %k[x], %k[x]\n\tucomiss %[b], %[a]\n\tlahf\n\tandl $0x4500, %k[x]")

using HostOp = Outcome (*)(uint32_t, uint64_t, uint64_t, uint64_t);
using OurOp = std::function<uint64_t(Env&, Bits, Bits, Bits)>;

struct FormatOp {
  Format format;
  HostOp host;
};

uint64_t mask_of(unsigned width) { return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1; }

class Differential {
 public:
  Differential(const char* name, HostOp host, OurOp ours, unsigned result_width)
      : name_(name), host_(host), ours_(std::move(ours)), mask_(mask_of(result_width)) {}

  /// Compares in all 16 modes. Returns false after the first difference, which is reported.
  bool check(Bits a, Bits b = 0, Bits c = 0) {
    for (uint32_t rc = 0; rc < 4; ++rc) {
      for (const uint32_t flush : {0u, 0x8000u, 0x40u, 0x8040u}) {
        if (!check_mode(kMasked | (rc << 13) | flush, a, b, c)) return false;
      }
    }
    return true;
  }

 private:
  bool check_mode(uint32_t mxcsr, Bits a, Bits b, Bits c) {
    Outcome expected = host_(mxcsr, a, b, c);
    expected.value &= mask_;
    Env env{mode_from_mxcsr(mxcsr)};
    const uint64_t value = ours_(env, a, b, c);
    const Outcome got{value, env.flags};
    if (got == expected) return true;
    ADD_FAILURE() << std::hex << name_ << " mxcsr=" << mxcsr << " a=" << a << " b=" << b << " c=" << c
                  << ": host " << expected.value << " flags " << expected.flags << ", ours " << got.value
                  << " flags " << got.flags;
    return false;
  }

  const char* name_;
  HostOp host_;
  OurOp ours_;
  uint64_t mask_;
};

void check_unary(Format format, Differential op) {
  for (const Bits a : edge_values(format, Amount::Many)) {
    if (!op.check(a)) return;
  }
  RandomOperands random(format, 1);
  for (int i = 0; i < kRandomRounds; ++i) {
    if (!op.check(random.next())) return;
  }
}

void check_binary(Format format, Differential op) {
  const auto edges = edge_values(format, Amount::Some);
  for (const Bits a : edges) {
    for (const Bits b : edges) {
      if (!op.check(a, b)) return;
    }
  }
  RandomOperands random(format, 2);
  for (int i = 0; i < kRandomRounds; ++i) {
    const Bits a = random.next();
    if (!op.check(a, random.next())) return;
  }
}

void check_ternary(Format format, Differential op) {
  const auto edges = edge_values(format, Amount::Few);
  for (const Bits a : edges) {
    for (const Bits b : edges) {
      for (const Bits c : edges) {
        if (!op.check(a, b, c)) return;
      }
    }
  }
  RandomOperands random(format, 3);
  RandomOperands other(format, 4);
  for (int i = 0; i < kRandomRounds; ++i) {
    const Bits a = random.next();
    const Bits b = random.next();
    // An addend that nearly cancels the product, half of the time.
    Env scratch;
    const Bits near = negate(format, mul(scratch, format, a, b)) ^ (other.next() & 3);
    if (!op.check(a, b, (i & 1) != 0 ? near : random.next())) return;
  }
}

using Binary = Bits (*)(Env&, Format, Bits, Bits);

void check_both(const char* name, Binary ours, HostOp host_single, HostOp host_double) {
  for (const auto& [format, host] :
       {FormatOp{Format::Single, host_single}, FormatOp{Format::Double, host_double}}) {
    const auto call = [ours, f = format](Env& env, Bits a, Bits b, Bits) { return ours(env, f, a, b); };
    check_binary(format, {name, host, call, width_of(format)});
  }
}

TEST(FpHost, Add) { check_both("add", add, host_addss, host_addsd); }
TEST(FpHost, Sub) { check_both("sub", sub, host_subss, host_subsd); }
TEST(FpHost, Mul) { check_both("mul", mul, host_mulss, host_mulsd); }
TEST(FpHost, Div) { check_both("div", div, host_divss, host_divsd); }
TEST(FpHost, Min) { check_both("min", min, host_minss, host_minsd); }
TEST(FpHost, Max) { check_both("max", max, host_maxss, host_maxsd); }

TEST(FpHost, Sqrt) {
  for (const auto& [format, host] :
       {FormatOp{Format::Single, host_sqrtss}, FormatOp{Format::Double, host_sqrtsd}}) {
    const auto call = [f = format](Env& env, Bits a, Bits, Bits) { return fp::sqrt(env, f, a); };
    check_unary(format, {"sqrt", host, call, width_of(format)});
  }
}

TEST(FpHost, FusedMultiplyAdd) {
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "this CPU has no FMA";
  for (const auto& [format, host] :
       {FormatOp{Format::Single, host_fmass}, FormatOp{Format::Double, host_fmasd}}) {
    const auto call = [f = format](Env& env, Bits a, Bits b, Bits c) { return mul_add(env, f, c, b, a); };
    check_ternary(format, {"fma", host, call, width_of(format)});
  }
}

TEST(FpHost, Compare) {
  constexpr uint64_t kCarry = 0x100;
  constexpr uint64_t kParity = 0x400;
  constexpr uint64_t kZero = 0x4000;
  struct Row {
    Format format;
    bool signal_quiet;
    HostOp host;
  };
  for (const Row& row :
       {Row{Format::Single, true, host_comiss}, Row{Format::Double, true, host_comisd},
        Row{Format::Single, false, host_ucomiss}, Row{Format::Double, false, host_ucomisd}}) {
    const auto call = [row](Env& env, Bits a, Bits b, Bits) -> uint64_t {
      switch (compare(env, row.format, a, b, row.signal_quiet)) {
        case Relation::Less:
          return kCarry;
        case Relation::Equal:
          return kZero;
        case Relation::Greater:
          return 0;
        case Relation::Unordered:
          break;
      }
      return kCarry | kParity | kZero;
    };
    check_binary(row.format, {"compare", row.host, call, 64});
  }
}

TEST(FpHost, RoundToIntegral) {
  struct Row {
    Format format;
    bool exact;
    HostOp host;
  };
  for (const Row& row :
       {Row{Format::Single, true, host_roundss_exact}, Row{Format::Double, true, host_roundsd_exact},
        Row{Format::Single, false, host_roundss}, Row{Format::Double, false, host_roundsd}}) {
    const auto call = [row](Env& env, Bits a, Bits, Bits) {
      return round_to_integral(env, row.format, a, env.mode.rounding, row.exact);
    };
    check_unary(row.format, {row.exact ? "round, exact" : "round", row.host, call, width_of(row.format)});
  }
}

void check_conversion(Format from, Format to, HostOp host) {
  const auto call = [from, to](Env& env, Bits a, Bits, Bits) {
    return convert(env, from, to, a, env.mode.rounding);
  };
  check_unary(from, {"convert", host, call, width_of(to)});
}

TEST(FpHost, ConvertBetweenSingleAndDouble) {
  check_conversion(Format::Single, Format::Double, host_cvtss2sd);
  check_conversion(Format::Double, Format::Single, host_cvtsd2ss);
}

TEST(FpHost, ConvertHalf) {
  if (!__builtin_cpu_supports("f16c")) GTEST_SKIP() << "this CPU has no F16C";
  check_conversion(Format::Half, Format::Single, host_cvtph2ps);
  check_conversion(Format::Single, Format::Half, host_cvtps2ph);
}

TEST(FpHost, ToInteger) {
  struct Row {
    Format from;
    unsigned width;
    bool truncate;
    HostOp host;
  };
  for (const Row& row :
       {Row{Format::Double, 32, false, host_cvtsd2si32}, Row{Format::Single, 32, false, host_cvtss2si32},
        Row{Format::Double, 64, false, host_cvtsd2si64}, Row{Format::Single, 64, false, host_cvtss2si64},
        Row{Format::Double, 32, true, host_cvttsd2si32}, Row{Format::Single, 64, true, host_cvttss2si64}}) {
    const auto call = [row](Env& env, Bits a, Bits, Bits) {
      const Rounding rounding = row.truncate ? Rounding::TowardZero : env.mode.rounding;
      return to_fixed(env, row.from, a, row.width, Signedness::Signed, 0, rounding);
    };
    check_unary(row.from, {"to integer", row.host, call, row.width});
  }
}

TEST(FpHost, FromInteger) {
  struct Row {
    Format to;
    unsigned width;
    HostOp host;
  };
  for (const Row& row :
       {Row{Format::Double, 32, host_cvtsi2sd32}, Row{Format::Double, 64, host_cvtsi2sd64},
        Row{Format::Single, 32, host_cvtsi2ss32}, Row{Format::Single, 64, host_cvtsi2ss64}}) {
    const auto call = [row](Env& env, Bits a, Bits, Bits) {
      return from_fixed(env, row.to, a, row.width, Signedness::Signed, 0, env.mode.rounding);
    };
    Differential op("from integer", row.host, call, width_of(row.to));
    for (const uint64_t value : edge_integers()) {
      if (!op.check(value)) break;
    }
    std::mt19937_64 random(5);
    for (int i = 0; i < kRandomRounds; ++i) {
      const uint64_t raw = random();
      if (!op.check(raw >> (random() & 63))) break;
    }
  }
}

}  // namespace
}  // namespace ferry::ir::fp::test
