#include "linux-user/paths/path_resolver.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <vector>

namespace ferry::linux_user {

namespace {

/// As the kernel's MAXSYMLINKS.
constexpr int kMaxLinks = 40;

constexpr std::array<std::string_view, 8> kSharedDirectories = {"/dev", "/proc",    "/sys",  "/run",
                                                                "/tmp", "/var/tmp", "/home", "/root"};

bool is_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

/// Takes the first component off `rest`; empty when there is none.
std::string_view next_component(std::string_view& rest) {
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view component = rest.substr(0, end);
  rest.remove_prefix(end);
  return component;
}

bool has_more(std::string_view rest) { return rest.find_first_not_of('/') != rest.npos; }

}  // namespace

bool PathResolver::names_shared_directory(std::string_view component) {
  return std::any_of(kSharedDirectories.begin(), kSharedDirectories.end(), [&](std::string_view directory) {
    return directory.substr(directory.rfind('/') + 1) == component;
  });
}

bool PathResolver::inside_sysroot(std::string_view host_path) const {
  return has_sysroot() && is_below(host_path, sysroot_);
}

std::string PathResolver::to_guest(std::string_view host_path) const {
  if (!inside_sysroot(host_path)) return std::string(host_path);
  host_path.remove_prefix(sysroot_.size());
  return host_path.empty() ? "/" : std::string(host_path);
}

bool PathResolver::is_shared(std::string_view guest_path) const {
  for (const std::string_view directory : kSharedDirectories) {
    if (is_below(guest_path, directory)) return true;
  }
  // A path below the sysroot by its host name (a program started by it, say) is meant as it is.
  return inside_sysroot(guest_path);
}

PathResolver::Outcome PathResolver::walk(std::string_view guest_path, FollowLast follow,
                                         std::string& result) const {
  std::string rest_storage(guest_path);
  std::string_view rest = rest_storage;
  std::string guest;  // what is resolved so far: "" is the sysroot's root
  int links = 0;
  bool missing = false;
  while (true) {
    const std::string_view component = next_component(rest);
    if (component.empty()) break;
    if (missing) return Outcome::Missing;  // below something that is not there
    if (component == ".") continue;
    if (component == "..") {
      guest.resize(guest.empty() ? 0 : guest.rfind('/'));
      continue;
    }
    const size_t parent_length = guest.size();
    guest += '/';
    guest += component;
    // Only a link can turn into a shared directory, or a plain path can lie in one: both end here.
    if (is_shared(guest)) {
      result = guest + std::string(rest);
      return Outcome::Shared;
    }
    const std::string host = sysroot_ + guest;
    char target[PATH_MAX];
    const bool last = !has_more(rest);
    const ssize_t length = last && follow == FollowLast::No && rest.empty()
                               ? -1
                               : ::readlink(host.c_str(), target, sizeof target - 1);
    if (length < 0) {
      if (last && follow == FollowLast::No && rest.empty()) {
        struct stat status;
        if (::lstat(host.c_str(), &status) != 0) missing = true;
      } else if (errno == ENOENT || errno == ENOTDIR) {
        missing = true;
      }
      continue;
    }
    if (++links > kMaxLinks) return Outcome::Missing;
    const std::string_view link(target, static_cast<size_t>(length));
    std::string next(link);
    next += rest;
    if (link.starts_with('/')) {
      guest.clear();
    } else {
      guest.resize(parent_length);
    }
    rest_storage = std::move(next);
    rest = rest_storage;
  }
  result = sysroot_ + guest;
  if (guest_path.ends_with('/') && !guest.empty()) result += '/';  // "must be a directory" stays said
  return missing ? Outcome::ParentExists : Outcome::Exists;
}

std::string PathResolver::to_host(std::string_view guest_path, FollowLast follow) const {
  if (!has_sysroot() || !guest_path.starts_with('/') || is_shared(guest_path)) return std::string(guest_path);
  std::string result;
  switch (walk(guest_path, follow, result)) {
    case Outcome::Exists:
    case Outcome::Shared:
      return result;
    case Outcome::Missing:
      return std::string(guest_path);
    case Outcome::ParentExists: {
      struct stat status;
      const std::string host(guest_path);
      return ::lstat(host.c_str(), &status) == 0 ? host : result;
    }
  }
  return std::string(guest_path);
}

std::optional<std::string> PathResolver::to_host_existing(std::string_view guest_path,
                                                          FollowLast follow) const {
  if (!has_sysroot()) return std::nullopt;
  if (is_shared(guest_path)) return std::string(guest_path);
  std::string result;
  const Outcome outcome = walk(guest_path, follow, result);
  if (outcome != Outcome::Exists && outcome != Outcome::Shared) return std::nullopt;
  return result;
}

}  // namespace ferry::linux_user
