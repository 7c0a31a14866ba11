#include "system/block/host_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ferry::system {

namespace {

/// Permissions of QEMU's block layer, as bit numbers: byte 100 + n of the file is locked by who has one, byte
/// 200 + n by who lets nobody else have it.
enum Permission : uint8_t { ConsistentRead = 0, Write = 1, Resize = 3 };
constexpr off_t kHeld = 100, kUnshared = 200;

const char* permission_name(Permission permission) {
  return permission == Write ? "write" : permission == Resize ? "resize" : "read";
}

struct flock one_byte(short type, off_t at) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = at;
  lock.l_len = 1;
  return lock;
}

bool is_seekable_end(int error) { return error == ENXIO; }

}  // namespace

Error HostFile::error(const std::string& what) const { return Error{path_ + ": " + what}; }

Error HostFile::system_error(const char* action) const {
  return Error{fmt::format("cannot {} {}: {}", action, path_, std::strerror(errno))};
}

Result<HostFile> HostFile::open(const std::string& path, Access access, Locking locking) {
  const int flags = (access == Access::Write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
  HostFile file(support::UniqueFd(::open(path.c_str(), flags)), path, access);
  if (!file.fd_) return file.system_error(access == Access::Write ? "open for writing" : "open");
  struct stat info;
  if (::fstat(file.fd_.get(), &info) != 0) return file.system_error("examine");
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
    return file.error("is neither a file nor a block device");
  if (locking == Locking::Image) {
    if (Status failed = file.lock()) return *failed;
  }
  return file;
}

Result<HostFile> HostFile::share() const {
  support::UniqueFd copy(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return system_error("open");
  return HostFile(std::move(copy), path_, access_);
}

Status HostFile::lock() {
  const bool writes = access_ == Access::Write;
  const auto take = [&](off_t at) {
    auto lock = one_byte(F_RDLCK, at);
    return ::fcntl(fd_.get(), F_OFD_SETLK, &lock) == 0;
  };
  // Locks for reading never exclude each other: everyone says first what he does, then looks what others do.
  for (const Permission held : {ConsistentRead, Write, Resize}) {
    if (held != ConsistentRead && !writes) continue;
    if (!take(kHeld + held)) return {};  // a file system without locks
  }
  for (const Permission alone : {Write, Resize}) take(kUnshared + alone);
  const auto in_use = [&](off_t at) {
    auto lock = one_byte(F_WRLCK, at);
    return ::fcntl(fd_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  };
  for (const Permission permission : {Write, Resize}) {
    if (in_use(kHeld + permission) || (writes && in_use(kUnshared + permission)))
      return error(fmt::format("is in use by another process (its {}lock on \"{}\" is held)",
                               writes ? "" : "shared ", permission_name(permission)));
  }
  return {};
}

Result<uint64_t> HostFile::size() const {
  const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
  if (end < 0) return system_error("find the size of");
  return static_cast<uint64_t>(end);
}

Result<size_t> HostFile::read_some(uint64_t offset, std::span<std::byte> bytes) const {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read");
    done += static_cast<size_t>(n);
  }
  return done;
}

Status HostFile::read(uint64_t offset, std::span<std::byte> bytes) const {
  const auto done = read_some(offset, bytes);
  if (!done) return done.error();
  if (*done == bytes.size()) return {};
  return error(fmt::format("is truncated: it has no {} bytes at {}", bytes.size(), offset));
}

Status HostFile::read_padded(uint64_t offset, std::span<std::byte> bytes) const {
  const auto done = read_some(offset, bytes);
  if (!done) return done.error();
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(*done), bytes.end(), std::byte{0});
  return {};
}

Status HostFile::write(uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("write to");
    offset += static_cast<size_t>(n);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

Status HostFile::write_zeroes(uint64_t offset, uint64_t length) {
  const auto at = static_cast<off_t>(offset), count = static_cast<off_t>(length);
  if (length == 0) return {};
  if (::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, count) == 0) {
    const auto end = size();
    if (!end) return end.error();
    return *end < offset + length ? resize(offset + length) : Status{};
  }
  static constexpr std::array<std::byte, 65536> kZeroes{};
  for (uint64_t done = 0; done < length;) {
    const uint64_t step = std::min<uint64_t>(length - done, kZeroes.size());
    if (Status failed = write(offset + done, std::span(kZeroes).first(step))) return failed;
    done += step;
  }
  return {};
}

void HostFile::discard(uint64_t offset, uint64_t length) {
  (void)::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(length));
}

Status HostFile::resize(uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return system_error("resize");
  return {};
}

Status HostFile::allocate(uint64_t size) {
  if (const int failed = size == 0 ? 0 : ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size))) {
    errno = failed;
    return system_error("allocate space for");
  }
  return {};
}

Status HostFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return system_error("flush");
  return {};
}

Result<Extent> HostFile::extent(uint64_t offset, uint64_t length) const {
  const auto at = static_cast<off_t>(offset);
  const off_t data = ::lseek(fd_.get(), at, SEEK_DATA);
  if (data < 0) return Extent{length, is_seekable_end(errno)};
  if (data > at) return Extent{std::min(length, static_cast<uint64_t>(data - at)), true};
  const off_t hole = ::lseek(fd_.get(), at, SEEK_HOLE);
  if (hole <= at) return Extent{length, false};
  return Extent{std::min(length, static_cast<uint64_t>(hole - at)), false};
}

Result<HostFile::Identity> HostFile::identity() const {
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) return system_error("examine");
  return Identity{info.st_dev, info.st_ino};
}

Result<uint64_t> HostFile::allocated_bytes() const {
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) return system_error("examine");
  return static_cast<uint64_t>(info.st_blocks) * 512;
}

Result<NewFile> NewFile::create(const std::string& path) {
  char resolved[PATH_MAX];
  const std::string target = ::realpath(path.c_str(), resolved) ? resolved : path;
  struct stat info;
  std::optional<HostFile> old;
  mode_t mode = 0666;
  if (::stat(target.c_str(), &info) == 0) {
    auto opened = HostFile::open(target, Access::Write, Locking::Image);
    if (!opened) return opened.error();
    old = std::move(*opened);
    mode = info.st_mode & 07777;
    if (S_ISBLK(info.st_mode)) {
      auto file = old->share();
      if (!file) return file.error();
      return NewFile(target, "", std::move(*file), std::move(old));
    }
  }
  const std::string temporary = fmt::format("{}.new-{}", target, ::getpid());
  support::UniqueFd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return Error{fmt::format("cannot create {}: {}", path, std::strerror(errno))};
  if (old) {
    ::fchmod(fd.get(), mode);
    if (::fchown(fd.get(), info.st_uid, info.st_gid) != 0) ::fchmod(fd.get(), mode & 0777);
  }
  return NewFile(target, temporary, HostFile(std::move(fd), path, Access::Write), std::move(old));
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      old_(std::move(other.old_)) {}

NewFile::~NewFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status NewFile::finish() {
  if (temporary_.empty()) return {};
  if (Status failed = file_.sync()) return failed;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return file_.system_error("replace");
  temporary_.clear();
  return {};
}

}  // namespace ferry::system
