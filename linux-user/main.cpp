#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "frontend/registry.h"
#include "linux-user/binfmt.h"
#include "linux-user/cache.h"
#include "linux-user/guest_process.h"
#include "linux-user/loader/program.h"
#include "linux-user/process/exec.h"
#include "linux-user/report.h"
#include "linux-user/signal/signals.h"
#include "linux-user/thread/clone.h"
#include "linux-user/warm_start.h"

namespace ferry::linux_user {

namespace {

/// Exit status when ferry itself fails, as env(1), timeout(1) and their like use it.
constexpr int kFerryFailed = 125;

int fail(const std::string& message, int status) {
  std::fprintf(stderr, "ferry: %s\n", message.c_str());
  return status;
}

void write_out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// AT_FLAGS_PRESERVE_ARGV0 of include/uapi/linux/binfmts.h.
constexpr uint64_t kPreserveArgv0 = 1;

StartInfo start_info() {
  StartInfo info;
  info.preserve_argv0 = (::getauxval(AT_FLAGS) & kPreserveArgv0) != 0;
  errno = 0;
  const uint64_t fd = ::getauxval(AT_EXECFD);
  if (errno == 0) info.exec_fd = static_cast<int>(fd);
  return info;
}

/// Where --strace and --stats print: a descriptor of our own, since programs close standard error, out of the
/// way of those that count on small numbers. Negative: `problem` says why.
int open_log(const Options& options, std::string& problem) {
  constexpr int kOutOfTheWay = 900;
  const std::string& path = options.log_file;
  if (path.empty() && !options.strace && !options.stats) return STDERR_FILENO;
  const int fd =
      path.empty() ? STDERR_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int high = fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay);
  if (high < 0) {
    if (path.empty() || fd >= 0) return fd;
    problem = "cannot write to " + path + ": " + std::strerror(errno);
    return -1;
  }
  if (fd != STDERR_FILENO) ::close(fd);
  return high;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// A script that names an interpreter of the host.
int run_host_program(const Process& process, const Program& program) {
  ::close(program.fd);
  ::execve(program.host_path.c_str(), pointers(program.argv).data(), pointers(process.environment).data());
  return fail(program.exec_path + " cannot be executed: its interpreter " + program.host_path + ": " +
                  std::strerror(errno),
              126);
}

/// Where address space is limited, most of it is left to the program. A code cache and its index reserve two
/// and a half times its size.
uint64_t fitting_code_bytes(uint64_t wanted) {
  constexpr uint64_t kShare = 16;
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  return std::min<uint64_t>(wanted, limit.rlim_cur / kShare);
}

/// Whether this is the inside of an image under construction: a container, or a chroot.
bool in_image() {
  struct stat root, first;
  if (::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0) return true;
  if (::geteuid() != 0) return false;
  return ::stat("/", &root) != 0 || ::stat("/proc/1/root/", &first) != 0 || root.st_dev != first.st_dev ||
         root.st_ino != first.st_ino;
}

/// A program with the rights of another user neither trusts nor changes the caller's code cache, an image
/// does not get one that nobody asked for, and who wants to see translations wants them made.
bool may_use_code_cache(const Options& options, const std::string& directory) {
  if (!options.code_cache || ::getauxval(AT_SECURE) != 0 || !options.engine.dump.empty()) return false;
  const bool asked_for = !options.engine.code_directory.empty();
  return asked_for || ::access(directory.c_str(), F_OK) == 0 || !in_image();
}

/// Starts the guest's program on this thread; answers an exit status only if that fails.
int run_guest(Process& process, Program& program) {
  backend::EngineOptions engine_options = cached_engine_options(process.options);
  engine_options.access = &process.memory;
  engine_options.code_bytes = fitting_code_bytes(engine_options.code_bytes);
  if (!may_use_code_cache(process.options, engine_options.code_directory))
    engine_options.code_directory.clear();
  engine_options.list_host_code = &frontend::list_host_code;
#ifdef FERRY_LLVM
  engine_options.llvm = backend::make_llvm_codegen;
#endif
  auto engine = backend::Engine::create(process.arch, engine_options);
  if (!engine) return fail(engine.error().message, kFerryFailed);
  process.engine = std::move(*engine);
  process.memory.set_engine(process.engine.get());
  process.memory.set_stable_placement(process.options.code_cache);
  remember_own_executable(process);

  auto* task = new Task(process);  // lives as long as the process, whose end this thread is
  auto cpu = process.engine->create_cpu();
  if (!cpu) return fail(cpu.error().message, kFerryFailed);
  task->cpu = std::move(*cpu);
  task->tid = ::gettid();
  start_signals(*task);
  LoadError error;
  if (!load_program(process, *task, program, error)) return fail(error.message, error.exit_status);
  run_task(*task);
  end_task(*task);
  return task->exit_status;
}

int run(Options options, std::span<char* const> environment) {
  std::string problem;
  const int log_fd = open_log(options, problem);
  if (log_fd < 0) return fail(problem, kFerryFailed);
  auto abi = make_arm64_abi(options.cpu);
  if (!abi) return fail("--cpu " + abi.error().message, kFerryFailed);
  auto arch = frontend::make_guest((*abi)->machine(), options.cpu);
  if (!arch) return fail(arch.error().message, kFerryFailed);
  // Threads use it until the very end.
  auto* process = new Process(std::move(options), std::move(*abi), std::move(*arch));
  process->environment = guest_environment(process->options, environment);
  process->log_fd = log_fd;
  if (process->options.strace) process->strace.start(log_fd);
  if (process->options.stats) process->stats.start_counting();
  Program program;
  LoadError error;
  if (!find_program(*process, program, error)) return fail(error.message, error.exit_status);
  return program.is_host_program ? run_host_program(*process, program) : run_guest(*process, program);
}

int ferry_main(std::span<char* const> arguments, std::span<char* const> environment) {
  const StartInfo start = start_info();
  if (!start.preserve_argv0 && arguments.size() >= 2) {
    if (std::strcmp(arguments[1], "binfmt") == 0) return binfmt_command(arguments.subspan(2));
    if (std::strcmp(arguments[1], "cache") == 0) return cache_command(arguments.subspan(1), environment);
  }
  auto options = parse_options(arguments, environment, start);
  if (!options) return fail(options.error().message, kFerryFailed);
  switch (options->action) {
    case Options::Action::Help:
      write_out(help_text());
      return 0;
    case Options::Action::Version:
      write_out(version_text());
      return 0;
    case Options::Action::Cpus:
      write_out(frontend::list_cpus());
      return 0;
    case Options::Action::Syscalls:
      write_out(syscalls_report(arm64_abi()));
      return 0;
    case Options::Action::Run:
      warm_start();
      return run(std::move(*options), environment);
  }
  return kFerryFailed;
}

}  // namespace
}  // namespace ferry::linux_user

int main(int argc, char** argv, char** envp) {
  size_t variables = 0;
  while (envp[variables]) ++variables;
  return ferry::linux_user::ferry_main({argv, static_cast<size_t>(argc)}, {envp, variables});
}
