#pragma once

#include <string>
#include <vector>

#include "linux-user/guest_task.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// Why a program cannot be started: one line for standard error and the shell's exit status (127 not found,
/// 126 cannot execute).
struct LoadError {
  std::string message;
  int exit_status = 126;
  int error_number = 0;  ///< what execve(2) would answer
};

/// A program found and checked, before anything is mapped.
struct Program {
  int fd = -1;
  std::string host_path;          ///< absolute
  std::vector<std::string> argv;  ///< the guest's, scripts resolved
  std::string exec_path;          ///< AT_EXECFN
  bool is_host_program =
      false;  ///< a script whose interpreter is not the guest's: the host kernel runs host_path with argv
};

/// Finds the program that the process's options name, following "#!" lines. False with `error` filled.
[[nodiscard]] bool find_program(Process& process, Program& program, LoadError& error);

/// Maps the program and its interpreter, builds the stack and sets the task's registers. Fills
/// Process::exe_*, argv, auxv. `program.fd` is closed. False with `error` filled.
[[nodiscard]] bool load_program(Process& process, Task& task, Program& program, LoadError& error);

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
