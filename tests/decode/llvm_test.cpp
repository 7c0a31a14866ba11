#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "frontend/arm64/decode.h"
#include "tests/decode/differences.h"
#include "tests/decode/llvm_mc.h"
#include "tests/decode/mnemonics.h"
#include "tests/decode/words.h"

namespace ferry::decode_test {
namespace {

using arm64::Row;

/// Both decoders, and what they may disagree about.
class Comparison : public testing::Test {
 protected:
  void SetUp() override {
    std::string error;
    differences_ = read_differences(FERRY_DECODE_DIFFERENCES, error);
    ASSERT_EQ(error, "");
  }

  Verdicts verdicts(uint32_t word) { return {arm64::decode(word), llvm_.text(word)}; }

  /// The first difference in the file that covers the word; null: none.
  const Difference* listed(uint32_t word, const Verdicts& verdicts) const {
    const auto found = std::find_if(differences_.begin(), differences_.end(),
                                    [&](const Difference& d) { return d.covers(word, verdicts); });
    return found == differences_.end() ? nullptr : &*found;
  }

  void compare(std::span<const uint32_t> words) {
    for (const uint32_t word : words) {
      const Verdicts v = verdicts(word);
      const Kind kind = kind_of(v);
      accepted_ += v.row != nullptr;
      if (kind != Kind::Same && listed(word, v) == nullptr) report(word, v, kind);
    }
  }

  /// A failure, unless there were enough of its like: one wrong row shall not print a million lines.
  void report(uint32_t word, const Verdicts& v, Kind kind) {
    constexpr int kShown = 3;
    const std::string what = kind == Kind::Absent    ? "not decoded: " + std::string(mnemonic_of(v.llvm))
                             : kind == Kind::Surplus ? "decoded too much: " + std::string(v.row->name)
                                                     : "decoded as " + std::string(v.row->name);
    if (reported_[what]++ >= kShown) return;
    char text[240];
    std::snprintf(text, sizeof(text), "%s: 0x%08x, LLVM: %s", what.c_str(), word,
                  v.llvm.empty() ? "(refused)" : std::string(v.llvm).c_str());
    ADD_FAILURE() << text;
  }

  std::vector<Difference> differences_;
  LlvmDisassembler llvm_;
  std::map<std::string, int> reported_;
  std::size_t accepted_ = 0;
};

constexpr std::size_t kWords = 10'000'000;

TEST_F(Comparison, FieldsAtTheirEdges) {
  Random random(1);
  for (const Row& row : arm64::rows()) {
    accepted_ = 0;
    compare(edge_words(row, random));
    EXPECT_GT(accepted_, 0u) << row.name;
  }
}

/// Hints, barriers, PSTATE, SYS, SYSL, MSR, MRS: a few of their many numbers have names of their own.
TEST_F(Comparison, AllSystemInstructions) {
  std::vector<uint32_t> words(std::size_t{1} << 22);
  std::iota(words.begin(), words.end(), 0xd5000000);
  compare(words);
}

/// All values of bits 31 to 10, which hold nearly all opcodes; below them zeros, ones, and what comes.
TEST_F(Comparison, AllUpperBits) {
  constexpr uint32_t kLower = 0x3ff;
  Random random(6);
  std::vector<uint32_t> words;
  for (uint64_t upper = 0; upper <= UINT32_MAX; upper += kLower + 1) {
    const auto word = static_cast<uint32_t>(upper);
    for (const uint32_t lower : {uint32_t{0}, kLower, static_cast<uint32_t>(random() & kLower)})
      words.push_back(word | lower);
  }
  compare(words);
}

TEST_F(Comparison, NearWords) {
  compare(near_words(word_budget(kWords), 2));
  EXPECT_GT(accepted_, word_budget(kWords) / 10);
}

TEST_F(Comparison, RandomWords) {
  compare(random_words(word_budget(kWords), 3));
  EXPECT_GT(accepted_, word_budget(kWords) / 10);
}

/// A line of differences.txt that has become untrue, or that another hides, goes.
TEST_F(Comparison, ListedDifferencesOccur) {
  constexpr int kTries = 20'000;
  Random random(4);
  for (const Difference& difference : differences_) {
    bool occurs = false;
    for (int i = 0; i < kTries && !occurs; ++i) {
      const uint32_t word = random_instance(difference.pattern, random);
      occurs = listed(word, verdicts(word)) == &difference;
    }
    EXPECT_TRUE(occurs) << FERRY_DECODE_DIFFERENCES << ":" << difference.line << ": no such difference";
  }
}

/// The encodings of SVE (op0 0010) and SME (op0 0000 with bit 31) belong to nothing else (Arm ARM C4.1).
TEST_F(Comparison, NothingOfSveAndSme) {
  Random random(5);
  for (std::size_t i = 0; i < word_budget(kWords) / 10; ++i) {
    const uint32_t word = static_cast<uint32_t>(random());
    const uint32_t sve = (word & ~uint32_t{0x1e000000}) | 0x04000000;
    const uint32_t sme = (word & ~uint32_t{0x1e000000}) | 0x80000000;
    ASSERT_EQ(arm64::decode(sve), nullptr) << std::hex << sve;
    ASSERT_EQ(arm64::decode(sme), nullptr) << std::hex << sme;
  }
}

}  // namespace
}  // namespace ferry::decode_test
