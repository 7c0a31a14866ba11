#pragma once

#include <sys/types.h>

#include <compare>
#include <string>

#include "ir/support/unique_fd.h"
#include "system/block/block_device.h"

namespace ferry::system {

enum class Access : uint8_t { Read, Write };

/// QEMU's agreement on who may use an image at once, by OFD locks: many readers or one writer.
enum class Locking : uint8_t { Image, None };

/// A file of the host that holds an image. Messages name it.
class HostFile {
 public:
  static Result<HostFile> open(const std::string& path, Access access, Locking locking);
  /// Takes over an open descriptor, without a lock.
  HostFile(support::UniqueFd fd, std::string path, Access access)
      : fd_(std::move(fd)), path_(std::move(path)), access_(access) {}

  /// The same open file once more.
  Result<HostFile> share() const;

  const std::string& path() const { return path_; }
  Access access() const { return access_; }
  Result<uint64_t> size() const;

  /// All bytes must be there.
  Status read(uint64_t offset, std::span<std::byte> bytes) const;
  /// What lies behind the end of the file reads as zeroes.
  Status read_padded(uint64_t offset, std::span<std::byte> bytes) const;
  Status write(uint64_t offset, std::span<const std::byte> bytes);
  Status write_zeroes(uint64_t offset, uint64_t length);
  /// Gives the space back where the host can; the content is undefined after it, but for what lies outside.
  void discard(uint64_t offset, uint64_t length);
  Status resize(uint64_t size);
  Status allocate(uint64_t size);
  Status sync();
  /// Holes are zero extents.
  Result<Extent> extent(uint64_t offset, uint64_t length) const;

  /// Which file this is, whatever its name.
  struct Identity {
    dev_t device;
    ino_t inode;
    auto operator<=>(const Identity&) const = default;
  };
  Result<Identity> identity() const;
  Result<uint64_t> allocated_bytes() const;

  Error error(const std::string& what) const;  ///< "PATH: what"
  Error system_error(const char* action) const;

 private:
  Status lock();
  Result<size_t> read_some(uint64_t offset, std::span<std::byte> bytes) const;

  support::UniqueFd fd_;
  std::string path_;
  Access access_;
};

/// A file under construction that takes the place of an old one when it is complete, so that nothing is lost
/// of the old content until then. Devices are written in place.
class NewFile {
 public:
  static Result<NewFile> create(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  /// To write the content through; it has the final name in messages.
  HostFile& file() { return file_; }
  Status finish();

 private:
  NewFile(std::string path, std::string temporary, HostFile file, std::optional<HostFile> old)
      : path_(std::move(path)),
        temporary_(std::move(temporary)),
        file_(std::move(file)),
        old_(std::move(old)) {}

  std::string path_;
  std::string temporary_;  ///< empty: written in place, or finished
  HostFile file_;
  std::optional<HostFile> old_;  ///< what is replaced, with its lock
};

}  // namespace ferry::system
