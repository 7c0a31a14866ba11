#include "frontend/registry.h"

#include "frontend/arm64/arch.h"

namespace ferry::frontend {

const ir::GuestArch* find_guest(std::string_view name) {
  static const arm64::Arch kAArch64;
  return name == "aarch64" ? &kAArch64 : nullptr;
}

}  // namespace ferry::frontend
