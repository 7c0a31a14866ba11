#include "linux-user/process/exec.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>
#include <utility>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/loader/elf.h"
#include "linux-user/loader/program.h"
#include "linux-user/signal/host_signals.h"

namespace ferry::linux_user {
namespace {

/// Scripts whose interpreter is a script (fs/exec.c, exec_binprm).
constexpr int kMaxScripts = 5;
/// The kernel's limit for all strings and pointers together (fs/exec.c, bprm_stack_limits: 3/4 of _STK_LIM).
constexpr size_t kMaxArgumentBytes = 6u << 20;

class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() { reset(-1); }
  OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int fd_ = -1;
};

/// do_open_execat(): a regular file that may be executed. Answers 0 or -errno.
SysResult open_executable(const HostPath& path, int flags, OpenFile& out) {
  const int follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
  // An empty path names the descriptor itself, which may be without a name (memfd_create) or opened with
  // O_PATH.
  OpenFile file(
      path.path.empty()
          ? ::open(("/proc/self/fd/" + std::to_string(path.dirfd)).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
          : ::openat(path.dirfd, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | follow));
  if (file.fd() < 0) return SysResult::error(errno == ENXIO ? EACCES : errno);
  struct stat status;
  struct statvfs mount;
  if (::fstat(file.fd(), &status) != 0) return SysResult::error(errno);
  if (!S_ISREG(status.st_mode)) return SysResult::error(EACCES);
  if (::fstatvfs(file.fd(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0) return SysResult::error(EACCES);
  if (::faccessat(file.fd(), "", X_OK, AT_EACCESS | AT_EMPTY_PATH) != 0) return SysResult::error(EACCES);
  out = std::move(file);
  return 0;
}

ElfTarget target_of(const Abi& abi) { return {abi.elf_class(), abi.elf_data(), abi.elf_machine()}; }

/// Whether the ELF file of the guest's architecture can be loaded, its interpreter included.
SysResult check_guest_elf(const Task& task, const OpenFile& file) {
  const ElfTarget target = target_of(task.process.abi);
  const auto image = parse_elf(FileSource(file.fd()), target);
  if (!image) return SysResult::error(ENOEXEC);
  if (image->interpreter.empty()) return 0;
  HostPath path;
  resolve_path(task, AT_FDCWD, image->interpreter, FollowLast::Yes, path);
  OpenFile interpreter;
  if (const SysResult result = open_executable(path, 0, interpreter); result.failed()) return result;
  return parse_elf(FileSource(interpreter.fd()), target) ? SysResult{0} : SysResult::error(ELIBBAD);
}

/// Follows "#!" lines to the program that really runs and checks each. Answers 0 or -errno; `kind` is the
/// first file's.
SysResult check_program(const Task& task, OpenFile file, ProgramKind& kind) {
  for (int depth = 0;; ++depth) {
    ProgramInfo info;
    if (const SysResult result = identify_program(task.process, file.fd(), info); result.failed())
      return result;
    if (depth == 0) kind = info.kind;
    switch (info.kind) {
      case ProgramKind::Guest:
        return check_guest_elf(task, file);
      case ProgramKind::Host:
        // The host's kernel says itself what it thinks of the first file; a script's interpreter must be
        // checked here.
        return depth == 0 || is_elf(FileSource(file.fd()).head()) ? SysResult{0} : SysResult::error(ENOEXEC);
      case ProgramKind::Script:
        break;
    }
    if (depth == kMaxScripts) return SysResult::error(ELOOP);
    HostPath path;
    resolve_path(task, AT_FDCWD, info.interpreter, FollowLast::Yes, path);
    if (const SysResult result = open_executable(path, 0, file); result.failed()) return result;
  }
}

/// The guest's argv or envp as pointers, without the null.
SysResult read_pointers(const Task& task, GuestAddr address, std::vector<uint64_t>& out) {
  if (address.value == 0) return 0;
  for (Ptr<uint64_t> next{address};; next = next.element(1)) {
    uint64_t pointer = 0;
    if (!next.read(pointer)) return SysResult::error(EFAULT);
    if (pointer == 0) return 0;
    if (out.size() * sizeof(uint64_t) >= kMaxArgumentBytes) return SysResult::error(E2BIG);
    out.push_back(untagged(task, GuestAddr{pointer}).value);
  }
}

/// bprm->filename: how the program was named.
std::string name_of(const ExecRequest& request, const std::string& path) {
  if (request.dirfd == AT_FDCWD || path.starts_with('/')) return path;
  return "/dev/fd/" + std::to_string(request.dirfd) + (path.empty() ? "" : "/" + path);
}

std::string full_path(const HostPath& path) {
  if (path.path.starts_with('/') || path.dirfd == AT_FDCWD) return path.path;
  return fd_host_path(path.dirfd) + (path.path.empty() ? "" : "/" + path.path);
}

SysResult read_path(const ExecRequest& request, std::string& path) {
  std::array<char, PATH_MAX> text;
  const int64_t length = copy_string_from_guest(text.data(), request.path, text.size());
  if (length < 0) return length;
  path.assign(text.data(), static_cast<size_t>(length));
  return path.empty() && (request.flags & AT_EMPTY_PATH) == 0 ? SysResult::error(ENOENT) : SysResult{0};
}

/// A name that means something else, or nothing, to the new ferry: the descriptor itself, or a link of the
/// process's own in /proc. The file that it names now is handed over as a descriptor.
bool is_fleeting(const ExecRequest& request, const std::string& path) {
  const bool absolute = path.starts_with('/');
  const std::string full = absolute || path.empty() ? path : fd_host_path(request.dirfd) + "/" + path;
  return full.empty() || full.starts_with("/proc/") || full.starts_with("/dev/fd/");
}

/// What the new ferry is told to run.
std::string program_word(const Task& task, const ExecRequest& request, const std::string& path,
                         const ExecImage& image) {
  if (image.program_fd >= 0) return paths_of(task).to_guest(fd_host_path(image.program_fd));
  const bool relative_to_fd = request.dirfd != AT_FDCWD && !path.starts_with('/');
  return path.empty() || relative_to_fd ? full_path(image.program) : path;
}

/// --sysroot= and its kin for the new ferry. After chroot(2) its folder is out of reach.
void add_inherited_arguments(const Task& task, std::vector<std::string>& words) {
  constexpr std::string_view kSysroot = "--sysroot=";
  for (std::string& word : inherit_arguments(task.process.options)) {
    const bool lost = !paths_of(task).has_sysroot() && word.starts_with(kSysroot);
    words.push_back(lost ? std::string(kSysroot) + "/" : std::move(word));
  }
}

/// argv of a ferry that runs the guest's program.
SysResult build_ferry_argv(const Task& task, const ExecRequest& request, const std::string& path,
                           ExecImage& image) {
  std::vector<uint64_t> guest_argv;
  if (const SysResult result = read_pointers(task, request.argv, guest_argv); result.failed()) return result;
  image.words.emplace_back("ferry");
  add_inherited_arguments(task, image.words);
  image.words.emplace_back("--preserve-argv0");
  image.words.push_back("--exec-path=" + name_of(request, path));
  if (image.program_fd >= 0) image.words.push_back("--exec-fd=" + std::to_string(image.program_fd));
  image.words.emplace_back("--");
  image.words.push_back(program_word(task, request, path, image));
  if (guest_argv.empty()) image.words.emplace_back();  // the kernel makes an empty argv[0], too
  for (const std::string& word : image.words) image.argv.push_back(reinterpret_cast<uint64_t>(word.c_str()));
  image.argv.insert(image.argv.end(), guest_argv.begin(), guest_argv.end());
  image.argv.push_back(0);
  return 0;
}

/// What a host program gets, and the environment of all: the guest's own lists, or copies without tags.
SysResult take_lists(const Task& task, const ExecRequest& request, ExecImage& image) {
  image.host_argv = request.argv.value;
  image.envp = request.envp.value;
  if (!ignores_tags(task)) return 0;
  const auto copy = [&](GuestAddr list, std::vector<uint64_t>& into, uint64_t& address) {
    const SysResult result = read_pointers(task, list, into);
    into.push_back(0);
    if (address != 0) address = reinterpret_cast<uint64_t>(into.data());
    return result;
  };
  const SysResult result = copy(request.argv, image.plain_argv, image.host_argv);
  return result.failed() ? result : copy(request.envp, image.plain_envp, image.envp);
}

SysResult prepare(Task& task, const ExecRequest& request, ExecImage& image) {
  constexpr int kKnownFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
  if ((request.flags & ~kKnownFlags) != 0) return SysResult::error(EINVAL);
  std::string path;
  if (const SysResult result = read_path(request, path); result.failed()) return result;
  const FollowLast follow = (request.flags & AT_SYMLINK_NOFOLLOW) != 0 ? FollowLast::No : FollowLast::Yes;
  resolve_path(task, request.dirfd, path, follow, image.program);
  image.flags = request.flags;
  if (const SysResult result = take_lists(task, request, image); result.failed()) return result;
  OpenFile file;
  if (const SysResult result = open_executable(image.program, request.flags, file); result.failed())
    return result;
  // A descriptor that execve will close cannot be opened by a script's interpreter (fs/binfmt_script.c).
  const bool closes = path.empty() && (::fcntl(request.dirfd, F_GETFD) & FD_CLOEXEC) != 0;
  const int own_fd = is_fleeting(request, path) ? ::fcntl(file.fd(), F_DUPFD, 0) : -1;
  OpenFile handed_over(own_fd);
  ProgramKind kind = ProgramKind::Host;
  if (const SysResult result = check_program(task, std::move(file), kind); result.failed()) return result;
  if (kind == ProgramKind::Host) return 0;
  if (kind == ProgramKind::Script && closes) return SysResult::error(ENOENT);
  image.through_ferry = true;
  if (kind == ProgramKind::Guest) image.program_fd = handed_over.release();
  return build_ferry_argv(task, request,
                          kind == ProgramKind::Script && path.empty() ? name_of(request, path) : path, image);
}

/// A signal that comes before the call takes effect runs its handler in the old program, and the call is made
/// again.
int64_t call_exec(const Task& task, int dirfd, const char* path, const ExecImage& image, uint64_t argv,
                  int flags) {
  return safe_syscall(task.signals.pending, SYS_execveat, static_cast<uint64_t>(dirfd),
                      reinterpret_cast<uint64_t>(path), argv, image.envp, static_cast<uint64_t>(flags));
}

int64_t execute(const Task& task, const ExecImage& image) {
  if (!image.through_ferry)
    return call_exec(task, image.program.dirfd, image.program.c_str(), image, image.host_argv, image.flags);
  const auto argv = reinterpret_cast<uint64_t>(image.argv.data());
  const int64_t result = call_exec(task, AT_FDCWD, "/proc/self/exe", image, argv, 0);
  const bool unseen = result == -ENOENT || result == -EACCES || result == -ENOTDIR;
  if (!unseen) return result;
  if (task.process.own_executable_fd >= 0)
    return call_exec(task, task.process.own_executable_fd, "", image, argv, AT_EMPTY_PATH);
  // Started without /proc, ferry cannot find itself: the kernel can, if binfmt_misc knows us.
  return call_exec(task, image.program.dirfd, image.program.c_str(), image, image.host_argv, image.flags);
}

}  // namespace

void remember_own_executable(Process& process) {
  const int fd = ::open("/proc/self/exe", O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  // Out of the way of programs that count on small numbers.
  constexpr rlim_t kHighest = 1023;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t number = std::min(kHighest, limit.rlim_cur - 1);
  process.own_executable_fd = ::fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(number));
  ::close(fd);
}

SysResult exec_program(Task& task, const ExecRequest& request) {
  task.exec_image = std::make_shared<ExecImage>();
  ExecImage& image = *task.exec_image;
  SysResult result = prepare(task, request, image);
  if (!result.failed()) {
    const BlocksHostFaults mask_of_new_program(task, task.signals.mask);
    task.process.engine->save_code();
    hand_ignored_to_kernel(task);
    result = execute(task, image);
    take_ignored_back(task);
  }
  if (image.program_fd >= 0) ::close(image.program_fd);
  task.exec_image.reset();
  return result;
}

}  // namespace ferry::linux_user
