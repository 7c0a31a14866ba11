#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ir/types.h"

namespace ferry::ir {

/// Index of a row in a StateLayout.
using RegId = uint16_t;

/// One guest register: where it lies in the guest's CPU state and which host register may hold it.
struct StateReg {
  std::string_view name;
  Type type;        ///< I64, I32, I1 (one byte, 0 or 1) or V16I8 (any 128-bit value)
  uint16_t offset;  ///< bytes from the start of the state
  int8_t pin;       ///< index of the host register that holds it in all translated code, or kNoPin
};

inline constexpr int8_t kNoPin = -1;
/// How many guest registers the calling convention of translated code keeps in host registers.
inline constexpr int kPinCount = 8;

/// A guest CPU's registers as data. Rows never overlap.
struct StateLayout {
  std::span<const StateReg> regs;
  uint32_t size;   ///< bytes of the whole state, a multiple of 16
  RegId pc;        ///< the row of the program counter: exact only when translated code has been left
  RegId trap_arg;  ///< an I64 row that carries a trap's operand to the engine
  std::string_view name = "guest";  ///< one word, for the IR's text form
};

}  // namespace ferry::ir
