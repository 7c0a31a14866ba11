#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "frontend/arm64/decode.h"
#include "tests/decode/differences.h"
#include "tests/decode/llvm_mc.h"
#include "tests/decode/words.h"

namespace ferry::decode_test {
namespace {

using arm64::Feature;
using arm64::Row;

constexpr auto kFeatureCount = static_cast<std::size_t>(Feature::kCount);

/// LLVM's name of a feature that adds instructions to Armv8.0 with Advanced SIMD; empty: part of that, or
/// without instructions of its own (hints and system registers).
std::string llvm_name(Feature feature) {
  switch (feature) {
    case Feature::AES:
    case Feature::PMULL:
      return "+aes";
    case Feature::BF16:
      return "+bf16";
    case Feature::CRC32:
      return "+crc";
    case Feature::CSSC:
      return "+cssc";
    case Feature::DOTPROD:
      return "+dotprod";
    case Feature::FCMA:
      return "+complxnum,+fullfp16";
    case Feature::FHM:
      return "+fp16fml";
    case Feature::FLAGM:
      return "+flagm";
    case Feature::FLAGM2:
      return "+altnzcv";
    case Feature::FP16:
      return "+fullfp16";
    case Feature::FRINTTS:
      return "+fptoint";
    case Feature::HBC:
      return "+hbc";
    case Feature::I8MM:
      return "+i8mm";
    case Feature::JSCVT:
      return "+jsconv";
    case Feature::LOR:
      return "+lor";
    case Feature::LRCPC:
      return "+rcpc";
    case Feature::LRCPC2:
      return "+rcpc-immo";
    case Feature::LRCPC3:
      return "+rcpc3";
    case Feature::LS64:
    case Feature::LS64_ACCDATA:
    case Feature::LS64_V:
      return "+ls64";
    case Feature::LSE:
      return "+lse";
    case Feature::LSE128:
      return "+lse128";
    case Feature::MOPS:
      return "+mops";
    case Feature::MOPS_MTE:
      return "+mops,+mte";
    case Feature::MTE:
      return "+mte";
    case Feature::PAuth:
      return "+pauth";
    case Feature::RDM:
      return "+rdm";
    case Feature::SB:
      return "+sb";
    case Feature::SHA1:
    case Feature::SHA2:
      return "+sha2";
    case Feature::SHA3:
    case Feature::SHA512:
      return "+sha3";
    case Feature::SM3:
    case Feature::SM4:
      return "+sm4";
    case Feature::WFxT:
      return "+wfxt";
    case Feature::XS:
      return "+xs";
    default:
      return "";
  }
}

/// What CPUs without the feature execute as a hint, LLVM shows as one.
bool is_hint(uint32_t word) { return (word & 0xfffff01f) == 0xd503201f; }

/// The feature that a row names is the one without which LLVM refuses its words, and with which alone it
/// takes them.
TEST(Features, AreThoseOfLlvm) {
  constexpr int kPerRow = 100;
  LlvmDisassembler all;
  LlvmDisassembler armv8_0("+el3");
  std::array<std::unique_ptr<LlvmDisassembler>, kFeatureCount> with;
  for (std::size_t i = 0; i < kFeatureCount; ++i) {
    with[i] = std::make_unique<LlvmDisassembler>("+el3," + llvm_name(static_cast<Feature>(i)));
  }
  Random random(7);
  for (const Row& row : arm64::rows()) {
    for (int i = 0; i < kPerRow; ++i) {
      const uint32_t word = random_instance(row.pattern, random);
      const auto same = [&](LlvmDisassembler& llvm) {
        return kind_of({arm64::decode(word), llvm.text(word)}) == Kind::Same;
      };
      if (arm64::decode(word) != &row || is_hint(word) || !same(all)) continue;
      const Feature feature = arm64::required_feature(row, word);
      EXPECT_TRUE(same(*with[static_cast<std::size_t>(feature)]))
          << row.name << " 0x" << std::hex << word << ": needs more than " << arm64::feature_name(feature);
      EXPECT_EQ(same(armv8_0), llvm_name(feature).empty())
          << row.name << " 0x" << std::hex << word << ": " << arm64::feature_name(feature);
    }
  }
}

}  // namespace
}  // namespace ferry::decode_test
