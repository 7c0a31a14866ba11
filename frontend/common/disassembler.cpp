#include "frontend/common/disassembler.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace ferry::frontend {
namespace {

static_assert(sizeof(csh) == sizeof(std::size_t));

struct Target {
  cs_arch arch;
  cs_mode mode;
};

Target target_of(Guest guest) {
  switch (guest) {
    case Guest::AArch64:
      return {CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN};
    case Guest::Arm:
      return {CS_ARCH_ARM, static_cast<cs_mode>(CS_MODE_ARM | CS_MODE_V8)};
    case Guest::Thumb:
      return {CS_ARCH_ARM, static_cast<cs_mode>(CS_MODE_THUMB | CS_MODE_V8)};
    case Guest::X86_64:
      return {CS_ARCH_X86, CS_MODE_64};
    case Guest::I386:
      return {CS_ARCH_X86, CS_MODE_32};
  }
  return {CS_ARCH_ALL, CS_MODE_LITTLE_ENDIAN};
}

std::string raw_word(std::span<const std::byte> code) {
  uint32_t word = 0;
  std::memcpy(&word, code.data(), sizeof(word));
  char text[24];
  std::snprintf(text, sizeof(text), ".inst 0x%08x", word);
  return text;
}

std::string raw_bytes(std::span<const std::byte> code) {
  constexpr std::size_t kShown = 8;
  std::string text = ".byte";
  for (std::size_t i = 0; i < std::min(code.size(), kShown); ++i) {
    char byte[8];
    std::snprintf(byte, sizeof(byte), "%s 0x%02x", i == 0 ? "" : ",", std::to_integer<unsigned>(code[i]));
    text += byte;
  }
  return text;
}

}  // namespace

Disassembler::Disassembler(Guest guest) {
  const Target target = target_of(guest);
  if (cs_open(target.arch, target.mode, &handle_) != CS_ERR_OK) handle_ = 0;
}

Disassembler::~Disassembler() {
  if (handle_ != 0) cs_close(&handle_);
}

std::string Disassembler::instruction(uint64_t pc, std::span<const std::byte> code) const {
  cs_insn* insn = nullptr;
  const auto* bytes = reinterpret_cast<const uint8_t*>(code.data());
  if (handle_ == 0 || cs_disasm(handle_, bytes, code.size(), pc, 1, &insn) == 0) return {};
  std::string text = insn->mnemonic;
  if (insn->op_str[0] != '\0') text.append(" ").append(insn->op_str);
  cs_free(insn, 1);
  return text;
}

std::string Disassembler::listing(uint64_t pc, std::span<const std::byte> code) const {
  std::string lines;
  cs_insn* insn = handle_ != 0 ? cs_malloc(handle_) : nullptr;
  if (insn == nullptr) return lines;
  const auto* at = reinterpret_cast<const uint8_t*>(code.data());
  for (size_t left = code.size(); left > 0;) {
    if (!cs_disasm_iter(handle_, &at, &left, &pc, insn)) {
      ++at, --left, ++pc;
      continue;
    }
    char line[256];
    std::snprintf(line, sizeof(line), "  %#llx: %s %s\n", static_cast<unsigned long long>(insn->address),
                  insn->mnemonic, insn->op_str);
    lines += line;
  }
  cs_free(insn, 1);
  return lines;
}

std::string disassemble(Guest guest, uint64_t pc, std::span<const std::byte> code) {
  std::string text = Disassembler(guest).instruction(pc, code);
  if (!text.empty()) return text;
  const bool words = guest == Guest::AArch64 || guest == Guest::Arm;
  return words && code.size() >= sizeof(uint32_t) ? raw_word(code) : raw_bytes(code);
}

}  // namespace ferry::frontend
