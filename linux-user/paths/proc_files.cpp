#include "linux-user/paths/proc_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string>

#include "linux-user/guest_process.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/paths/guest_path.h"

namespace ferry::linux_user {

namespace {

constexpr struct {
  std::string_view name;
  ProcFile file;
} kSelfFiles[] = {
    {"exe", ProcFile::Exe},         {"maps", ProcFile::Maps},       {"auxv", ProcFile::Auxv},
    {"cmdline", ProcFile::Cmdline}, {"environ", ProcFile::Environ}, {"cwd", ProcFile::Link},
    {"root", ProcFile::Link},
};

bool is_number(std::string_view text, pid_t& out) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), out);
  return status == std::errc{} && end == text.data() + text.size();
}

/// Removes "prefix/" and answers whether it was there.
bool take(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix) || path.size() <= prefix.size() || path[prefix.size()] != '/') return false;
  path.remove_prefix(prefix.size() + 1);
  return true;
}

/// Whether the first component is this process's directory in /proc; removes it.
bool take_self(std::string_view& path) {
  if (take(path, "self") || take(path, "thread-self")) return true;
  const std::string_view first = path.substr(0, path.find('/'));
  pid_t pid = 0;
  return is_number(first, pid) && pid == ::getpid() && take(path, first);
}

ProcFile classify_absolute(std::string_view path) {
  if (!take(path, "/proc")) return ProcFile::None;
  if (path == "cpuinfo") return ProcFile::Cpuinfo;
  if (!take_self(path)) return ProcFile::None;
  if (take(path, "task")) {
    const std::string_view thread = path.substr(0, path.find('/'));
    if (!take(path, thread)) return ProcFile::None;
  }
  if (path.starts_with("fd/")) return ProcFile::Link;
  for (const auto& entry : kSelfFiles) {
    if (entry.name == path) return entry.file;
  }
  return ProcFile::None;
}

/// Whether a relative path could be one of ours, judging by its last component.
bool may_be_proc(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "cpuinfo") return true;
  for (const auto& entry : kSelfFiles) {
    if (entry.name == name) return true;
  }
  pid_t number = 0;
  return is_number(name, number);
}

/// Without doubled slashes and "." components.
std::string tidy(std::string_view path) {
  std::string result;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, end - at);
    if (!component.empty() && component != ".") result.append("/").append(component);
    at = end + 1;
  }
  return result;
}

std::string protection_text(int protection) {
  std::string text = "---";
  if (protection & PROT_READ) text[0] = 'r';
  if (protection & PROT_WRITE) text[1] = 'w';
  if (protection & PROT_EXEC) text[2] = 'x';
  return text;
}

std::string_view kind_name(VmaKind kind) {
  switch (kind) {
    case VmaKind::Heap:
      return "[heap]";
    case VmaKind::Stack:
      return "[stack]";
    case VmaKind::Vdso:
      return "[vdso]";
    case VmaKind::Plain:
      return "";
  }
  return "";
}

std::string read_file(const char* path) {
  std::string text;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char buffer[16384];
  for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  ::close(fd);
  return text;
}

/// One line of the host's /proc/self/maps.
struct HostMapping {
  uint64_t first = 0, last = 0, offset = 0;
  char sharing = 'p';
  std::string device_and_inode;
  std::string path;
};

bool parse_mapping(const std::string& line, HostMapping& out) {
  char permissions[5] = {};
  char device[16] = {};
  unsigned long inode = 0;
  int path_at = 0;
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %lx %15s %lu %n", &out.first, &out.last, permissions,
                  &out.offset, device, &inode, &path_at) < 6) {
    return false;
  }
  out.sharing = permissions[3];
  out.device_and_inode = std::string(device) + " " + std::to_string(inode);
  out.path = path_at > 0 && static_cast<size_t>(path_at) < line.size()
                 ? line.substr(static_cast<size_t>(path_at))
                 : "";
  return true;
}

void append_mapping(std::string& text, const HostMapping& host, uint64_t first, uint64_t last, const Vma& vma,
                    const PathResolver& paths) {
  const uint64_t offset = host.path.starts_with('/') ? host.offset + (first - host.first) : host.offset;
  char head[128];
  std::snprintf(head, sizeof head, "%08lx-%08lx %s%c %08lx %s ", static_cast<unsigned long>(first),
                static_cast<unsigned long>(last), protection_text(vma.protection).c_str(), host.sharing,
                static_cast<unsigned long>(offset), host.device_and_inode.c_str());
  std::string line = head;
  const std::string name =
      vma.kind == VmaKind::Plain ? paths.to_guest(host.path) : std::string(kind_name(vma.kind));
  if (!name.empty()) {
    if (line.size() < 73) line.resize(73, ' ');
    line += name;
  }
  text += line + "\n";
}

/// The host's list, cut down to the guest's mappings with the guest's protections.
std::string make_maps(const Task& task) {
  const auto vmas = task.process.memory.snapshot();
  const std::string host_text = read_file("/proc/self/maps");
  std::string text;
  for (size_t at = 0; at < host_text.size();) {
    const size_t end = std::min(host_text.find('\n', at), host_text.size());
    HostMapping host;
    const bool valid = parse_mapping(host_text.substr(at, end - at), host);
    at = end + 1;
    if (!valid) continue;
    auto it = vmas.upper_bound(GuestAddr{host.first});
    if (it != vmas.begin()) --it;
    for (; it != vmas.end() && it->first.value < host.last; ++it) {
      const uint64_t first = std::max(it->first.value, host.first);
      const uint64_t last = std::min(it->second.end.value, host.last);
      if (first < last) append_mapping(text, host, first, last, it->second, paths_of(task));
    }
  }
  return text;
}

std::string make_cpuinfo(const Abi& abi) {
  std::string text;
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  for (long i = 0; i < count; ++i) {
    text += "processor\t: " + std::to_string(i) + "\n" + std::string(abi.cpuinfo_entry()) + "\n";
  }
  return text;
}

std::string read_guest_range(GuestAddr first, GuestAddr last) {
  std::string text(last - first, '\0');
  if (!copy_from_guest(text.data(), first, text.size())) text.clear();
  return text;
}

std::string make_contents(const Task& task, ProcFile file) {
  const Process& process = task.process;
  switch (file) {
    case ProcFile::Maps:
      return make_maps(task);
    case ProcFile::Auxv:
      return {reinterpret_cast<const char*>(process.auxv.data()), process.auxv.size() * sizeof(uint64_t)};
    case ProcFile::Cmdline:
      return read_guest_range(process.argv_first, process.argv_last);
    case ProcFile::Environ:
      return read_guest_range(process.environment_first, process.environment_last);
    case ProcFile::Cpuinfo:
      return make_cpuinfo(process.abi);
    case ProcFile::None:
    case ProcFile::Exe:
    case ProcFile::Link:
      break;
  }
  return {};
}

}  // namespace

ProcFile classify_proc_path(int dirfd, std::string_view path) {
  if (path.starts_with("/")) {
    if (path.starts_with("/proc/"))
      return classify_absolute(
          path.find("//") == path.npos && path.find("/.") == path.npos ? std::string(path) : tidy(path));
    return ProcFile::None;
  }
  if (path.empty() || !may_be_proc(path)) return ProcFile::None;
  const std::string directory = fd_host_path(dirfd);
  if (!directory.starts_with("/proc")) return ProcFile::None;
  return classify_absolute(tidy(directory + "/" + std::string(path)));
}

SysResult open_proc_file(const Task& task, ProcFile file, int flags) {
  if ((flags & O_ACCMODE) != O_RDONLY) return SysResult::error(EACCES);
  const std::string text = make_contents(task, file);
  const int writable = ::memfd_create("proc", MFD_CLOEXEC);
  if (writable < 0) return SysResult::error(errno);
  for (size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(writable, text.data() + done, text.size() - done);
    if (put <= 0) break;
    done += static_cast<size_t>(put);
  }
  // A description of its own, read-only; where /proc is not mounted the writable one has to do.
  const std::string path = "/proc/self/fd/" + std::to_string(writable);
  const int fd = ::open(path.c_str(), O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
  if (fd >= 0) {
    ::close(writable);
    return fd;
  }
  ::lseek(writable, 0, SEEK_SET);
  if (!(flags & O_CLOEXEC)) ::fcntl(writable, F_SETFD, 0);
  return writable;
}

}  // namespace ferry::linux_user
