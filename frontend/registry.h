#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ir/guest_arch.h"

namespace ferry::frontend {

/// The guest architecture called `name` as `uname -m` says it ("aarch64"), or nullptr.
const ir::GuestArch* find_guest(std::string_view name);

/// Disassembly of x86-64 code that lies at `address`, a line per instruction.
std::string list_host_code(std::span<const std::byte> code, uint64_t address);

}  // namespace ferry::frontend
