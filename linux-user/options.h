#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/engine.h"
#include "ir/support/result.h"

namespace ferry::linux_user {

/// What the command line and the environment ask for.
struct Options {
  std::string sysroot;  ///< absolute, without a slash at its end; empty: none
  /// Changes to the guest's environment, in order: "NAME=VALUE" sets, "NAME" removes.
  std::vector<std::string> environment_changes;
  std::string argv0;  ///< replaces the guest's argv[0] when has_argv0
  bool has_argv0 = false;
  std::string cpu = "max";  ///< MODEL[,FEATURE=on|off]...
  bool strace = false;
  std::string log_file;      ///< for --strace and --dump; empty: standard error
  uint64_t stack_bytes = 0;  ///< 0: RLIMIT_STACK
  bool stats = false;
  bool code_cache = true;  ///< the persistent one
  backend::EngineOptions engine;

  enum class Action : uint8_t { Run, Help, Version, Syscalls, Cpus } action = Action::Run;

  // How binfmt_misc and execve() by ferry itself start programs.
  std::string exec_path;        ///< the program as the guest named it (AT_EXECFN); empty: as `program`
  int exec_fd = -1;             ///< the program, opened already
  bool preserve_argv0 = false;  ///< the first of `arguments` is the guest's argv[0]

  std::string program;                 ///< as given
  std::vector<std::string> arguments;  ///< after the program
};

/// How the kernel started ferry: what it says in the auxiliary vector.
struct StartInfo {
  bool preserve_argv0 = false;  ///< AT_FLAGS has AT_FLAGS_PRESERVE_ARGV0: binfmt_misc with its P flag, no
                                ///< options on the command line
  int exec_fd = -1;             ///< AT_EXECFD: binfmt_misc with its O or C flag
};

/// Reads the environment (FERRY_* and QEMU_*), then the command line (argv[0] included), which wins. An Error
/// is one line.
support::Result<Options> parse_options(std::span<char* const> arguments, std::span<char* const> environment,
                                       const StartInfo& start = {});

/// Command-line words that make another ferry behave like this one: put them after its argv[0]. For execve()
/// of a guest program add "--preserve-argv0", "--exec-path=NAME" (as the guest named it), "--", the file, the
/// guest's argv[0] and its arguments. Changes of the environment are not repeated: they are part of the
/// guest's environment by then.
std::vector<std::string> inherit_arguments(const Options& options);

/// The guest's environment: the host's with environment_changes applied.
std::vector<std::string> guest_environment(const Options& options, std::span<char* const> environment);

std::string help_text();
std::string version_text();

}  // namespace ferry::linux_user
