#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/arm64/decode.h"
#include "tests/decode/llvm_mc.h"
#include "tests/decode/mnemonics.h"
#include "tests/decode/words.h"

namespace ferry::decode_test {
namespace {

using arm64::Row;

/// A kind of word that llvm-mc 19 and the table treat differently on purpose; empty `llvm`: llvm-mc refuses
/// it.
struct Difference {
  uint32_t mask;
  uint32_t value;
  std::string_view llvm;  ///< part of llvm-mc's text
  const char* reason;
};
constexpr Difference kDifferences[] = {
    {0xffd80000, 0xd5000000, " S0_",
     "llvm-mc prints unallocated instructions of the system space as registers with op0 0"},
    {0xfb200c00, 0x19000400, "",
     "memory copy and set with equal registers: a pattern cannot say it, the handlers do"},
    {0xfb200fe0, 0x190007e0, "xzr!", "memory copy of XZR bytes: UNDEFINED in the manual"},
};

bool is_listed(uint32_t word, std::string_view llvm) {
  for (const Difference& d : kDifferences) {
    if ((word & d.mask) != d.value || d.llvm.empty() != llvm.empty()) continue;
    if (llvm.find(d.llvm) != std::string_view::npos) return true;
  }
  return false;
}

/// Differences by kind, so that one wrong row does not print a million lines.
class Findings {
 public:
  void add(const std::string& kind, uint32_t word, const std::string& llvm) {
    if (counts_[kind]++ >= kShown) return;
    char text[160];
    std::snprintf(text, sizeof(text), "%s: 0x%08x, llvm-mc: %s", kind.c_str(), word,
                  llvm.empty() ? "(refused)" : llvm.c_str());
    ADD_FAILURE() << text;
  }

 private:
  static constexpr int kShown = 3;
  std::map<std::string, int> counts_;
};

void compare(std::span<const uint32_t> words) {
  if (!have_llvm_mc()) GTEST_SKIP() << "no llvm-mc-19 was found when the tests were configured";
  const std::vector<std::string> expected = llvm_disassemble(words);
  Findings findings;
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Row* row = arm64::decode(words[i]);
    const std::string& text = expected[i];
    accepted += row != nullptr;
    if (is_listed(words[i], text)) continue;
    if (row == nullptr && !text.empty()) {
      findings.add("not decoded: " + std::string(mnemonic_of(text)), words[i], text);
    } else if (row != nullptr && text.empty()) {
      findings.add("decoded too much: " + std::string(row->name), words[i], text);
    } else if (row != nullptr && !is_mnemonic_of(*row, mnemonic_of(text))) {
      findings.add("decoded as " + std::string(row->name), words[i], text);
    }
  }
  EXPECT_GT(accepted, words.size() / 10) << "the words are not what the test means them to be";
}

TEST(LlvmMc, StratifiedWords) {
  const std::size_t per_row = word_budget(200000) / (2 * arm64::rows().size()) + 1;
  compare(stratified_words(per_row, 1));
}

TEST(LlvmMc, RandomWords) { compare(random_words(word_budget(100000), 2)); }

}  // namespace
}  // namespace ferry::decode_test
