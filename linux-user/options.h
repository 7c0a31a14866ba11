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
  std::string cpu;
  bool strace = false;
  std::string log_file;      ///< for --strace and --dump; empty: standard error
  uint64_t stack_bytes = 0;  ///< 0: RLIMIT_STACK
  bool stats = false;
  backend::EngineOptions engine;

  enum class Action : uint8_t { Run, Help, Version, SyscallTable } action = Action::Run;

  // Set for programs that ferry itself starts again (execve), see inherit_arguments().
  std::string exec_path;    ///< the program as the guest named it (AT_EXECFN) when not empty
  bool preserve_argv0 = false;  ///< the first argument after the program is its argv[0]

  std::string program;              ///< as given
  std::vector<std::string> arguments;  ///< after the program
};

/// Reads the environment (FERRY_* and QEMU_*), then the command line, which wins. `environment` is envp without its null. An Error is one line.
support::Result<Options> parse_options(std::span<char* const> arguments, std::span<char* const> environment);

/// Command-line words that make another ferry behave like this one (execve of a guest program): put them after its argv[0], then
/// "--", the program and its arguments.
std::vector<std::string> inherit_arguments(const Options& options);

/// The guest's environment: the host's with environment_changes applied.
std::vector<std::string> guest_environment(const Options& options, std::span<char* const> environment);

std::string help_text();
std::string version_text();

}  // namespace ferry::linux_user
