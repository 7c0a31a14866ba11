#pragma once

#include <cstdint>

namespace ferry::arm64 {

/// The calls of vdso_calls.def.
enum class VdsoCall : uint32_t {
#define VDSO_CALL(name, number) name,
#include "frontend/arm64/vdso_calls.def"
};

/// The instruction by which code of ferry's vDSO asks for a call: MOVZ XZR, #imm, LSL #48. On a CPU it does
/// nothing. Here it makes the call whose arguments are in X0 and X1 if the host can without its kernel: then
/// X0 is the result and X8, where the number of a system call is, becomes 0. Otherwise it does nothing, too.
/// It depends on no address, so that a copy of the vDSO works like the original (docs/adr/0016-vdso.md).
constexpr uint32_t vdso_call_word(VdsoCall call) {
  constexpr uint32_t kMovzXzr = 0xd2e0001f;
  constexpr uint32_t kFirst = 0xfe00;
  return kMovzXzr | (kFirst + static_cast<uint32_t>(call)) << 5;
}

}  // namespace ferry::arm64
