#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ir/types.h"

namespace ferry::ir {

/// What a helper may do besides computing its result.
enum class HelperEffect : uint8_t {
  Pure,     ///< depends on its arguments alone
  FpFlags,  ///< as Pure, and accumulates FP exception flags in the state it is given
  State,    ///< reads and writes any guest register in memory
  Memory,   ///< reads and writes guest memory and state; may fault at the current guest instruction
};

using HelperId = uint16_t;

/// A C function (System V calling convention, no exceptions) that translated code calls. Arguments: the state
/// pointer first where `takes_state`, then `args` in order; i1 to i64 in general registers (zero-extended),
/// floats and vectors in vector registers.
struct HelperInfo {
  std::string_view name;
  void (*function)();
  Type result;
  bool takes_state;
  HelperEffect effect;
  uint8_t arg_count;
  std::array<Type, 6> args;
};

}  // namespace ferry::ir
