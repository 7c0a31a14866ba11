#pragma once

#include <cstdint>

namespace ferry::support {

/// A guest access through a pointer whose tag is not the memory's. C++ code says so as raise_misaligned()
/// does it, by another undefined instruction (UD1), with the address (its tag included) in rax and in rcx
/// whether it is a write; the engine's fault handler reports it as SIGSEGV with SEGV_MTESERR.
[[noreturn]] inline void raise_tag_mismatch(uint64_t address, bool write) {
  __asm__ volatile(".byte 0x0f, 0xb9, 0xc0" : : "a"(address), "c"(uint64_t{write}) : "memory");
  __builtin_unreachable();
}

}  // namespace ferry::support
