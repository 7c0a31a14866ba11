#pragma once

#include <string>

#include "tests/ir/case_file.h"
#include "tests/ir/ir_engine.h"

namespace ferry::ir_test {

/// Runs `function` on `engine` as `line` says (tests/ir/case_file.h). Returns what is wrong, empty when
/// nothing is.
std::string check_run(IrEngine& engine, const ir::Function& function, const RunLine& line);

}  // namespace ferry::ir_test
