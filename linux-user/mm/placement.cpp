#include "linux-user/mm/placement.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstring>

namespace ferry::linux_user {

namespace {

constexpr size_t kFirstPage = 4096;

/// Windows of 1 TiB between ZGC's heaps, which end at 0x4000'0000'0000, and the lowest address that a kernel
/// gives to programs, 0x5555'0000'0000 (docs/adr/0001-static-image.md). Neither the kernel nor ferry puts
/// anything else there.
constexpr uint64_t kLibraries = 0x480000000000;
constexpr uint64_t kPrograms = 0x490000000000;
constexpr uint64_t kWindow = uint64_t{1} << 40;
static_assert(kLibraries + kWindow == kPrograms);
/// Whatever alignment a linker gives to segments, and a page table of the last level to itself.
constexpr uint64_t kSlot = uint64_t{1} << 21;

bool is_program_or_library(const unsigned char* head, size_t size) {
  Elf64_Ehdr header;
  if (size < sizeof header || std::memcmp(head, ELFMAG, SELFMAG) != 0) return false;
  std::memcpy(&header, head, sizeof header);
  return header.e_type == ET_DYN || header.e_type == ET_EXEC;
}

}  // namespace

std::optional<FileIdentity> identify(int fd) {
  struct stat info;
  // Files of /proc say that they are empty, and some change by being read.
  if (fd < 0 || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) return std::nullopt;
  unsigned char page[kFirstPage];
  const ssize_t got = ::pread(fd, page, sizeof page, 0);
  if (got < 0 || !is_program_or_library(page, static_cast<size_t>(got))) return std::nullopt;
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(page, static_cast<size_t>(got), static_cast<uint64_t>(info.st_size));
  return FileIdentity{hash.low64, hash.high64};
}

FileIdentity identify(std::span<const std::byte> image) {
  const XXH128_hash_t hash = XXH3_128bits(image.data(), image.size());
  return {hash.low64, hash.high64};
}

GuestAddr preferred_address(const FileIdentity& identity, ImageKind kind, unsigned attempt) {
  // Each attempt has 32 bits of the identity to itself.
  const uint64_t half = attempt < 2 ? identity.low : identity.high;
  const uint64_t slot = (half >> (attempt % 2 * 32)) % (kWindow / kSlot);
  return {(kind == ImageKind::Program ? kPrograms : kLibraries) + slot * kSlot};
}

bool is_preferred(GuestAddr address) {
  return kLibraries <= address.value && address.value < kPrograms + kWindow;
}

}  // namespace ferry::linux_user
