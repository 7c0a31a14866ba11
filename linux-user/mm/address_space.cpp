#include "linux-user/mm/address_space.h"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/vfs.h>

#include <algorithm>

#include "backend/engine.h"
#include "ir/support/bits.h"
#include "linux-user/host/safe_syscall.h"

namespace ferry::linux_user {

namespace {

using support::align_up;

/// Bits of PROT_ that AArch64 has and x86-64 has not (arch/arm64/include/uapi/asm/mman.h): BTI, MTE.
constexpr int kProtArm64 = kProtGuarded | kProtTagged;
/// MAP_32BIT: a flag on x86 only.
constexpr int kMap32Bit = 0x40;
/// User addresses end here on x86-64 with four-level page tables, and on AArch64 with 47-bit compatible
/// placement.
constexpr uint64_t kAddressLimit = uint64_t{1} << 47;

/// What the host's page tables say for a guest's page: never executable, readable where the guest could fetch
/// code.
int host_protection(int protection) {
  int host = protection & ~(PROT_EXEC | kProtArm64);
  if (protection & PROT_EXEC) host |= PROT_READ;
  return host;
}

bool page_aligned(GuestAddr address) { return address.value % AddressSpace::kPageSize == 0; }

/// [address, address + length) as whole pages below the limit; false if it wraps.
bool page_range(GuestAddr address, uint64_t length, GuestAddr& last) {
  if (address.value > kAddressLimit || length > kAddressLimit - address.value) return false;
  last = {align_up(address.value + length, AddressSpace::kPageSize)};
  return true;
}

SysResult host_mmap(GuestAddr address, uint64_t length, int protection, int flags, int fd, uint64_t offset) {
  return raw_syscall(SYS_mmap, address.value, length, static_cast<uint64_t>(host_protection(protection)),
                     static_cast<uint64_t>(flags), static_cast<uint64_t>(fd), offset);
}

/// Where an image of the file lies best, of what is free.
SysResult host_mmap_preferred(const FileIdentity& file, uint64_t length, int protection, int flags, int fd,
                              uint64_t offset) {
  for (unsigned attempt = 0; attempt < kPlacementAttempts; ++attempt) {
    const GuestAddr address = preferred_address(file, ImageKind::Library, attempt);
    const SysResult result = host_mmap(address, length, protection, flags | MAP_FIXED_NOREPLACE, fd, offset);
    if (!result.failed()) return result;
  }
  return host_mmap({0}, length, protection, flags, fd, offset);
}

/// What a mapping made with these arguments of mmap(2) shows.
Backing backing_of(int flags, int fd) {
  const bool is_private = (flags & MAP_TYPE) == MAP_PRIVATE;
  struct statfs info;
  const bool is_memory =
      (flags & MAP_ANONYMOUS) != 0 || (::fstatfs(fd, &info) == 0 && info.f_type == TMPFS_MAGIC);
  if (!is_memory) return Backing::File;
  return is_private ? Backing::Anonymous : Backing::SharedMemory;
}

constexpr int kMremapDontUnmap = 4;  // MREMAP_DONTUNMAP

/// What mremap(2) says of its flags before it looks at the memory.
bool known_remap_flags(int flags, bool same_length) {
  constexpr int kMoves = MREMAP_FIXED | kMremapDontUnmap;
  if ((flags & ~(MREMAP_MAYMOVE | kMoves)) != 0) return false;
  if ((flags & kMoves) != 0 && (flags & MREMAP_MAYMOVE) == 0) return false;
  return same_length || (flags & kMremapDontUnmap) == 0;
}

GuestAddr to_address(SysResult result) { return {static_cast<uint64_t>(result.value)}; }

}  // namespace

// --- the map ---

void AddressSpace::split(GuestAddr at) {
  auto it = vmas_.upper_bound(at);
  if (it == vmas_.begin()) return;
  --it;
  if (it->first == at || it->second.end <= at) return;
  const Vma tail = it->second;
  it->second.end = at;
  vmas_.emplace_hint(std::next(it), at, tail);
}

void AddressSpace::cut_out(GuestAddr first, GuestAddr last) {
  split(first);
  split(last);
  vmas_.erase(vmas_.lower_bound(first), vmas_.lower_bound(last));
}

void AddressSpace::erase(GuestAddr first, GuestAddr last) {
  const std::lock_guard guard(map_mutex_);
  cut_out(first, last);
}

void AddressSpace::merge_around(GuestAddr first, GuestAddr last) {
  auto it = vmas_.lower_bound(first);
  if (it != vmas_.begin()) --it;
  while (it != vmas_.end() && it->first <= last) {
    auto next = std::next(it);
    if (next == vmas_.end()) break;
    const bool same = it->second.end == next->first && it->second.protection == next->second.protection &&
                      it->second.kind == next->second.kind && it->second.backing == next->second.backing;
    if (!same) {
      it = next;
      continue;
    }
    it->second.end = next->second.end;
    vmas_.erase(next);
  }
}

void AddressSpace::note_protection(int protection) {
  constexpr int kGuardedCode = kProtGuarded | PROT_EXEC;
  if ((protection & kGuardedCode) == kGuardedCode) has_guarded_pages_.store(true, std::memory_order_relaxed);
}

void AddressSpace::insert(GuestAddr first, const Vma& vma) {
  const std::lock_guard guard(map_mutex_);
  cut_out(first, vma.end);
  vmas_.emplace(first, vma);
  note_protection(vma.protection);
  merge_around(first, vma.end);
}

void AddressSpace::change_protection(GuestAddr first, GuestAddr last, int protection) {
  const std::lock_guard guard(map_mutex_);
  split(first);
  split(last);
  for (auto it = vmas_.lower_bound(first); it != vmas_.end() && it->first < last; ++it)
    it->second.protection = protection;
  note_protection(protection);
  merge_around(first, last);
}

std::vector<AddressSpace::Range> AddressSpace::overlaps(GuestAddr first, GuestAddr last) const {
  std::vector<Range> ranges;
  auto it = vmas_.upper_bound(first);
  if (it != vmas_.begin()) --it;
  for (; it != vmas_.end() && it->first < last; ++it) {
    const GuestAddr begin = std::max(it->first, first);
    const GuestAddr end = std::min(it->second.end, last);
    if (begin < end)
      ranges.push_back({begin, end, it->second.protection, it->second.backing, it->second.kind});
  }
  return ranges;
}

bool AddressSpace::covers(GuestAddr first, GuestAddr last) const {
  auto it = vmas_.upper_bound(first);
  if (it == vmas_.begin()) return first >= last;
  --it;
  GuestAddr reached = first;
  for (; it != vmas_.end() && it->first <= reached && reached < last; ++it)
    reached = std::max(reached, it->second.end);
  return reached >= last;
}

void AddressSpace::forget_code(const std::vector<Range>& ranges) {
  if (!engine_) return;
  for (const Range& range : ranges) {
    if (range.protection & PROT_EXEC) engine_->invalidate(range.first, range.last);
  }
}

/// Makes sure that what a fixed mapping is about to replace in [first, last) is the guest's or free: whatever
/// is neither is ferry's own. Free parts are reserved, so that no other thread of ours can take them in
/// between. The map lists them from then on, and `reserved` for give_back(); the caller maps over all of it.
SysResult AddressSpace::reserve_target(GuestAddr first, GuestAddr last, std::vector<Range>& reserved) {
  GuestAddr reached = first;
  std::vector<Range> gaps;
  for (const Range& range : overlaps(first, last)) {
    if (reached < range.first) gaps.push_back({reached, range.first, PROT_NONE});
    reached = range.last;
  }
  if (reached < last) gaps.push_back({reached, last, PROT_NONE});
  for (const Range& gap : gaps) {
    const SysResult result =
        host_mmap(gap.first, gap.last - gap.first, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (result.failed()) {
      give_back(reserved);
      return result.error_number() == EEXIST ? SysResult::error(ENOMEM) : result;
    }
    insert(gap.first, {gap.last, PROT_NONE});
    reserved.push_back(gap);
  }
  return 0;
}

/// The call that reserve_target() prepared has failed: what was free is free again.
void AddressSpace::give_back(const std::vector<Range>& reserved) {
  for (const Range& gap : reserved) {
    raw_syscall(SYS_munmap, gap.first.value, gap.last - gap.first);
    erase(gap.first, gap.last);
  }
}

// --- tags ---

bool AddressSpace::reset_tags(GuestAddr first, GuestAddr last, int protection) {
  return tags_ == nullptr || tags_->reset(first, last, (protection & kProtTagged) != 0);
}

bool AddressSpace::move_tags(Range from, Range to, bool keeps_old) {
  if (from.first == to.first) {
    if (to.last < from.last) forget_tags(to.last, from.last);
    return to.last <= from.last || reset_tags(from.last, to.last, kProtTagged);
  }
  const bool room = reset_tags(to.first, to.last, kProtTagged);
  if (room) tags_->move(from.first, to.first, std::min(from.last - from.first, to.last - to.first));
  if (!keeps_old) forget_tags(from.first, from.last);
  return room;
}

/// Memory that starts again as zeros has tags of zero.
void AddressSpace::drop_tags_of_contents(const std::vector<Range>& ranges, int advice) {
  constexpr int kDontneedLocked = 24;  // MADV_DONTNEED_LOCKED
  for (const Range& range : ranges) {
    const bool dropped = advice == MADV_DONTNEED || advice == kDontneedLocked
                             ? range.backing == Backing::Anonymous
                             : advice == MADV_REMOVE && range.backing == Backing::SharedMemory;
    // There was room for these tags before.
    if (dropped && (range.protection & kProtTagged) != 0)
      (void)reset_tags(range.first, range.last, kProtTagged);
  }
}

// --- placement ---

std::optional<FileIdentity> AddressSpace::begun_image(GuestAddr address, int protection, int flags, int fd,
                                                      uint64_t offset) {
  const bool asks = address.value != 0 || (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
  if (!stable_placement_ || asks) return std::nullopt;
  // Not the stacks of threads nor the heaps of allocators, which have more flags.
  if (protection == PROT_NONE && flags == (MAP_PRIVATE | MAP_ANONYMOUS))
    return identify(expected_image_.exchange(-1, std::memory_order_relaxed));
  const bool is_private_file = (flags & (MAP_TYPE | MAP_ANONYMOUS)) == MAP_PRIVATE;
  return is_private_file && offset == 0 ? identify(fd) : std::nullopt;
}

void AddressSpace::add_file(GuestAddr first, GuestAddr last, const FileIdentity& file) {
  if (engine_ && stable_placement_) engine_->add_file(first, last, file);
}

// --- system calls ---

SysResult AddressSpace::mmap(GuestAddr address, uint64_t length, int protection, int flags, int fd,
                             uint64_t offset) {
  flags &= ~kMap32Bit;
  if (tags_ == nullptr) protection &= ~kProtTagged;
  const Backing backing = backing_of(flags, fd);
  if ((protection & kProtTagged) != 0 && backing == Backing::File) return SysResult::error(EINVAL);
  const bool fixed = (flags & MAP_FIXED) != 0;
  const bool no_replace = (flags & MAP_FIXED_NOREPLACE) == MAP_FIXED_NOREPLACE;
  const std::optional<FileIdentity> image = begun_image(address, protection, flags, fd, offset);
  const std::lock_guard guard(mutex_);
  if (const SysResult room = room_to_lock(length); room.failed()) return room;
  if (fixed && !no_replace) {
    GuestAddr last;
    if (length == 0 || !page_aligned(address)) return SysResult::error(EINVAL);
    if (!page_range(address, length, last)) return SysResult::error(ENOMEM);
    const auto before = overlaps(address, last);
    std::vector<Range> reserved;
    if (const SysResult room = reserve_target(address, last, reserved); room.failed()) return room;
    const SysResult result = host_mmap(address, length, protection, flags, fd, offset);
    if (result.failed()) {
      give_back(reserved);
      return result;
    }
    const SysResult added = add_mapping(address, {.end = last, .protection = protection, .backing = backing});
    forget_code(before);
    return added;
  }
  const SysResult result = image ? host_mmap_preferred(*image, length, protection, flags, fd, offset)
                                 : host_mmap(address, length, protection, flags, fd, offset);
  if (result.failed()) return result;
  const GuestAddr first = to_address(result);
  const GuestAddr last{align_up(first.value + length, kPageSize)};
  if (image && is_preferred(first)) add_file(first, last, *image);
  return add_mapping(first, {.end = last, .protection = protection, .backing = backing});
}

SysResult AddressSpace::add_mapping(GuestAddr first, const Vma& vma) {
  if (!reset_tags(first, vma.end, vma.protection)) {
    raw_syscall(SYS_munmap, first.value, vma.end - first);
    erase(first, vma.end);
    return SysResult::error(ENOMEM);
  }
  insert(first, vma);
  lock_new(first, vma.end);
  return static_cast<int64_t>(first.value);
}

SysResult AddressSpace::munmap(GuestAddr address, uint64_t length) {
  GuestAddr last;
  if (length == 0 || !page_aligned(address) || !page_range(address, length, last))
    return SysResult::error(EINVAL);
  const std::lock_guard guard(mutex_);
  for (const Range& range : overlaps(address, last)) {
    const SysResult result = raw_syscall(SYS_munmap, range.first.value, range.last - range.first);
    if (result.failed()) return result;
    forget_tags(range.first, range.last);
    erase(range.first, range.last);
    forget_code({range});
  }
  return 0;
}

SysResult AddressSpace::mprotect(GuestAddr address, uint64_t length, int protection) {
  GuestAddr last;
  if (!page_aligned(address)) return SysResult::error(EINVAL);
  if (!page_range(address, length, last)) return SysResult::error(ENOMEM);
  if (tags_ == nullptr && (protection & kProtTagged) != 0) return SysResult::error(EINVAL);
  constexpr int kGrows = PROT_GROWSDOWN | PROT_GROWSUP;
  const std::lock_guard guard(mutex_);
  GuestAddr reached = address;
  for (const Range& range : overlaps(address, last)) {
    if (range.first != reached) break;
    const int kept = range.protection & kProtTagged;
    const bool new_tags = (protection & ~range.protection & kProtTagged) != 0;
    if (new_tags && range.backing == Backing::File) return SysResult::error(EINVAL);
    if (new_tags && !reset_tags(range.first, range.last, protection)) return SysResult::error(ENOMEM);
    const SysResult result = raw_syscall(SYS_mprotect, range.first.value, range.last - range.first,
                                         static_cast<uint64_t>(host_protection(protection & ~kGrows)));
    if (result.failed()) return result;
    // Translations stay when the page stays executable, guarded or not as it was, and cannot have changed
    // since: it is not writable now.
    const bool stays = (protection & PROT_EXEC) && (range.protection & PROT_EXEC) &&
                       !(range.protection & PROT_WRITE) && !((protection ^ range.protection) & kProtGuarded);
    change_protection(range.first, range.last, (protection & ~kGrows) | kept);
    if (!stays) forget_code({range});
    reached = range.last;
  }
  return reached >= last ? SysResult{0} : SysResult::error(ENOMEM);
}

SysResult AddressSpace::mremap(GuestAddr old_address, uint64_t old_length, uint64_t new_length, int flags,
                               GuestAddr new_address) {
  GuestAddr old_last, new_last;
  if (!page_aligned(old_address) || new_length == 0) return SysResult::error(EINVAL);
  if (!page_range(old_address, old_length, old_last)) return SysResult::error(EINVAL);
  if (!known_remap_flags(flags, old_last - old_address == align_up(new_length, kPageSize)))
    return SysResult::error(EINVAL);
  const std::lock_guard guard(mutex_);
  const GuestAddr checked_last = old_length == 0 ? old_address + 1 : old_last;
  if (!covers(old_address, checked_last)) return SysResult::error(EFAULT);
  const bool fixed = (flags & MREMAP_FIXED) != 0;
  std::vector<Range> reserved;
  if (fixed) {
    if (!page_aligned(new_address) || !page_range(new_address, new_length, new_last))
      return SysResult::error(EINVAL);
    if (new_address < old_last && old_address < new_last) return SysResult::error(EINVAL);
    if (const SysResult room = reserve_target(new_address, new_last, reserved); room.failed()) return room;
  }
  const auto old_ranges = overlaps(old_address, checked_last);
  const SysResult result = raw_syscall(SYS_mremap, old_address.value, old_length, new_length,
                                       static_cast<uint64_t>(flags), new_address.value);
  if (result.failed()) {
    give_back(reserved);
    return result;
  }
  const GuestAddr first = to_address(result);
  const GuestAddr last{align_up(first.value + new_length, kPageSize)};
  const auto replaced = overlaps(first, last);
  const bool keeps_old = (flags & kMremapDontUnmap) != 0 || old_length == 0;
  if (!keeps_old) erase(old_address, old_last);
  follow_remap(old_ranges, {first, last, PROT_NONE}, keeps_old);
  forget_code(old_ranges);
  forget_code(replaced);
  return result;
}

/// mremap(2) has made `now` of the mappings `old`. There may be several since Linux 6.17; the last is the one
/// that grows.
void AddressSpace::follow_remap(const std::vector<Range>& old, Range now, bool keeps_old) {
  for (const Range& range : old) {
    const GuestAddr first = now.first + (range.first - old.front().first);
    const GuestAddr last =
        &range == &old.back() ? now.last : std::min(now.last, first + (range.last - range.first));
    if (first >= last) {
      forget_tags(range.first, range.last);
      continue;
    }
    Vma vma{.end = last, .protection = range.protection, .kind = range.kind, .backing = range.backing};
    if ((vma.protection & kProtTagged) == 0) {
      forget_tags(first, last);
    } else if (!move_tags(range, {first, last, PROT_NONE}, keeps_old)) {
      vma.protection &= ~kProtTagged;
    }
    insert(first, vma);
    if (range.kind == VmaKind::Vdso) vdso_ = first.value;
  }
}

SysResult AddressSpace::madvise(GuestAddr address, uint64_t length, int advice) {
  GuestAddr last;
  if (!page_aligned(address) || !page_range(address, length, last)) return SysResult::error(EINVAL);
  const std::lock_guard guard(mutex_);
  const bool complete = covers(address, last);
  const auto ranges = overlaps(address, last);
  if (ranges.empty()) {
    // An invalid advice is EINVAL even for nothing; the kernel knows which are.
    const SysResult result = raw_syscall(SYS_madvise, address.value, 0, static_cast<uint64_t>(advice));
    return result.failed() || complete ? result : SysResult::error(ENOMEM);
  }
  for (const Range& range : ranges) {
    const SysResult result =
        raw_syscall(SYS_madvise, range.first.value, range.last - range.first, static_cast<uint64_t>(advice));
    if (result.failed()) return result;
  }
  if (advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE) forget_code(ranges);
  drop_tags_of_contents(ranges, advice);
  return complete ? SysResult{0} : SysResult::error(ENOMEM);
}

SysResult AddressSpace::shmat(int id, GuestAddr address, int flags) {
  shmid_ds info;
  if (::shmctl(id, IPC_STAT, &info) != 0) return SysResult::error(errno);
  const std::lock_guard guard(mutex_);
  std::vector<Range> reserved;
  if (address.value != 0 && (flags & SHM_REMAP)) {
    const GuestAddr first{flags & SHM_RND ? support::align_down(address.value, kPageSize) : address.value};
    GuestAddr last;
    if (!page_aligned(first) || !page_range(first, info.shm_segsz, last)) return SysResult::error(EINVAL);
    if (const SysResult room = reserve_target(first, last, reserved); room.failed()) return room;
  }
  const SysResult result = raw_syscall(SYS_shmat, static_cast<uint64_t>(id), address.value,
                                       static_cast<uint64_t>(flags & ~SHM_EXEC));
  if (result.failed()) {
    give_back(reserved);
    return result;
  }
  const GuestAddr first = to_address(result);
  const int protection =
      PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
  const GuestAddr last{align_up(first.value + info.shm_segsz, kPageSize)};
  const auto replaced = overlaps(first, last);
  forget_tags(first, last);
  insert(first, {.end = last, .protection = protection, .backing = Backing::SharedMemory});
  forget_code(replaced);
  lock_new(first, last);
  shared_segments_[first] = last - first;
  return result;
}

SysResult AddressSpace::shmdt(GuestAddr address) {
  const std::lock_guard guard(mutex_);
  const auto segment = shared_segments_.find(address);
  if (segment == shared_segments_.end()) return SysResult::error(EINVAL);
  const SysResult result = raw_syscall(SYS_shmdt, address.value);
  if (result.failed()) return result;
  const auto before = overlaps(address, address + segment->second);
  forget_tags(address, address + segment->second);
  erase(address, address + segment->second);
  forget_code(before);
  shared_segments_.erase(segment);
  return result;
}

SysResult AddressSpace::remap_file_pages(GuestAddr address, uint64_t size, int protection,
                                         uint64_t page_offset, int flags) {
  GuestAddr last;
  if (!page_range(address, size, last)) return SysResult::error(EINVAL);
  const std::lock_guard guard(mutex_);
  if (!covers(address, last)) return SysResult::error(EINVAL);
  const SysResult result =
      raw_syscall(SYS_remap_file_pages, address.value, size, static_cast<uint64_t>(protection), page_offset,
                  static_cast<uint64_t>(flags));
  if (!result.failed()) forget_code(overlaps(address, last));
  return result;
}

void AddressSpace::set_brk_start(GuestAddr start) {
  const std::lock_guard guard(mutex_);
  brk_start_ = brk_ = start;
}

GuestAddr AddressSpace::brk(GuestAddr wanted) {
  const std::lock_guard guard(mutex_);
  if (wanted < brk_start_ || wanted.value > kAddressLimit) return brk_;
  const GuestAddr old_end{align_up(brk_.value, kPageSize)};
  const GuestAddr new_end{align_up(wanted.value, kPageSize)};
  if (new_end > old_end) {
    if (room_to_lock(new_end - old_end).failed()) return brk_;
    const int protection = PROT_READ | PROT_WRITE;
    const SysResult result = host_mmap(old_end, new_end - old_end, protection,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (result.failed()) return brk_;
    if (to_address(result) != old_end) {  // a kernel before 4.17 takes the address as a hint
      raw_syscall(SYS_munmap, static_cast<uint64_t>(result.value), new_end - old_end);
      return brk_;
    }
    insert(old_end, {new_end, protection, VmaKind::Heap});
    lock_new(old_end, new_end);
  } else if (new_end < old_end) {
    const auto before = overlaps(new_end, old_end);
    raw_syscall(SYS_munmap, new_end.value, old_end - new_end);
    forget_tags(new_end, old_end);
    erase(new_end, old_end);
    forget_code(before);
  }
  brk_ = wanted;
  return brk_;
}

void AddressSpace::set_kind(GuestAddr address, VmaKind kind) {
  const std::lock_guard guard(mutex_);
  const auto it = vmas_.upper_bound(address);
  if (it != vmas_.begin() && std::prev(it)->second.end > address) std::prev(it)->second.kind = kind;
  if (kind == VmaKind::Vdso) vdso_ = address.value;
}

bool AddressSpace::is_mapped(GuestAddr address, uint64_t length) const {
  const std::lock_guard guard(mutex_);
  return length <= kAddressLimit && covers(address, address + length);
}

const Vma* AddressSpace::vma_at(GuestAddr address) const {
  const auto it = vmas_.upper_bound(address);
  if (it == vmas_.begin() || std::prev(it)->second.end <= address) return nullptr;
  return &std::prev(it)->second;
}

bool AddressSpace::executable(GuestAddr address) {
  const std::lock_guard guard(map_mutex_);
  const Vma* vma = vma_at(address);
  return vma != nullptr && (vma->protection & PROT_EXEC) != 0;
}

bool AddressSpace::guarded(GuestAddr address) {
  const std::lock_guard guard(map_mutex_);
  const Vma* vma = vma_at(address);
  return vma != nullptr && (vma->protection & kProtGuarded) != 0;
}

bool AddressSpace::mapped(GuestAddr address) {
  const std::lock_guard guard(map_mutex_);
  return vma_at(address) != nullptr;
}

std::map<GuestAddr, Vma> AddressSpace::snapshot() const {
  const std::lock_guard guard(mutex_);
  return vmas_;
}

}  // namespace ferry::linux_user
