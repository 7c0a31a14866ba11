#pragma once

#include <string>
#include <vector>

#include "tests/guest/run_abi.h"

// Case files: one case per line,
//
//   instruction; instruction... | what it starts from => what it changes
//
//   adds w0, w1, w2 | x1=0xffffffff x2=1 => x0=0 nzcv=ZC
//   str x1, [x2], #8 | x1=5 x2=@16 => x2=@24 @16=5
//
// x0 to x30, sp, v0 to v31 (up to 32 hex digits), fpcr, fpsr, nzcv (letters of NZCV, or - for none). @N is
// the address N bytes into the data page; as a name it is the 8 bytes there, @N.S the S bytes (1, 2, 4, 8,
// 16). pc=+N: offset from the first instruction (as a start: from the code page's start, default 0x800). What
// a line does not give starts with a value of its own (see case_file.cpp). What it does not name after "=>"
// must not change; the run ends at the BRK after the last instruction unless the line says pc=, or illegal,
// fault (SIGSEGV or SIGBUS, pc: the instruction) or svc. "NAME=*": any value. "noqemu" among the starts:
// QEMU's user mode rightly does something else, do not ask it. "=> ?": not known yet.

namespace ferry::guest_test {

struct Case {
  unsigned line = 0;
  std::string text;      ///< the line
  std::string assembly;  ///< its first part, instructions separated by ';'
  GuestRun start{};
  GuestRun expected{};
  uint64_t any_x = 0;    ///< bit n: xn may be anything
  bool unknown = false;  ///< "?"
  bool noqemu = false;
};

/// Reads and assembles a case file; a line that cannot be read or assembled is an error (its text is
/// returned).
struct CaseFile {
  std::vector<std::string> lines;  ///< the file as it is
  std::vector<Case> cases;
  std::string error;
};
CaseFile read_case_file(const std::string& path);

/// How `actual` differs from what the case wants, one difference per line; empty: not at all.
std::string differences(const Case& c, const GuestRun& actual);

/// The part after "=>" that describes `actual`.
std::string describe_result(const Case& c, const GuestRun& actual);

}  // namespace ferry::guest_test
