#pragma once

#include <cstdint>

namespace ferry::support {

/// A guest access whose alignment the guest's CPU does not accept; the host's would. C++ code says so in the
/// way that translated code does: an undefined instruction with the address in rax, which the engine's fault
/// handler reports as SIGBUS with BUS_ADRALN. Called where a fault in guest memory is expected.
[[noreturn]] inline void raise_misaligned(uint64_t address) {
  __asm__ volatile("ud2" : : "a"(address) : "memory");
  __builtin_unreachable();
}

/// Whether `bytes` bytes at `address` lie in one aligned block of `block` bytes, a power of two.
constexpr bool lies_within(uint64_t address, uint64_t bytes, uint64_t block) {
  return (address & (block - 1)) + bytes <= block;
}

}  // namespace ferry::support
