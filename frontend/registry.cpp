#include "frontend/registry.h"

#include "frontend/arm64/arch.h"
#include "frontend/common/disassembler.h"

namespace ferry::frontend {

const ir::GuestArch* find_guest(std::string_view name) {
  static const arm64::Arch kAArch64;
  return name == "aarch64" ? &kAArch64 : nullptr;
}

std::string list_host_code(std::span<const std::byte> code, uint64_t address) {
  return Disassembler(Guest::X86_64).listing(address, code);
}

}  // namespace ferry::frontend
