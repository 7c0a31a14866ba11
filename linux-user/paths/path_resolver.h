#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::linux_user {

enum class FollowLast : bool { No, Yes };

/// Maps the guest's paths to the host's. Without a sysroot the two are the same.
///
/// With one, an absolute path is looked up inside the sysroot, symbolic links resolved inside it (absolute
/// targets are re-rooted, ".." stops at its root). What exists there is used. What does not is looked up on
/// the host by its own name. A path that exists in neither (a file to be created) belongs to the sysroot if
/// its directory is there, else to the host. Directories that programs share with their user are always the
/// host's: /dev /proc /sys /run /tmp /var/tmp /home /root. A path that names the sysroot itself or what is
/// below it by its host name stays as it is. Every system call that takes a path asks here, so that stat,
/// readlink and open agree.
class PathResolver {
 public:
  PathResolver() = default;
  /// `sysroot`: absolute, canonical, without a slash at its end; empty: none.
  explicit PathResolver(std::string sysroot) : sysroot_(std::move(sysroot)) {}

  bool has_sysroot() const { return !sysroot_.empty(); }
  const std::string& sysroot() const { return sysroot_; }

  /// The host's path for an absolute guest path. Symbolic links of the last component are followed as the
  /// system call would.
  std::string to_host(std::string_view guest_path, FollowLast follow) const;
  /// The same for what is in the sysroot or a shared directory, or reached through links; nothing for all
  /// else.
  std::optional<std::string> to_host_existing(std::string_view guest_path, FollowLast follow) const;
  /// The guest's name of an absolute host path: the sysroot's prefix removed.
  std::string to_guest(std::string_view host_path) const;
  /// Whether a name without a slash could be a shared directory's, seen from its parent.
  static bool names_shared_directory(std::string_view component);
  /// Whether an absolute host path lies in the sysroot.
  bool inside_sysroot(std::string_view host_path) const;

 private:
  enum class Outcome : uint8_t {
    Exists,        ///< in the sysroot
    ParentExists,  ///< only the last component is missing
    Missing,
    Shared,  ///< the path leads into a shared directory; the result is its name there
  };
  Outcome walk(std::string_view guest_path, FollowLast follow, std::string& host_path) const;
  bool is_shared(std::string_view guest_path) const;

  std::string sysroot_;
};

}  // namespace ferry::linux_user
