#include "backend/runtime/store_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ferry::backend {

namespace {

constexpr size_t kDigits = 16;  ///< of a number in a name

std::string hex(uint64_t number) {
  char text[kDigits + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

/// Nobody else may have written what is going to be executed.
bool is_ours(const struct stat& status) {
  return status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// IDENTITY-ADDRESS-CONFIGURATION in hexadecimal digits; a draft's has the number of a process behind a dot.
bool is_store_name(std::string_view name) {
  const auto take = [&](size_t count, std::string_view wanted) {
    const size_t found = std::min(name.find_first_not_of(wanted), name.size());
    if (found < count) return false;
    name.remove_prefix(count);
    return true;
  };
  constexpr std::string_view kHex = "0123456789abcdef", kDecimal = "0123456789";
  if (!take(2 * kDigits, kHex) || !take(1, "-") || !take(kDigits, kHex) || !take(1, "-") ||
      !take(kDigits, kHex))
    return false;
  return name.empty() ||
         (take(1, ".") && !name.empty() && name.find_first_not_of(kDecimal) == std::string_view::npos);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

int open_store_directory(const std::string& path, bool create) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = ::open(path.c_str(), kFlags);
  if (fd < 0 && errno == ENOENT && create) {
    for (size_t at = 1; at != std::string::npos; at = path.find('/', at + 1)) {
      if (at > 1) mkdir(path.substr(0, at).c_str(), 0700);
    }
    mkdir(path.c_str(), 0700);
    fd = ::open(path.c_str(), kFlags);
  }
  struct stat status;
  if (fd >= 0 && (fstat(fd, &status) != 0 || !is_ours(status))) {
    close(fd);
    errno = EPERM;
    fd = -1;
  }
  return fd;
}

int open_store_file(int directory, const std::string& name, int flags) {
  const int fd = openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  struct stat status;
  if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || !is_ours(status))) {
    close(fd);
    return -1;
  }
  return fd;
}

std::string store_suffix(const std::string& configuration) {
  return "-" + hex(XXH3_64bits(configuration.data(), configuration.size()));
}

std::string store_name(const FileIdentity& file, GuestAddr first, std::string_view suffix) {
  return hex(file.high) + hex(file.low) + "-" + hex(first.value) + std::string(suffix);
}

std::string store_draft_name(const std::string& name) { return name + "." + std::to_string(getpid()); }

std::vector<std::string> store_names(int directory) {
  std::vector<std::string> names;
  // Of its own: a duplicate would share the place where the last reader stopped.
  DIR* list = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!list) return names;
  while (const dirent* entry = readdir(list)) {
    if (is_store_name(entry->d_name)) names.emplace_back(entry->d_name);
  }
  closedir(list);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Segment> segments_of(std::span<const std::byte> file) {
  std::vector<Segment> segments;
  while (const auto segment = Segment::read(file)) {
    segments.push_back(*segment);
    file = file.subspan(segment->size());
  }
  return segments;
}

uint64_t total_size(const std::vector<Segment>& segments) {
  uint64_t size = 0;
  for (const Segment& segment : segments) size += segment.size();
  return size;
}

}  // namespace ferry::backend
