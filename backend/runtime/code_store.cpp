#include "backend/runtime/code_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include "backend/runtime/store_files.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ferry::backend {

namespace {

constexpr uint64_t kMostAdded = uint64_t{256} << 20;  ///< by one process
constexpr size_t kMostSegments = 6;                   ///< of a file, before it is written anew

/// A write beyond RLIMIT_FSIZE is to fail, not to end the process.
class NoSignalForSize {
 public:
  NoSignalForSize() {
    sigemptyset(&size_);
    sigaddset(&size_, SIGXFSZ);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &size_, &before_);
  }
  ~NoSignalForSize() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&size_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSignalForSize(const NoSignalForSize&) = delete;
  NoSignalForSize& operator=(const NoSignalForSize&) = delete;

 private:
  sigset_t size_, before_;
  bool was_pending_;
};

bool write_at(int fd, std::span<const std::byte> bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written <= 0 && errno != EINTR) return false;
    if (written <= 0) continue;
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return true;
}

/// Readers see a segment once its header is there, which is written last.
bool write_segment(int fd, std::span<const std::byte> segment, uint64_t offset) {
  return write_at(fd, segment.subspan(kSegmentSeal), offset + kSegmentSeal) &&
         write_at(fd, segment.first(kSegmentSeal), offset);
}

/// A file of ours, read only; empty if there is none.
std::span<const std::byte> map_file(int directory, const std::string& name) {
  const Descriptor file(open_store_file(directory, name, O_RDONLY));
  struct stat status;
  if (!file || fstat(file.get(), &status) != 0 || status.st_size == 0) return {};
  const auto size = static_cast<size_t>(status.st_size);
  void* mapping = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapping == MAP_FAILED) return {};
  return {static_cast<const std::byte*>(mapping), size};
}

void unmap(std::span<const std::byte> mapping) {
  if (!mapping.empty()) munmap(const_cast<std::byte*>(mapping.data()), mapping.size());
}

uint64_t key_of(const CodeImage& image) {
  const uint64_t parts[] = {image.key.pc.value, image.key.mode, static_cast<uint64_t>(image.tier),
                            image.precise};
  return XXH3_64bits(parts, sizeof parts);
}

}  // namespace

size_t guest_bytes(const CodeImage& image) {
  size_t bytes = 0;
  for (const auto& [first, last] : image.ranges) bytes += last - first;
  return bytes;
}

CodeStore::CodeStore(std::string directory, std::string configuration, uint64_t most_bytes,
                     CodeAccess* access)
    : directory_(configuration.empty() ? std::string() : std::move(directory)),
      suffix_(store_suffix(configuration)),
      most_bytes_(most_bytes),
      access_(access) {}

CodeStore::~CodeStore() {
  for (const Unit& unit : units_) unmap(unit.mapping);
}

void CodeStore::add_file(GuestAddr first, GuestAddr last, const FileIdentity& file) {
  if (!in_use()) return;
  const std::string name = store_name(file, first, suffix_);
  Unit* same = nullptr;
  for (Unit& unit : units_) {
    if (unit.first < last && first < unit.last) unit.active = false;
    if (unit.name == name) same = &unit;
  }
  if (same) {
    same->active = true;
    return;
  }
  Unit unit;
  unit.first = first;
  unit.last = last;
  unit.name = name;
  open(unit);
  units_.push_back(std::move(unit));
}

void CodeStore::open(Unit& unit) {
  const Descriptor directory(open_store_directory(directory_, /*create=*/false));
  if (!directory) return;
  unit.mapping = map_file(directory.get(), unit.name);
  unit.segments = segments_of(unit.mapping);
}

const CodeStore::Unit* CodeStore::unit_at(GuestAddr pc) const {
  const auto holds = [&](const Unit& unit) { return unit.active && unit.first <= pc && pc < unit.last; };
  if (last_unit_ < units_.size() && holds(units_[last_unit_])) return &units_[last_unit_];
  const auto found = std::find_if(units_.begin(), units_.end(), holds);
  if (found == units_.end()) return nullptr;
  last_unit_ = static_cast<size_t>(found - units_.begin());
  return &*found;
}

CodeStore::Unit* CodeStore::unit_at(GuestAddr pc) {
  return const_cast<Unit*>(std::as_const(*this).unit_at(pc));
}

bool CodeStore::guarded(const CodeImage& image) const {
  return access_ != nullptr && access_->guarded(image.ranges.front().first);
}

bool CodeStore::matches_memory(const StoredImage& stored) const {
  const std::byte* expected = stored.guest.data();
  for (const auto& [first, last] : stored.image.ranges) {
    if (access_ && access_->guarded(first) != stored.guarded) return false;
    if (access_ && (!access_->executable(first) || !access_->executable(GuestAddr{last.value - 1})))
      return false;
    const size_t size = last - first;
    if (std::memcmp(expected, reinterpret_cast<const void*>(first.value), size) != 0) return false;
    expected += size;
  }
  return true;
}

std::optional<CodeImage> CodeStore::find(ir::BlockKey key, bool precise) const {
  const Unit* unit = unit_at(key.pc);
  if (!unit) return std::nullopt;
  std::optional<CodeImage> best;
  for (size_t i = unit->segments.size(); i-- > 0;) {
    const bool optimized = unit->segments[i].find(key, [&](const StoredImage& stored) {
      const bool region = stored.image.tier == Tier::Llvm;
      if ((region ? precise && !stored.image.precise : best.has_value()) || !matches_memory(stored))
        return false;
      best = stored.image;
      return region;
    });
    if (optimized) break;
  }
  return best;
}

bool CodeStore::wants(const CodeImage& image) const {
  if (!in_use() || added_bytes_ > kMostAdded) return false;
  const bool is_guarded = guarded(image);
  for (const auto& [first, last] : image.ranges) {
    if (!unit_at(first) || (access_ && access_->guarded(first) != is_guarded)) return false;
  }
  const Unit* unit = unit_at(image.key.pc);
  return unit && !unit->known.contains(key_of(image));
}

void CodeStore::add(const CodeImage& image, std::span<const std::byte> guest) {
  Unit& unit = *unit_at(image.key.pc);
  unit.known.insert(key_of(image));
  const size_t before = unit.added.bytes();
  unit.added.add({image, guest, guarded(image)});
  added_bytes_ += unit.added.bytes() - before;
}

void CodeStore::forget_added() {
  for (Unit& unit : units_) unit.added.clear();
  added_bytes_ = 0;
}

void CodeStore::save() {
  if (added_bytes_ == 0) return;
  const NoSignalForSize no_signal;
  const Descriptor directory(open_store_directory(directory_, /*create=*/true));
  if (directory) {
    for (Unit& unit : units_) {
      if (!unit.added.empty()) save(unit, directory.get());
    }
    keep_size(directory.get());
  }
  forget_added();
}

// Who is not alone leaves it to the next process: what was made can be made again.
void CodeStore::save(Unit& unit, int directory) {
  const Descriptor file(open_store_file(directory, unit.name, O_RDWR | O_CREAT));
  if (!file || flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  const auto present = map_file(directory, unit.name);
  const std::vector<Segment> segments = segments_of(present);
  // Behind the last whole segment may be what a process left that was killed, or had no room. It is not cut
  // off: whoever maps the file meanwhile would fault.
  if (segments.size() < kMostSegments && total_size(segments) == present.size()) {
    (void)write_segment(file.get(), unit.added.finish(), present.size());
  } else {
    // Processes that ran at the same time made the same.
    SegmentWriter all;
    std::unordered_set<uint64_t> seen;
    const auto take = [&](std::span<const std::byte> record) {
      if (seen.insert(XXH3_64bits(record.data(), record.size())).second) all.add_raw(record);
    };
    const std::vector<std::byte> added = unit.added.finish();
    for (const Segment& segment : segments) segment.for_each(take);
    if (const auto segment = Segment::read(added)) segment->for_each(take);
    const std::string fresh = store_draft_name(unit.name);
    const Descriptor copy(open_store_file(directory, fresh, O_WRONLY | O_CREAT | O_EXCL));
    const bool written = copy && write_segment(copy.get(), all.finish(), 0) &&
                         renameat(directory, fresh.c_str(), directory, unit.name.c_str()) == 0;
    if (!written) unlinkat(directory, fresh.c_str(), 0);
  }
  unmap(present);
}

// The files that were written longest ago go first.
void CodeStore::keep_size(int directory) const {
  struct File {
    std::string name;
    uint64_t bytes;
    int64_t written;
  };
  std::vector<File> files;
  uint64_t total = 0;
  for (std::string& name : store_names(directory)) {
    struct stat status;
    if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      continue;
    const auto bytes = static_cast<uint64_t>(status.st_blocks) * 512;
    files.push_back({std::move(name), bytes, status.st_mtim.tv_sec});
    total += bytes;
  }
  if (total <= most_bytes_) return;
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.written < b.written; });
  for (const File& file : files) {
    if (total <= most_bytes_) return;
    unlinkat(directory, file.name.c_str(), 0);
    total -= file.bytes;
  }
}

}  // namespace ferry::backend
