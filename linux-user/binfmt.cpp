#include "linux-user/binfmt.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "linux-user/abi/abi.h"

namespace ferry::linux_user {

namespace {

constexpr const char* kDirectory = "/proc/sys/fs/binfmt_misc";
constexpr long kBinfmtMagic = 0x42494e4d;

/// F: the kernel opens ferry now, so that chroots and containers need not hold it. P: the guest's argv[0] is
/// kept. C: set-user-id programs get their credentials (implies O: ferry gets the program opened).
constexpr const char* kFlags = "FPC";

int fail(const std::string& message) {
  std::fprintf(stderr, "ferry: binfmt: %s\n", message.c_str());
  return 1;
}

std::string entry_name() { return "ferry-" + std::string(arm64_abi().machine()); }
std::string entry_path() { return std::string(kDirectory) + "/" + entry_name(); }

bool is_mounted() {
  struct statfs status;
  return ::statfs(kDirectory, &status) == 0 && status.f_type == kBinfmtMagic;
}

/// Writes one string in one call, as these files want it. Answers 0 or errno.
int write_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t put = ::write(fd, text.data(), text.size());
  const int error = put == static_cast<ssize_t>(text.size()) ? 0 : errno;
  ::close(fd);
  return error;
}

/// "\x7f\x45..." as the kernel's parser reads it.
std::string escape(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    char part[8];
    std::snprintf(part, sizeof part, "\\x%02x", byte);
    text += part;
  }
  return text;
}

/// The line that registers `interpreter`: ELF files of the guest's class, byte order and machine, type EXEC
/// or DYN.
std::string registration(const std::string& interpreter) {
  const Abi& abi = arm64_abi();
  unsigned char magic[20] = {0x7f, 'E', 'L', 'F', abi.elf_class(), abi.elf_data(), EV_CURRENT};
  unsigned char mask[20];
  std::memset(mask, 0xff, sizeof mask);
  mask[EI_OSABI] = 0;
  for (size_t i = EI_ABIVERSION; i < EI_NIDENT; ++i) mask[i] = 0;
  magic[16] = ET_EXEC;  // 2, and ET_DYN is 3
  mask[16] = 0xfe;
  magic[18] = static_cast<unsigned char>(abi.elf_machine() & 0xff);
  magic[19] = static_cast<unsigned char>(abi.elf_machine() >> 8);
  return ":" + entry_name() + ":M::" + escape(magic) + ":" + escape(mask) + ":" + interpreter + ":" + kFlags;
}

int install() {
  if (!is_mounted() && ::mount("binfmt_misc", kDirectory, "binfmt_misc", 0, nullptr) != 0) {
    return fail(std::string("binfmt_misc cannot be mounted at ") + kDirectory + ": " + std::strerror(errno) +
                " (root may do it, if the kernel has it)");
  }
  char self[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", self, sizeof self);
  if (length <= 0) return fail("cannot find its own file: is /proc mounted?");
  const std::string interpreter(self, static_cast<size_t>(length));
  if (interpreter.size() > 127 || interpreter.find(':') != interpreter.npos) {
    return fail("'" + interpreter +
                "' cannot be registered: the kernel takes paths of up to 127 characters without a colon");
  }
  (void)write_file(entry_path(), "-1");  // an older registration
  if (const int error = write_file(std::string(kDirectory) + "/register", registration(interpreter));
      error != 0) {
    return fail(std::string("cannot register: ") + std::strerror(error) +
                (error == EACCES || error == EPERM ? " (root may)" : ""));
  }
  std::printf(
      "%s runs %s programs from now on, until the next start of this machine or 'ferry binfmt remove'\n",
      interpreter.c_str(), std::string(arm64_abi().machine()).c_str());
  return 0;
}

int remove_entry() {
  const int error = write_file(entry_path(), "-1");
  if (error == ENOENT) return fail("is not installed");
  if (error != 0)
    return fail(std::string("cannot be removed: ") + std::strerror(error) +
                (error == EACCES ? " (root may)" : ""));
  std::printf("removed\n");
  return 0;
}

int status() {
  const int fd = ::open(entry_path().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    std::printf("not installed\n");
    return 1;
  }
  char text[1024];
  const ssize_t got = ::read(fd, text, sizeof text);
  ::close(fd);
  std::printf("%s:\n%.*s", entry_name().c_str(), static_cast<int>(got > 0 ? got : 0), text);
  return 0;
}

}  // namespace

int binfmt_command(std::span<char* const> words) {
  const std::string_view verb = words.size() == 1 ? words[0] : "";
  if (verb == "install") return install();
  if (verb == "remove") return remove_entry();
  if (verb == "status") return status();
  return fail("wants one of install, remove, status");
}

}  // namespace ferry::linux_user
