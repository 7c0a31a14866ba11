#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace ferry::decode_test {

/// LLVM's AArch64 disassembler.
class LlvmDisassembler {
 public:
  /// `features` as llvm-mc's -mattr; "+all": every feature that LLVM knows.
  explicit LlvmDisassembler(const std::string& features = "+all");
  ~LlvmDisassembler();
  LlvmDisassembler(const LlvmDisassembler&) = delete;
  LlvmDisassembler& operator=(const LlvmDisassembler&) = delete;

  /// The text of `word`, e.g. "add x0, x1, x2", valid until the next call; empty where LLVM finds no
  /// instruction. Words that it calls unpredictable have a text.
  const std::string& text(uint32_t word);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::string text_;
};

}  // namespace ferry::decode_test
