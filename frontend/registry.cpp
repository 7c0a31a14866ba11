#include "frontend/registry.h"

#include <utility>

#include "frontend/arm64/arch.h"
#include "frontend/common/disassembler.h"

namespace ferry::frontend {

const ir::GuestArch* find_guest(std::string_view name) {
  static const arm64::Arch kAArch64;
  return name == "aarch64" ? &kAArch64 : nullptr;
}

support::Result<std::unique_ptr<const ir::GuestArch>> make_guest(std::string_view name,
                                                                 std::string_view cpu) {
  if (name != "aarch64") return support::Error{"was built without " + std::string(name)};
  auto parsed = arm64::Cpu::parse(cpu);
  if (!parsed) return support::Error{parsed.error()};
  return std::unique_ptr<const ir::GuestArch>(std::make_unique<const arm64::Arch>(std::move(*parsed)));
}

std::string list_cpus() { return arm64::list_cpus(); }

std::string list_host_code(std::span<const std::byte> code, uint64_t address) {
  return Disassembler(Guest::X86_64).listing(address, code);
}

}  // namespace ferry::frontend
