#include "linux-user/strace.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <span>

#include "linux-user/abi/arm64/open_flags.h"
#include "linux-user/mm/guest_copy.h"

namespace ferry::linux_user {

namespace {

constexpr size_t kStringShown = 64;
constexpr size_t kListShown = 16;

std::string number(const char* format, uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, format, static_cast<unsigned long>(value));
  return text;
}

std::string format_int(uint64_t v) { return std::to_string(static_cast<int32_t>(v)); }
std::string format_uint(uint64_t v) { return std::to_string(static_cast<uint32_t>(v)); }
std::string format_long(uint64_t v) { return std::to_string(static_cast<int64_t>(v)); }
std::string format_uint_long(uint64_t v) { return std::to_string(v); }
std::string format_hex(uint64_t v) { return number("0x%lx", v); }
std::string format_octal(uint64_t v) { return number("0%lo", v & 0xffffffff); }
std::string format_pointer(uint64_t v) { return v == 0 ? "NULL" : format_hex(v); }

std::string format_dirfd(uint64_t v) {
  return static_cast<int32_t>(v) == AT_FDCWD ? "AT_FDCWD" : format_int(v);
}

std::string quote(std::string_view text, bool cut_off) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 32 || c == 127) {
      quoted += number("\\%lo", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + (cut_off ? "\"..." : "\"");
}

std::string format_string(uint64_t v) {
  if (v == 0) return "NULL";
  char text[kStringShown + 1];
  const int64_t length = copy_string_from_guest(text, {v}, sizeof text);
  if (length == -EFAULT) return format_hex(v);
  return quote({text, length < 0 ? kStringShown : static_cast<size_t>(length)}, length < 0);
}

/// Bytes, as many as the next argument says.
std::string format_buffer(uint64_t v, uint64_t size) {
  char text[kStringShown];
  const size_t shown = std::min<uint64_t>(size, sizeof text);
  return copy_from_guest(text, {v}, shown) ? quote({text, shown}, shown < size) : format_pointer(v);
}

std::string format_string_list(uint64_t v) {
  if (v == 0) return "NULL";
  std::string text = "[";
  for (size_t i = 0;; ++i) {
    uint64_t pointer = 0;
    if (!copy_from_guest(&pointer, {v + i * 8}, 8)) return format_hex(v);
    if (pointer == 0) break;
    if (i > 0) text += ", ";
    if (i == kListShown) return text + "...]";
    text += format_string(pointer);
  }
  return text + "]";
}

struct FlagName {
  uint64_t bit;
  const char* name;
};

std::string format_flags(uint64_t v, std::span<const FlagName> names, const char* none) {
  std::string text;
  for (const FlagName& flag : names) {
    if ((v & flag.bit) != flag.bit) continue;
    text += (text.empty() ? "" : "|") + std::string(flag.name);
    v &= ~flag.bit;
  }
  if (v != 0) text += (text.empty() ? "" : "|") + format_hex(v);
  return text.empty() ? none : text;
}

std::string format_open_flags(uint64_t v) {
  static constexpr FlagName kNames[] = {{arm64::kTmpfile, "O_TMPFILE"},
                                        {arm64::kDirectory, "O_DIRECTORY"},
                                        {arm64::kNofollow, "O_NOFOLLOW"},
                                        {arm64::kDirect, "O_DIRECT"},
                                        {arm64::kLargefile, "O_LARGEFILE"},
                                        {O_CREAT, "O_CREAT"},
                                        {O_EXCL, "O_EXCL"},
                                        {O_NOCTTY, "O_NOCTTY"},
                                        {O_TRUNC, "O_TRUNC"},
                                        {O_APPEND, "O_APPEND"},
                                        {O_NONBLOCK, "O_NONBLOCK"},
                                        {O_SYNC, "O_SYNC"},
                                        {O_DSYNC, "O_DSYNC"},
                                        {O_ASYNC, "O_ASYNC"},
                                        {O_NOATIME, "O_NOATIME"},
                                        {O_CLOEXEC, "O_CLOEXEC"},
                                        {O_PATH, "O_PATH"}};
  static constexpr const char* kAccess[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
  const std::string flags = format_flags(v & 0xffffffff & ~uint64_t{O_ACCMODE}, kNames, "");
  return kAccess[v & O_ACCMODE] + (flags.empty() ? "" : "|" + flags);
}

std::string format_at_flags(uint64_t v) {
  static constexpr FlagName kNames[] = {{AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
                                        {AT_REMOVEDIR, "AT_REMOVEDIR"},
                                        {AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW"},
                                        {AT_EMPTY_PATH, "AT_EMPTY_PATH"},
                                        {AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"}};
  return format_flags(v & 0xffffffff, kNames, "0");
}

std::string format_protection(uint64_t v) {
  static constexpr FlagName kNames[] = {
      {PROT_READ, "PROT_READ"}, {PROT_WRITE, "PROT_WRITE"}, {PROT_EXEC, "PROT_EXEC"}};
  return format_flags(v, kNames, "PROT_NONE");
}

std::string format_map_flags(uint64_t v) {
  static constexpr FlagName kNames[] = {{MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE"},
                                        {MAP_SHARED, "MAP_SHARED"},
                                        {MAP_PRIVATE, "MAP_PRIVATE"},
                                        {MAP_FIXED, "MAP_FIXED"},
                                        {MAP_ANONYMOUS, "MAP_ANONYMOUS"},
                                        {MAP_DENYWRITE, "MAP_DENYWRITE"},
                                        {MAP_NORESERVE, "MAP_NORESERVE"},
                                        {MAP_POPULATE, "MAP_POPULATE"},
                                        {MAP_STACK, "MAP_STACK"},
                                        {MAP_HUGETLB, "MAP_HUGETLB"},
                                        {MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE"},
                                        {MAP_GROWSDOWN, "MAP_GROWSDOWN"}};
  return format_flags(v, kNames, "0");
}

std::string format_signal(uint64_t v) {
  const char* name = ::sigabbrev_np(static_cast<int>(v));
  return name ? "SIG" + std::string(name) : format_int(v);
}

std::string format_mask(uint64_t v) {
  uint64_t mask = 0;
  if (v == 0) return "NULL";
  if (!copy_from_guest(&mask, {v}, sizeof mask)) return format_hex(v);
  std::string text = "[";
  for (uint64_t signal = 1; signal <= 64; ++signal) {
    if (mask >> (signal - 1) & 1) text += (text.size() > 1 ? " " : "") + format_signal(signal);
  }
  return text + "]";
}

std::string format_timespec(uint64_t v) {
  timespec time{};
  if (v == 0) return "NULL";
  if (!copy_from_guest(&time, {v}, sizeof time)) return format_hex(v);
  return "{" + std::to_string(time.tv_sec) + ", " + std::to_string(time.tv_nsec) + "}";
}

std::string format_clock(uint64_t v) {
  static constexpr const char* kNames[] = {
      "CLOCK_REALTIME",      "CLOCK_MONOTONIC",       "CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID",
      "CLOCK_MONOTONIC_RAW", "CLOCK_REALTIME_COARSE", "CLOCK_MONOTONIC_COARSE",   "CLOCK_BOOTTIME"};
  return v < std::size(kNames) ? kNames[v] : format_int(v);
}

std::string format_clone_flags(uint64_t v) {
  static constexpr FlagName kNames[] = {{CLONE_VM, "CLONE_VM"},
                                        {CLONE_FS, "CLONE_FS"},
                                        {CLONE_FILES, "CLONE_FILES"},
                                        {CLONE_SIGHAND, "CLONE_SIGHAND"},
                                        {CLONE_PIDFD, "CLONE_PIDFD"},
                                        {CLONE_VFORK, "CLONE_VFORK"},
                                        {CLONE_PARENT, "CLONE_PARENT"},
                                        {CLONE_THREAD, "CLONE_THREAD"},
                                        {CLONE_NEWNS, "CLONE_NEWNS"},
                                        {CLONE_SYSVSEM, "CLONE_SYSVSEM"},
                                        {CLONE_SETTLS, "CLONE_SETTLS"},
                                        {CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID"},
                                        {CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID"},
                                        {CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID"},
                                        {CLONE_NEWUSER, "CLONE_NEWUSER"},
                                        {CLONE_NEWPID, "CLONE_NEWPID"},
                                        {CLONE_NEWNET, "CLONE_NEWNET"}};
  const std::string signal = (v & 0xff) ? "|" + format_signal(v & 0xff) : "";
  return format_flags(v & ~uint64_t{0xff}, kNames, "0") + signal;
}

std::string format_futex_op(uint64_t v) {
  static constexpr const char* kNames[] = {
      "FUTEX_WAIT",           "FUTEX_WAKE",        "FUTEX_FD",          "FUTEX_REQUEUE",
      "FUTEX_CMP_REQUEUE",    "FUTEX_WAKE_OP",     "FUTEX_LOCK_PI",     "FUTEX_UNLOCK_PI",
      "FUTEX_TRYLOCK_PI",     "FUTEX_WAIT_BITSET", "FUTEX_WAKE_BITSET", "FUTEX_WAIT_REQUEUE_PI",
      "FUTEX_CMP_REQUEUE_PI", "FUTEX_LOCK_PI2"};
  const uint64_t op = v & static_cast<uint64_t>(FUTEX_CMD_MASK) & 0xffffffff;
  return op < std::size(kNames) ? std::string(kNames[op]) + (v & FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "") +
                                      (v & FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "")
                                : format_int(v);
}

struct Format {
  std::string_view word;
  std::string (*print)(uint64_t);
};
constexpr Format kFormats[] = {
#define FORMAT(word, function) {#word, function},
#include "linux-user/strace_formats.def"
#undef FORMAT
};

/// The word for bytes whose number is the next argument.
constexpr std::string_view kBuffer = "buffer";

std::string format_argument(std::string_view word, uint64_t value, uint64_t next) {
  if (word == kBuffer) return format_buffer(value, next);
  for (const Format& format : kFormats) {
    if (format.word == word) return format.print(value);
  }
  return format_hex(value);
}

void write_line(int fd, const std::string& line) {
  for (size_t done = 0; done < line.size();) {
    const ssize_t put = ::write(fd, line.data() + done, line.size() - done);
    if (put <= 0) return;
    done += static_cast<size_t>(put);
  }
}

std::string format_result(SysResult result) {
  if (result.wants_restart()) return "? (restarts)";
  if (result.keeps_registers()) return "?";
  if (!result.failed())
    return result.value > 0xffffffff ? format_hex(static_cast<uint64_t>(result.value))
                                     : std::to_string(result.value);
  const char* name = ::strerrorname_np(result.error_number());
  return "-1 " + (name ? std::string(name) : std::to_string(result.error_number())) + " (" +
         ::strerror(result.error_number()) + ")";
}

}  // namespace

bool is_strace_word(std::string_view word) {
  if (word == kBuffer) return true;
  for (const Format& format : kFormats) {
    if (format.word == word) return true;
  }
  return false;
}

std::string Strace::format_call(const SyscallRow& row, const SyscallArgs& args) const {
  std::string text = std::string(row.name) + "(";
  std::string_view words = row.args;
  for (size_t i = 0; i < args.size() && !words.empty(); ++i) {
    const size_t end = std::min(words.find(' '), words.size());
    if (i > 0) text += ", ";
    text += format_argument(words.substr(0, end), args[i], i + 1 < args.size() ? args[i + 1] : 0);
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return text + ")";
}

void Strace::print(pid_t tid, const std::string& call, SysResult result) const {
  write_line(fd_, "[" + std::to_string(tid) + "] " + call + " = " + format_result(result) + "\n");
}

void Strace::note(pid_t tid, const std::string& text) const {
  if (enabled()) write_line(fd_, "[" + std::to_string(tid) + "] " + text + "\n");
}

}  // namespace ferry::linux_user
