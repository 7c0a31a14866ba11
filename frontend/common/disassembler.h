#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ferry::frontend {

/// The instruction sets that can be disassembled.
enum class Guest : uint8_t { AArch64, Arm, Thumb, X86_64, I386 };

/// Turns machine code into text for dumps, logs and tests. Not for translation: it knows fewer instructions
/// than ferry does. An object serves one thread at a time.
class Disassembler {
 public:
  explicit Disassembler(Guest guest);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  /// The first instruction of `code`, which lies at `pc`, e.g. "add x0, x1, #1"; an empty string if its bytes
  /// are not an instruction that the library knows.
  std::string instruction(uint64_t pc, std::span<const std::byte> code) const;

  /// All instructions of `code`, each on a line with its address; bytes that are none are left out one by
  /// one.
  std::string listing(uint64_t pc, std::span<const std::byte> code) const;

 private:
  std::size_t handle_ = 0;
};

/// The first instruction of `code`, which lies at `pc`; unknown ones become ".inst 0x..." (A64, A32) or
/// ".byte".
std::string disassemble(Guest guest, uint64_t pc, std::span<const std::byte> code);

}  // namespace ferry::frontend
