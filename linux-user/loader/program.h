#pragma once

#include <string>
#include <vector>

#include "linux-user/guest_task.h"

namespace ferry::linux_user {

/// Why a program cannot be started: one line for standard error and the shell's exit status (127 not found, 126 cannot execute).
struct LoadError {
  std::string message;
  int exit_status = 126;
  int error_number = 0;  ///< what execve(2) would answer
};

/// Maps the program named by the process's options with its interpreter, builds its stack and sets the first task's registers.
/// Fills Process::exe_*, argv, auxv.
/// Answers true, or false with `error` filled.
[[nodiscard]] bool load_program(Process& process, Task& task, LoadError& error);

/// What execve(2) needs to know of a file before the old program is given up.
enum class ProgramKind : uint8_t {
  Guest,   ///< an ELF file of the guest's architecture: run it with ferry
  Host,    ///< anything else the host kernel may know: let it decide
  Script,  ///< "#!": `interpreter` and `argument` tell
};
struct ProgramInfo {
  ProgramKind kind = ProgramKind::Host;
  std::string interpreter;  ///< a guest path
  std::string argument;     ///< empty: none
};
/// Looks at the first bytes of an open file. Answers 0 or -errno.
SysResult identify_program(const Process& process, int fd, ProgramInfo& info);

}  // namespace ferry::linux_user
