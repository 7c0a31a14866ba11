// Case files: what IR means, what passes make of it, and what the verifier says to it, as text.
//
//     case NAME                      begins a case
//     function toy @0x1000 { ... }   the IR (ir/print.h); up to the line that is `}`
//     run BEFORE => AFTER            registers before => registers after; any number of lines
//     pass NAME...                   runs these passes (pipeline.def) on the function ...
//     expect                         ... and demands the function that follows
//     error RULE                     demands that the verifier finds this rule broken (verify_rules.def)
//
// BEFORE and AFTER are words `place=value`. Places: a register; `[offset:bytes]`, a cell of a 4 KiB buffer,
// zero at the start; before only: `rounding`; after only: `fp` (exceptions raised, joined by +), and how the
// function was left: `goto`, `indirect`, `call`, `call_indirect`, `ret`, `trap` (`call=TARGET,RETURN`,
// `trap=KIND,RESUME`). Registers and memory that AFTER does not name must be as before, no FP exception
// raised, and goto=0x2000. Values: a number, `mem+N` (the buffer's address), or lanes from lane 0 on:
// `i32:1,-2,0x3`, `f64:1.5`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/function.h"
#include "ir/support/result.h"

namespace ferry::ir_test {

struct RunLine {
  std::string text;
  unsigned line;
};

struct Case {
  std::string name;
  std::string file;
  unsigned line;
  std::vector<ir::Function> functions = {};
  std::vector<RunLine> runs = {};
  std::vector<std::string> passes = {};
  std::string error_rule = {};
};

/// Parses a function of the toy guest.
support::Result<ir::Function> parse_toy(std::string_view text, unsigned first_line = 1);

/// Reads a case file; errors name file and line.
support::Result<std::vector<Case>> read_cases(const std::string& path);

/// The case files (*.ir) of a folder below tests/ir, sorted.
std::vector<std::string> case_files(std::string_view folder);

}  // namespace ferry::ir_test
