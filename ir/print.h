#pragma once

#include <string>

#include "ir/function.h"

namespace ferry::ir {

/// The function's text form; parse() reads it back. Values are named by their ValueId, dead instructions are
/// left out.
///
///     function arm64 @0x1000 insts=2 {
///     block0 @0x1000:
///       at 0x1000
///       %1 = get_reg.i64 x0
///       %2 = load.i64 [%1 + 16] bytes=4 signed
///       set_reg x1, %2
///       goto_pc 0x1004
///     }
std::string print(const Function& function);

/// One instruction without indentation and newline. Never fails: what cannot be named is printed as a number.
std::string print_inst(const Function& function, ValueId id);

}  // namespace ferry::ir
