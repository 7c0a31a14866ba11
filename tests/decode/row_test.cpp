#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "frontend/arm64/decode.h"
#include "frontend/arm64/dispatch.h"
#include "tests/decode/words.h"

namespace ferry::decode_test {
namespace {

using arm64::Row;
using frontend::BitPattern;
using frontend::parse_bit_pattern;

TEST(BitPattern, ReadsFixedBitsAndFields) {
  constexpr BitPattern kPattern = parse_bit_pattern("0 ll 10000 iiiiiiiiiiiiiiiiiii ddddd", 32);
  EXPECT_EQ(kPattern.width, 32);
  EXPECT_EQ(kPattern.mask, 0x9f000000u);
  EXPECT_EQ(kPattern.value, 0x10000000u);
  ASSERT_EQ(kPattern.field_count, 3);
  EXPECT_EQ(kPattern.fields[0].extract(0x70000000), 3u);
  EXPECT_EQ(kPattern.fields[1].extract(0x00ffffe0), 0x7ffffu);
  EXPECT_EQ(kPattern.fields[1].width(), 19u);
  EXPECT_EQ(kPattern.fields[2].mask(), 0x1fu);
}

TEST(BitPattern, JoinsTheRunsOfASplitField) {
  constexpr BitPattern kPattern = parse_bit_pattern("b 0110110 bbbbb iiiiiiiiiiiiii ttttt", 32);
  EXPECT_EQ(kPattern.fields[0].run_count, 2);
  EXPECT_EQ(kPattern.fields[0].extract(0x80000000), 32u);
  EXPECT_EQ(kPattern.fields[0].extract(0x80f80000), 63u);
}

TEST(BitPattern, HMeansNotAllZeros) {
  constexpr BitPattern kPattern = parse_bit_pattern("1HH0", 4);
  EXPECT_FALSE(kPattern.matches(0b1000));
  EXPECT_TRUE(kPattern.matches(0b1010));
  EXPECT_FALSE(kPattern.matches(0b1011));
}

TEST(BitPattern, RefusesMalformedText) {
  EXPECT_EQ(parse_bit_pattern("010", 4).width, 0);
  EXPECT_EQ(parse_bit_pattern("01010", 4).width, 0);
  EXPECT_EQ(parse_bit_pattern("01?0", 4).width, 0);
  EXPECT_EQ(parse_bit_pattern("abcdefghi", 9).width, 0) << "nine fields";
  EXPECT_EQ(parse_bit_pattern("a0a0a0a0a", 9).width, 0) << "a field of five runs";
}

TEST(BitPattern, ComparesSets) {
  const BitPattern wide = parse_bit_pattern("1aa0", 4);
  const BitPattern narrow = parse_bit_pattern("1a10", 4);
  const BitPattern nonzero = parse_bit_pattern("1HH0", 4);
  const BitPattern zero = parse_bit_pattern("1000", 4);
  EXPECT_TRUE(narrow.strict_subset_of(wide));
  EXPECT_FALSE(wide.strict_subset_of(narrow));
  EXPECT_FALSE(wide.strict_subset_of(wide));
  EXPECT_TRUE(narrow.strict_subset_of(nonzero));
  EXPECT_TRUE(nonzero.disjoint(zero));
  EXPECT_FALSE(nonzero.disjoint(narrow));
  EXPECT_FALSE(parse_bit_pattern("1a00", 4).strict_subset_of(nonzero));
}

/// Every instance decodes to its row, to a more special one, or lies in a hole; and not all lie in holes.
TEST(Rows, DecodeToThemselves) {
  constexpr int kPerRow = 400;
  Random random(1);
  for (const Row& row : arm64::rows()) {
    int own = 0;
    for (int i = 0; i < kPerRow; ++i) {
      const uint32_t word = random_instance(row.pattern, random);
      const Row* found = arm64::decode(word);
      if (found == &row) ++own;
      if (found == nullptr || found == &row) continue;
      EXPECT_TRUE(found->pattern.strict_subset_of(row.pattern)) << row.name << " became " << found->name;
    }
    EXPECT_GT(own, kPerRow / 10) << row.name;
  }
}

/// The lookup tables agree with a search through all rows for the most special match.
TEST(Rows, LookupAgreesWithLinearSearch) {
  for (const uint32_t word : random_words(20000, 2)) {
    const Row* best = nullptr;
    for (const Row& row : arm64::rows()) {
      if (row.pattern.matches(word) && (best == nullptr || row.pattern.strict_subset_of(best->pattern)))
        best = &row;
    }
    const Row* found = arm64::decode(word);
    if (found == nullptr) continue;  // a hole: the comparison with llvm-mc judges those
    EXPECT_EQ(found, best) << std::hex << word << " " << found->name;
  }
}

TEST(Rows, NamesAreUnique) {
  std::set<std::string> names;
  for (const Row& row : arm64::rows()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST(Decode, WellKnownWords) {
  struct Case {
    uint32_t word;
    const char* name;
  };
  constexpr Case kCases[] = {
      {0x91000421, "ADD_imm"},    {0xd503201f, "NOP"},     {0xd65f03c0, "RET"},     {0xa9bf7bfd, "STP_gen"},
      {0x1e622820, "FADD_float"}, {0x4e228420, "ADD_vec"}, {0x4f000400, "MOVI_32"}, {0x0f080400, "SSHR_vec"},
      {0xd53bd040, "MRS"},        {0xb8e00041, "LDADD"},   {0x4e284841, "AESE"},    {0x00000000, "UDF"},
      {0xf8bfc041, "LDAPR"},      {0x2e00d420, nullptr},   {0xffffffff, nullptr},
  };
  for (const Case& c : kCases) {
    const Row* row = arm64::decode(c.word);
    EXPECT_STREQ(row == nullptr ? "" : row->name, c.name == nullptr ? "" : c.name) << std::hex << c.word;
  }
}

TEST(Decode, HalfPrecisionNeedsItsFeature) {
  const Row& fadd = arm64::row(arm64::InsnId::FADD_float);
  EXPECT_EQ(arm64::required_feature(fadd, 0x1e622820), arm64::Feature::FP);
  EXPECT_EQ(arm64::required_feature(fadd, 0x1ee22820), arm64::Feature::FP16);
  const Row& fcvt = arm64::row(arm64::InsnId::FCVT_float);
  EXPECT_EQ(arm64::required_feature(fcvt, 0x1ee24020), arm64::Feature::FP) << "FCVT from half is Armv8.0's";
  EXPECT_STREQ(arm64::feature_name(arm64::Feature::DOTPROD), "FEAT_DotProd");
}

/// A visitor with handlers for three rows of different arity.
struct Visitor {
  uint32_t sum = 0;
  bool TBZ(uint32_t bit, uint32_t offset, uint32_t rt) {
    sum = bit * 10000 + offset * 100 + rt;
    return false;
  }
  bool NOP() { return true; }
  bool ADD_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t rn, uint32_t rd) {
    sum = sf + sh + imm + rn + rd;
    return true;
  }
};

TEST(Dispatch, PassesFieldsAndOutcome) {
  Visitor visitor;
  const auto run = [&](uint32_t word) { return arm64::dispatch(visitor, *arm64::decode(word), word); };
  EXPECT_EQ(run(0xb6080043), arm64::Outcome::EndBlock);
  EXPECT_EQ(visitor.sum, 33u * 10000 + 2 * 100 + 3);
  EXPECT_EQ(run(0xd503201f), arm64::Outcome::Continue);
  EXPECT_EQ(run(0x91000421), arm64::Outcome::Continue);
  EXPECT_EQ(visitor.sum, 1u + 0 + 1 + 1 + 1);
  EXPECT_EQ(run(0xd65f03c0), arm64::Outcome::Unsupported);
}

TEST(Dispatch, ListsWhatHasNoHandler) {
  constexpr auto kHandled = arm64::handled_rows<Visitor>();
  EXPECT_TRUE(kHandled[static_cast<std::size_t>(arm64::InsnId::TBZ)]);
  EXPECT_FALSE(kHandled[static_cast<std::size_t>(arm64::InsnId::TBNZ)]);
  EXPECT_EQ(std::count(kHandled.begin(), kHandled.end(), true), 3);
}

}  // namespace
}  // namespace ferry::decode_test
