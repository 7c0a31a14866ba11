#include "linux-user/loader/map_image.h"

#include <sys/mman.h>

#include <cstring>
#include <optional>

#include "ir/support/bits.h"
#include "linux-user/mm/guest_copy.h"

namespace ferry::linux_user {

namespace {

using support::align_down;
using support::align_up;
using support::Error;
using support::Result;

std::string range_text(uint64_t first, uint64_t last) {
  char text[64];
  std::snprintf(text, sizeof text, "0x%lx to 0x%lx", static_cast<unsigned long>(first),
                static_cast<unsigned long>(last));
  return text;
}

Error cannot_map(SysResult result, uint64_t first, uint64_t last) {
  return {"cannot be loaded at " + range_text(first, last) + ": " + std::strerror(result.error_number())};
}

constexpr int kReserve = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

uint64_t image_size(const ElfImage& image) { return image.last - image.first; }

/// Where the image begins when it lies behind `address`. The file's own addresses need not be multiples of
/// the alignment: keep their remainder.
uint64_t aligned_first(const ElfImage& image, uint64_t address) {
  const uint64_t remainder = image.first % image.alignment;
  return align_up(address - remainder, image.alignment) + remainder;
}

/// Takes the addresses of an image that lies nowhere else.
Result<uint64_t> reserve_fixed(AddressSpace& memory, const ElfImage& image) {
  const SysResult result =
      memory.mmap({image.first}, image_size(image), PROT_NONE, kReserve | MAP_FIXED_NOREPLACE, -1, 0);
  if (result.error_number() == EEXIST) {
    return Error{"wants the addresses " + range_text(image.first, image.last) +
                 ", which ferry needs for itself"};
  }
  if (result.error_number() == EPERM) {
    return Error{"wants the address " + range_text(image.first, image.last) +
                 ", below what this host allows (see /proc/sys/vm/mmap_min_addr)"};
  }
  if (result.failed()) return cannot_map(result, image.first, image.last);
  return uint64_t{0};
}

/// Where the file prefers to lie; nothing when all of that is taken.
std::optional<uint64_t> reserve_preferred(AddressSpace& memory, int fd, const ElfImage& image,
                                          ImageKind kind) {
  const std::optional<FileIdentity> file = memory.stable_placement() ? identify(fd) : std::nullopt;
  for (unsigned attempt = 0; file && attempt < kPlacementAttempts; ++attempt) {
    const uint64_t first = aligned_first(image, preferred_address(*file, kind, attempt).value);
    const SysResult result =
        memory.mmap({first}, image_size(image), PROT_NONE, kReserve | MAP_FIXED_NOREPLACE, -1, 0);
    if (result.value == static_cast<int64_t>(first)) return first - image.first;
    // A kernel before 4.17 takes the address as a hint.
    if (!result.failed()) (void)memory.munmap({static_cast<uint64_t>(result.value)}, image_size(image));
  }
  return std::nullopt;
}

/// At `hint` or where the kernel likes.
Result<uint64_t> reserve_anywhere(AddressSpace& memory, const ElfImage& image, GuestAddr hint) {
  const uint64_t size = image_size(image);
  // With room for the alignment, of which the rest is given back.
  const uint64_t slack = image.alignment - kElfPageSize;
  if (size > (uint64_t{1} << 47) - slack)
    return cannot_map(SysResult::error(ENOMEM), image.first, image.last);
  const GuestAddr aligned_hint{align_down(hint.value, image.alignment)};
  const SysResult result = memory.mmap(aligned_hint, size + slack, PROT_NONE, kReserve, -1, 0);
  if (result.failed()) return cannot_map(result, image.first, image.last);
  const auto got = static_cast<uint64_t>(result.value);
  const uint64_t first = aligned_first(image, got);
  if (first > got) (void)memory.munmap({got}, first - got);
  if (first + size < got + size + slack) (void)memory.munmap({first + size}, got + slack - first);
  return first - image.first;
}

/// Takes the whole range of the image, so that its segments cannot land on anything else. Answers the bias.
Result<uint64_t> reserve(AddressSpace& memory, int fd, const ElfImage& image, ImageKind kind,
                         GuestAddr hint) {
  if (image.fixed) return reserve_fixed(memory, image);
  if (const std::optional<uint64_t> bias = reserve_preferred(memory, fd, image, kind)) return *bias;
  return reserve_anywhere(memory, image, hint);
}

/// arch_elf_adjust_prot() of arch/arm64/kernel/process.c: a program with an interpreter is guarded by that.
bool guards_segment(const ElfImage& image, const ElfSegment& segment) {
  return image.guarded_code && image.interpreter.empty() && (segment.protection & PROT_EXEC) != 0;
}

/// Maps one segment over the reserved range.
Result<bool> map_segment(AddressSpace& memory, int fd, const ElfSegment& segment, uint64_t bias) {
  const uint64_t address = segment.address + bias;
  const uint64_t page = align_down(address, kElfPageSize);
  const uint64_t file_end = address + segment.file_size;
  const uint64_t memory_end = address + segment.memory_size;
  uint64_t mapped_end = page;
  if (segment.file_size > 0) {
    const SysResult result = memory.mmap({page}, file_end - page, segment.protection, MAP_PRIVATE | MAP_FIXED,
                                         fd, segment.offset - (address - page));
    if (result.failed()) return cannot_map(result, page, file_end);
    mapped_end = align_up(file_end, kElfPageSize);
    // The rest of the last page belongs to the .bss. One that cannot be written keeps the file's bytes, as
    // the kernel leaves it.
    if (memory_end > file_end && (segment.protection & PROT_WRITE) &&
        !zero_guest({file_end}, std::min(mapped_end, align_up(memory_end, kElfPageSize)) - file_end)) {
      return cannot_map(SysResult::error(EFAULT), file_end, mapped_end);
    }
  }
  if (align_up(memory_end, kElfPageSize) > mapped_end) {
    const SysResult result = memory.mmap({mapped_end}, memory_end - mapped_end, segment.protection,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (result.failed()) return cannot_map(result, mapped_end, memory_end);
  }
  return true;
}

}  // namespace

Result<MappedImage> map_image(AddressSpace& memory, int fd, const ElfImage& image, ImageKind kind,
                              GuestAddr hint) {
  const Result<uint64_t> bias = reserve(memory, fd, image, kind, hint);
  if (!bias) return bias.error();
  uint64_t reached = image.first + *bias;
  for (const ElfSegment& segment : image.segments) {
    const uint64_t start = align_down(segment.address, kElfPageSize) + *bias;
    if (start > reached) (void)memory.munmap({reached}, start - reached);
    ElfSegment guarded = segment;
    if (guards_segment(image, segment)) guarded.protection |= kProtGuarded;
    if (const Result<bool> mapped = map_segment(memory, fd, guarded, *bias); !mapped) return mapped.error();
    reached = align_up(segment.address + segment.memory_size, kElfPageSize) + *bias;
  }
  MappedImage mapped;
  mapped.bias = *bias;
  mapped.entry = {image.entry + *bias};
  if (image.headers_address != 0) mapped.headers = {image.headers_address + *bias};
  mapped.last = {image.last + *bias};
  return mapped;
}

}  // namespace ferry::linux_user
