#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ir/guest_arch.h"
#include "ir/support/result.h"

namespace ferry::frontend {

/// The guest architecture called `name` as `uname -m` says it ("aarch64"), or nullptr; its CPU has all that
/// ferry implements.
const ir::GuestArch* find_guest(std::string_view name);

/// The same with the CPU that `--cpu` names. An Error says what is wrong with either name.
support::Result<std::unique_ptr<const ir::GuestArch>> make_guest(std::string_view name, std::string_view cpu);

/// The CPUs of all guests, as `--cpu help` prints them.
std::string list_cpus();

/// Disassembly of x86-64 code that lies at `address`, a line per instruction.
std::string list_host_code(std::span<const std::byte> code, uint64_t address);

}  // namespace ferry::frontend
