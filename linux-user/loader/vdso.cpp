#include "linux-user/loader/vdso.h"

#include <sys/mman.h>

#include "ir/support/bits.h"
#include "linux-user/guest_process.h"
#include "linux-user/mm/guest_copy.h"

namespace ferry::linux_user {
namespace {

constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;

/// Zeroed memory at the address that the image prefers, if that is free and wanted.
SysResult reserve(AddressSpace& memory, uint64_t size, const FileIdentity& identity) {
  for (unsigned attempt = 0; memory.stable_placement() && attempt < kPlacementAttempts; ++attempt) {
    const GuestAddr wanted = preferred_address(identity, ImageKind::Library, attempt);
    const SysResult result =
        memory.mmap(wanted, size, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
    if (!result.failed()) return result;
  }
  return memory.mmap({0}, size, PROT_READ | PROT_WRITE, kFlags, -1, 0);
}

}  // namespace

SysResult map_vdso(Process& process) {
  const auto image = process.abi.vdso().image;
  const FileIdentity identity = identify(image);
  AddressSpace& memory = process.memory;
  const uint64_t size = support::align_up(image.size(), AddressSpace::kPageSize);
  const SysResult mapped = reserve(memory, size, identity);
  if (mapped.failed()) return mapped;
  const GuestAddr first{static_cast<uint64_t>(mapped.value)};
  if (!copy_to_guest(first, image.data(), image.size())) return SysResult::error(EFAULT);
  if (const SysResult result = memory.mprotect(first, size, PROT_READ | PROT_EXEC); result.failed())
    return result;
  memory.set_kind(first, VmaKind::Vdso);
  if (is_preferred(first)) memory.add_file(first, first + size, identity);
  return 0;
}

}  // namespace ferry::linux_user
