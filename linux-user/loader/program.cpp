#include "linux-user/loader/program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "ir/support/bits.h"
#include "linux-user/guest_process.h"
#include "linux-user/loader/elf.h"
#include "linux-user/loader/kernel_view.h"
#include "linux-user/loader/map_image.h"
#include "linux-user/loader/stack.h"
#include "linux-user/loader/vdso.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/paths/guest_path.h"

namespace ferry::linux_user {

namespace {

/// The kernel reads this much of a script's first line (BINPRM_BUF_SIZE).
constexpr size_t kScriptLine = 256;
/// Scripts whose interpreter is a script (fs/exec.c: exec_binprm).
constexpr int kMaxScripts = 5;
/// Where position-independent programs without a stable place go, brk behind them: far from what the kernel
/// places and from ferry.
constexpr uint64_t kProgramBase = 0x550000000000;
/// Main thread's stack: programs may raise RLIMIT_STACK while they run (gcc does), so there is room for that.
constexpr uint64_t kMinStack = uint64_t{64} << 20;
constexpr uint64_t kMaxStack = uint64_t{1} << 30;
/// At least this much is left to the program, however many arguments it gets.
constexpr uint64_t kStackBesidesArguments = uint64_t{64} << 10;

LoadError error_of(const std::string& name, const std::string& what, int exit_status, int number) {
  return {name + " " + what, exit_status, number};
}

LoadError not_opened(const std::string& name, int number) {
  switch (number) {
    case ENOENT:
      return error_of(name, "does not exist (ferry does not search PATH: name the file)", 127, number);
    case ENOTDIR:
      return error_of(name, "does not exist (a part of the path is not a directory)", 127, number);
    case EACCES:
      return error_of(name, "cannot be read: permission denied (ferry must be able to read what it runs)",
                      126, number);
    default:
      return error_of(name, std::string("cannot be opened: ") + std::strerror(number), 126, number);
  }
}

/// Opens `host_path` for execution. Answers a descriptor, or -1 with `error` filled.
int open_program(const std::string& name, const std::string& host_path, LoadError& error) {
  const int fd = ::open(host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    error = not_opened(name, errno);
    return -1;
  }
  struct stat status;
  if (::fstat(fd, &status) != 0) {
    error = not_opened(name, errno);
  } else if (S_ISDIR(status.st_mode)) {
    error = error_of(name, "is a directory", 126, EACCES);
  } else if (!S_ISREG(status.st_mode)) {
    error = error_of(name, "is not a regular file", 126, EACCES);
  } else if (::faccessat(AT_FDCWD, host_path.c_str(), X_OK, AT_EACCESS) != 0) {
    error = error_of(name, "is not executable (chmod +x makes it so)", 126, EACCES);
  } else {
    return fd;
  }
  ::close(fd);
  return -1;
}

std::string absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  char directory[PATH_MAX];
  if (!::getcwd(directory, sizeof directory)) return path;
  std::string_view relative = path;
  while (relative.starts_with("./")) relative.remove_prefix(2);
  return std::string(directory) + (directory[1] ? "/" : "") + std::string(relative);
}

ElfTarget target_of(const Abi& abi) { return {abi.elf_class(), abi.elf_data(), abi.elf_machine()}; }

/// "#!interpreter [argument]" as fs/binfmt_script.c reads it. False: not such a line, or a truncated one.
bool parse_script(std::span<const std::byte> head, ProgramInfo& info) {
  std::string_view line(reinterpret_cast<const char*>(head.data()), std::min(head.size(), kScriptLine));
  if (!line.starts_with("#!")) return false;
  line.remove_prefix(2);
  const size_t end = line.find_first_of(std::string_view("\n\0", 2));
  const bool complete = end != line.npos || head.size() < kScriptLine;
  line = line.substr(0, end);
  constexpr std::string_view kBlank = " \t";
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  if (!complete && line.find_first_of(kBlank) == line.npos)
    return false;  // the interpreter's name is cut off
  while (!line.empty() && kBlank.find(line.back()) != kBlank.npos) line.remove_suffix(1);
  const size_t name_end = std::min(line.find_first_of(kBlank), line.size());
  if (name_end == 0) return false;
  info.kind = ProgramKind::Script;
  info.interpreter = line.substr(0, name_end);
  line.remove_prefix(name_end);
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  info.argument = line;
  return true;
}

void identify_head(std::span<const std::byte> head, const ElfTarget& target, ProgramInfo& info) {
  info = {};
  if (is_elf_for(head, target)) {
    info.kind = ProgramKind::Guest;
  } else {
    parse_script(head, info);
  }
}

/// The first argv and the file: what execve(2) was asked for.
bool open_first(Process& process, Program& program, std::string& name, LoadError& error) {
  const Options& options = process.options;
  HostPath host;
  resolve_path(process, AT_FDCWD, options.program, FollowLast::Yes, host);
  program.host_path = absolute_path(host.path);
  program.exec_path = options.exec_path.empty() ? options.program : options.exec_path;
  name = program.exec_path;
  program.argv.push_back(options.program);
  program.argv.insert(program.argv.end(), options.arguments.begin(), options.arguments.end());
  if (options.preserve_argv0) program.argv.erase(program.argv.begin());
  if (options.has_argv0) program.argv.front() = options.argv0;
  if (options.exec_fd >= 0) {
    program.fd = ::fcntl(options.exec_fd, F_DUPFD_CLOEXEC, 0);
    ::close(options.exec_fd);
    if (program.fd < 0) error = not_opened(name, errno);
  } else {
    program.fd = open_program(name, program.host_path, error);
  }
  return program.fd >= 0;
}

struct Interpreter {
  MappedImage mapped;
  bool present = false;
};

bool map_interpreter(Process& process, const std::string& program_name, const std::string& path,
                     Interpreter& out, LoadError& error) {
  HostPath host;
  resolve_path(process, AT_FDCWD, path, FollowLast::Yes, host);
  const std::string name = program_name + ": its interpreter " + path;
  const int fd = open_program(name, host.path, error);
  if (fd < 0) {
    if (error.error_number == ENOENT) {
      error = error_of(name,
                       process.paths.has_sysroot()
                           ? "does not exist, neither in the sysroot nor on this host"
                           : "does not exist (-L DIR names the root directory with the program's libraries)",
                       127, ENOENT);
    }
    return false;
  }
  const FileSource file(fd);
  const auto image = parse_elf(file, target_of(process.abi));
  const auto mapped = image ? map_image(process.memory, fd, *image, ImageKind::Library, {0})
                            : support::Result<MappedImage>(image.error());
  ::close(fd);
  if (!mapped) {
    error = error_of(name, mapped.error().message, 126, ELIBBAD);
    return false;
  }
  out = {*mapped, true};
  return true;
}

GuestAddr program_hint() {
  // As the kernel: at random, unless the user asked for fixed addresses.
  uint32_t random = 0;
  const int persona = ::personality(0xffffffff);
  if (!(persona & ADDR_NO_RANDOMIZE)) (void)::getrandom(&random, sizeof random, 0);
  return {kProgramBase + (uint64_t{random & 0xfffffff} << 12)};
}

uint64_t stack_size(const Options& options) {
  if (options.stack_bytes) return support::align_up(options.stack_bytes, kElfPageSize);
  rlimit limit{};
  ::getrlimit(RLIMIT_STACK, &limit);
  return support::align_up(std::clamp<uint64_t>(limit.rlim_cur, kMinStack, kMaxStack), kElfPageSize);
}

std::vector<std::pair<uint64_t, uint64_t>> make_auxv(const Abi& abi, const ElfImage& image,
                                                     const MappedImage& mapped,
                                                     const Interpreter& interpreter, GuestAddr vdso) {
  return {
      {AT_SYSINFO_EHDR, vdso.value},
      {AT_HWCAP, abi.hwcap()},
      {AT_PAGESZ, kElfPageSize},
      {AT_CLKTCK, static_cast<uint64_t>(::sysconf(_SC_CLK_TCK))},
      {AT_PHDR, mapped.headers.value},
      {AT_PHENT, kElfHeaderEntrySize},
      {AT_PHNUM, image.header_count},
      {AT_BASE, interpreter.present ? interpreter.mapped.bias : 0},
      {AT_FLAGS, 0},
      {AT_ENTRY, mapped.entry.value},
      {AT_UID, ::getuid()},
      {AT_EUID, ::geteuid()},
      {AT_GID, ::getgid()},
      {AT_EGID, ::getegid()},
      {AT_SECURE, ::getauxval(AT_SECURE)},
      {AT_HWCAP2, abi.hwcap2()},
      {AT_MINSIGSTKSZ, abi.min_signal_stack()},
  };
}

bool make_stack(Process& process, Task& task, const Program& program, const StackContents& contents,
                bool executable, GuestAddr entry, LoadError& error) {
  const uint64_t needed = stack_bytes(contents);
  const uint64_t size = std::max(stack_size(process.options),
                                 support::align_up(2 * needed, kElfPageSize) + kStackBesidesArguments);
  const int protection = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  // One page more, that stays inaccessible: running off the stack is a fault.
  const SysResult result = process.memory.mmap({0}, size + kElfPageSize, PROT_NONE, flags, -1, 0);
  if (result.failed()) {
    error = error_of(program.exec_path,
                     "cannot have its stack of " + std::to_string(size >> 10) + " KiB (see -s)", 126, ENOMEM);
    return false;
  }
  const GuestAddr base{static_cast<uint64_t>(result.value) + kElfPageSize};
  const GuestAddr top = base + size;
  (void)process.memory.mprotect(base, size, protection);
  process.memory.set_kind(base, VmaKind::Stack);
  std::array<std::byte, 16> random;
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    random.fill(std::byte{0});
  std::vector<std::byte> bytes(needed);
  StackLayout layout;
  if (!build_stack(contents, random, top, bytes, layout) ||
      !copy_to_guest({top.value - bytes.size()}, bytes.data(), bytes.size())) {
    error = error_of(program.exec_path, "has too many arguments for its stack", 126, E2BIG);
    return false;
  }
  process.auxv = std::move(layout.auxv);
  process.argv_first = layout.argv_first;
  process.argv_last = layout.argv_last;
  process.environment_first = layout.environment_first;
  process.environment_last = layout.environment_last;
  const bool direct = !process.strace.enabled();
  process.abi.start(task.state(), entry, layout.sp, process.memory_tags.get(),
                    direct ? &make_direct_call : nullptr);
  show_to_kernel(layout);
  return true;
}

/// What ps and pgrep show; the kernel takes it from the file's name, for a script from the script's.
void set_process_name(const std::string& exec_path) {
  const std::string name = exec_path.substr(exec_path.rfind('/') + 1);
  ::prctl(PR_SET_NAME, name.c_str());
}

}  // namespace

SysResult identify_program(const Process& process, int fd, ProgramInfo& info) {
  std::array<std::byte, kScriptLine> head;
  const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
  if (got < 0) return SysResult::error(errno);
  identify_head(std::span(head).first(static_cast<size_t>(got)), target_of(process.abi), info);
  return 0;
}

bool find_program(Process& process, Program& program, LoadError& error) {
  std::string name;
  if (!open_first(process, program, name, error)) return false;
  for (int depth = 0;; ++depth) {
    ProgramInfo info;
    if (const SysResult result = identify_program(process, program.fd, info); result.failed()) {
      error = not_opened(name, result.error_number());
      return false;
    }
    if (info.kind != ProgramKind::Script) {
      program.is_host_program = depth > 0 && info.kind == ProgramKind::Host;
      return true;
    }
    if (depth == kMaxScripts) {
      error = error_of(name, "is a script whose interpreter is a script, too many times over", 126, ELOOP);
      return false;
    }
    ::close(program.fd);
    // argv: interpreter, its one argument, the script as it was named, the arguments.
    if (program.argv.empty()) program.argv.emplace_back();
    program.argv.front() = depth == 0 ? program.exec_path : program.argv.front();
    if (!info.argument.empty()) program.argv.insert(program.argv.begin(), info.argument);
    program.argv.insert(program.argv.begin(), info.interpreter);
    HostPath host;
    resolve_path(process, AT_FDCWD, info.interpreter, FollowLast::Yes, host);
    program.host_path = absolute_path(host.path);
    program.fd = open_program(name + ": its interpreter " + info.interpreter, program.host_path, error);
    if (program.fd < 0) return false;
    name = info.interpreter;
  }
}

bool load_program(Process& process, Task& task, Program& program, LoadError& error) {
  const FileSource file(program.fd);
  const auto image = parse_elf(file, target_of(process.abi));
  const auto mapped = image
                          ? map_image(process.memory, program.fd, *image, ImageKind::Program, program_hint())
                          : support::Result<MappedImage>(image.error());
  ::close(program.fd);
  program.fd = -1;
  if (!mapped) {
    error = error_of(program.exec_path, mapped.error().message, 126, ENOEXEC);
    return false;
  }
  process.memory.set_brk_start(mapped->last);
  Interpreter interpreter;
  if (!image->interpreter.empty() &&
      !map_interpreter(process, program.exec_path, image->interpreter, interpreter, error))
    return false;

  if (const SysResult result = map_vdso(process); result.failed()) {
    error = error_of(program.exec_path, "has no room for the kernel's vDSO", 126, result.error_number());
    return false;
  }

  char canonical[PATH_MAX];
  process.exe_host_path = ::realpath(program.host_path.c_str(), canonical) ? canonical : program.host_path;
  process.exe_guest_path = process.paths.to_guest(process.exe_host_path);
  process.argv = program.argv;
  set_process_name(program.exec_path);

  StackContents contents;
  contents.argv = process.argv;
  contents.environment = process.environment;
  contents.exec_path = program.exec_path;
  contents.platform = process.abi.platform();
  contents.auxv = make_auxv(process.abi, *image, *mapped, interpreter, process.memory.vdso());
  const GuestAddr entry = interpreter.present ? interpreter.mapped.entry : mapped->entry;
  return make_stack(process, task, program, contents, image->executable_stack, entry, error);
}

}  // namespace ferry::linux_user
