#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ferry::backend {

/// A host instruction with a memory operand, decoded as far as it takes to run it with another address.
struct HostAccess {
  uint8_t length = 0;        ///< of the whole instruction
  uint8_t modrm_at = 0;      ///< offset of the ModRM byte
  uint8_t operand_size = 0;  ///< bytes of ModRM, SIB and displacement
  int8_t rex_at = -1;        ///< offset of a REX prefix
  int8_t vex_at = -1;        ///< offset of a VEX prefix
  int8_t base = -1;          ///< x86-64 encodings of the address's registers; -1: none
  int8_t index = -1;
  uint8_t scale = 0;
  int32_t disp = 0;
  uint8_t other_regs[2] = {};  ///< registers that the other operands may be

  uint64_t address(std::span<const uint64_t, 16> registers) const {
    uint64_t at = static_cast<uint64_t>(int64_t{disp});
    if (base >= 0) at += registers[static_cast<size_t>(base)];
    if (index >= 0) at += registers[static_cast<size_t>(index)] << scale;
    return at;
  }
};

/// Decodes the instruction at `code`, of the kinds that compilers emit for loads, stores and atomics (Intel
/// SDM volume 2, 2.1 to 2.3). False: it is another kind, or has no memory operand. Async-signal-safe.
bool decode_host_access(const uint8_t* code, HostAccess& out);

/// Bytes that relocate_host_access() needs.
inline constexpr size_t kRelocatedBytes = 64;

/// Writes to `to` the instruction that `access` was decoded from, at `code`, with its address taken from one
/// register; then gives that register back its value `registers[...]` and continues behind the original.
/// Returns the register's encoding: it must hold the address when `to` is jumped to. Async-signal-safe.
unsigned relocate_host_access(const uint8_t* code, const HostAccess& access,
                              std::span<const uint64_t, 16> registers, std::byte* to);

}  // namespace ferry::backend
