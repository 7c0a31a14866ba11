#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "linux-user/abi/syscall_table.h"

namespace ferry::linux_user {

/// Whether a row may use this word in its argument list.
bool is_strace_word(std::string_view word);

/// Prints system calls for --strace, one line each: "[tid] openat(AT_FDCWD, "/etc/passwd",
/// O_RDONLY|O_CLOEXEC) = 3". The words of a row's argument list choose how each argument is printed; X-macro
/// list in strace_formats.def.
class Strace {
 public:
  /// Prints to `fd` from now on.
  void start(int fd) { fd_ = fd; }
  bool enabled() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  /// The arguments of a call, formatted before it runs (afterwards strings may be gone).
  std::string format_call(const SyscallRow& row, const SyscallArgs& args) const;
  /// One line. `call` is format_call()'s.
  void print(pid_t tid, const std::string& call, SysResult result) const;
  /// One line of another kind: "--- SIGSEGV ... ---", "+++ exited with 1 +++".
  void note(pid_t tid, const std::string& text) const;

 private:
  int fd_ = -1;
};

}  // namespace ferry::linux_user
