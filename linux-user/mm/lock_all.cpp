// mlockall(2) for the guest's mappings. The host's own call would count and lock ferry's, of which most is
// address space in reserve, and mark what ferry maps later.
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "linux-user/host/safe_syscall.h"
#include "linux-user/mm/address_space.h"

namespace ferry::linux_user {
namespace {

/// The stack is mapped in full at the start. What a kernel has mapped of it is what was used.
GuestAddr used_from(GuestAddr first, GuestAddr last) {
  constexpr uint64_t kPage = AddressSpace::kPageSize;
  std::vector<unsigned char> resident((last - first) / kPage);
  if (raw_syscall(SYS_mincore, first.value, last - first, reinterpret_cast<uint64_t>(resident.data())) != 0)
    return last;
  const auto used =
      std::find_if(resident.begin(), resident.end(), [](unsigned char page) { return page & 1; });
  return first + static_cast<uint64_t>(used - resident.begin()) * kPage;
}

/// Whether `bytes` more may be locked: 0, EPERM or EAGAIN. Whether the limit holds for this process only the
/// kernel knows.
SysResult try_to_lock(uint64_t bytes) {
  const SysResult probe =
      raw_syscall(SYS_mmap, 0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_LOCKED,
                  ~uint64_t{0}, 0);
  if (probe.failed()) return probe;
  raw_syscall(SYS_munmap, static_cast<uint64_t>(probe.value), bytes);
  return 0;
}

/// What mlockall(2) says about a process of that size (mm/mlock.c).
SysResult may_lock_all(uint64_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_cur != 0 && bytes <= limit.rlim_cur) return 0;
  const SysResult result = try_to_lock(std::max(bytes, AddressSpace::kPageSize));
  return result.failed() && result.error_number() != EPERM ? SysResult::error(ENOMEM) : result;
}

void lock_range(GuestAddr first, GuestAddr last, int flags) {
  // As mlockall(2), which does not tell of pages that cannot be had.
  raw_syscall(SYS_mlock2, first.value, last - first, (flags & MCL_ONFAULT) != 0 ? MLOCK_ONFAULT : 0);
}

}  // namespace

std::vector<AddressSpace::Range> AddressSpace::lockable() const {
  std::vector<Range> ranges;
  for (const auto& [first, vma] : vmas_) {
    const GuestAddr from = vma.kind == VmaKind::Stack ? used_from(first, vma.end) : first;
    if (from < vma.end) ranges.push_back({from, vma.end, vma.protection});
  }
  return ranges;
}

SysResult AddressSpace::mlockall(int flags) {
  if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0 || flags == MCL_ONFAULT)
    return SysResult::error(EINVAL);
  const std::lock_guard guard(mutex_);
  const bool locks_current = (flags & MCL_CURRENT) != 0;
  const auto ranges = locks_current ? lockable() : std::vector<Range>{};
  uint64_t bytes = 0;
  for (const Range& range : ranges) bytes += range.last - range.first;
  if (const SysResult allowed = may_lock_all(bytes); allowed.failed()) return allowed;
  lock_later_ = (flags & MCL_FUTURE) != 0 ? flags : 0;
  for (const Range& range : ranges) lock_range(range.first, range.last, flags);
  return 0;
}

SysResult AddressSpace::munlockall() {
  const std::lock_guard guard(mutex_);
  lock_later_ = 0;
  for (const auto& [first, vma] : vmas_) raw_syscall(SYS_munlock, first.value, vma.end - first);
  return 0;
}

SysResult AddressSpace::room_to_lock(uint64_t bytes) const {
  if (lock_later_ == 0 || bytes == 0) return 0;
  const int error = try_to_lock(bytes).error_number();
  return error == EAGAIN || error == EPERM ? SysResult::error(EAGAIN) : SysResult{0};
}

void AddressSpace::lock_new(GuestAddr first, GuestAddr last) const {
  if (lock_later_ != 0) lock_range(first, last, lock_later_);
}

}  // namespace ferry::linux_user
