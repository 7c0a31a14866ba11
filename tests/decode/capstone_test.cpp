#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <span>
#include <string>

#include "frontend/arm64/decode.h"
#include "frontend/common/disassembler.h"
#include "tests/decode/mnemonics.h"
#include "tests/decode/words.h"

namespace ferry::decode_test {
namespace {

using arm64::Feature;
using arm64::InsnId;
using arm64::Row;
using frontend::Guest;

/// Whether capstone 4.0 knows the feature: it stops at Armv8.0 with CRC32 and cryptography.
bool capstone_knows(Feature feature) {
  constexpr Feature kKnown[] = {Feature::Base, Feature::FP,    Feature::SIMD, Feature::CRC32,
                                Feature::AES,  Feature::PMULL, Feature::SHA1, Feature::SHA2};
  return std::find(std::begin(kKnown), std::end(kKnown), feature) != std::end(kKnown);
}

/// The field called `letter`, or `fallback` if the row has none.
uint32_t field(const Row& row, uint32_t word, char letter, uint32_t fallback) {
  for (unsigned i = 0; i < row.pattern.field_count; ++i) {
    if (row.pattern.fields[i].letter == letter) return row.pattern.fields[i].extract(word);
  }
  return fallback;
}

/// Allocated words that capstone refuses: the CONSTRAINED UNPREDICTABLE ones (registers of a load or store
/// that are the same, index bits that the manual ignores), UDF, and the PSTATE fields that came after
/// capstone 4.0.
bool capstone_refuses(const Row& row, uint32_t word) {
  constexpr uint32_t kNone = 32;
  const bool memory = (word & 0x0a000000) == 0x08000000;  // Arm ARM C4.1: op0 = x1x0
  const uint32_t rt = field(row, word, 't', kNone);
  const uint32_t rt2 = field(row, word, 'u', kNone);
  const uint32_t rn = field(row, word, 'n', kNone);
  if (memory && (rt == rt2 || rt == rn || rt2 == rn)) return true;
  constexpr InsnId kOthers[] = {InsnId::UDF, InsnId::MSR_imm, InsnId::DUP_gen, InsnId::INS_elt};
  return std::find(std::begin(kOthers), std::end(kOthers), row.id) != std::end(kOthers);
}

/// Unallocated words that capstone shows as system registers with op0 0, which do not exist.
bool capstone_invents(uint32_t word) { return (word & 0xffd80000) == 0xd5000000; }

std::span<const std::byte> bytes_of(const uint32_t& word) { return std::as_bytes(std::span(&word, 1)); }

/// Two decoders that share nothing: what both accept has one name, what capstone accepts ferry accepts, and
/// of what ferry accepts capstone knows the Armv8.0 part.
TEST(Capstone, RandomWords) {
  const frontend::Disassembler capstone(Guest::AArch64);
  std::map<std::string, int> findings;
  std::size_t accepted = 0;
  for (const uint32_t word : random_words(word_budget(1000000), 3)) {
    const Row* row = arm64::decode(word);
    const std::string text = capstone.instruction(0, bytes_of(word));
    std::string kind;
    if (row == nullptr && !text.empty() && !capstone_invents(word)) {
      kind = "not decoded: " + std::string(mnemonic_of(text));
    } else if (row != nullptr && text.empty() && !capstone_refuses(*row, word) &&
               capstone_knows(arm64::required_feature(*row, word))) {
      kind = "decoded too much: " + std::string(row->name);
    } else if (row != nullptr && !text.empty() && !is_mnemonic_of(*row, mnemonic_of(text))) {
      kind = "decoded as " + std::string(row->name);
    }
    accepted += !text.empty();
    if (kind.empty() || findings[kind]++ >= 3) continue;
    char line[160];
    std::snprintf(line, sizeof(line), "%s: 0x%08x, capstone: %s", kind.c_str(), word, text.c_str());
    ADD_FAILURE() << line;
  }
  EXPECT_GT(accepted, 1000u);
}

TEST(Disassembler, ShowsTextOrBytes) {
  const uint32_t add = 0x91000421;
  const uint32_t nonsense = 0xffffffff;
  EXPECT_EQ(frontend::disassemble(Guest::AArch64, 0, bytes_of(add)), "add x1, x1, #1");
  EXPECT_EQ(frontend::disassemble(Guest::AArch64, 0, bytes_of(nonsense)), ".inst 0xffffffff");
  const uint32_t branch = 0x14000002;
  EXPECT_EQ(frontend::disassemble(Guest::AArch64, 0x1000, bytes_of(branch)), "b #0x1008");
  const std::byte ret[] = {std::byte{0xc3}};
  EXPECT_EQ(frontend::disassemble(Guest::X86_64, 0, ret), "ret");
  const std::byte bad[] = {std::byte{0x06}};
  EXPECT_EQ(frontend::disassemble(Guest::X86_64, 0, bad), ".byte 0x06");
}

}  // namespace
}  // namespace ferry::decode_test
