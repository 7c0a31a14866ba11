#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ir/support/address.h"
#include "ir/support/result.h"

namespace ferry::linux_user {

/// The bytes of a file, by offset.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  /// Reads exactly `out.size()` bytes; false if they are not all there.
  [[nodiscard]] virtual bool read(uint64_t offset, std::span<std::byte> out) const = 0;
};

/// An open file. Keeps its first page, where all that is needed usually lies.
class FileSource : public ByteSource {
 public:
  explicit FileSource(int fd);
  uint64_t size() const override { return size_; }
  bool read(uint64_t offset, std::span<std::byte> out) const override;
  /// The beginning of the file, at most a page.
  std::span<const std::byte> head() const { return {head_, head_size_}; }

 private:
  int fd_;
  uint64_t size_ = 0;
  size_t head_size_ = 0;
  std::byte head_[4096];
};

/// Bytes in memory.
class SpanSource : public ByteSource {
 public:
  explicit SpanSource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  bool read(uint64_t offset, std::span<std::byte> out) const override;

 private:
  std::span<const std::byte> bytes_;
};

/// What the file must be for.
struct ElfTarget {
  uint8_t elf_class;
  uint8_t elf_data;
  uint16_t machine;
};

/// A PT_LOAD segment; all numbers are checked against the file and against each other.
struct ElfSegment {
  uint64_t address;
  uint64_t memory_size;
  uint64_t offset;
  uint64_t file_size;
  int protection;  ///< PROT_ bits
};

/// What loading needs to know of an ELF file.
struct ElfImage {
  bool fixed = false;  ///< ET_EXEC: addresses are final
  uint64_t entry = 0;
  uint64_t first = 0;                ///< lowest address, page-aligned
  uint64_t last = 0;                 ///< end of the highest segment, page-aligned
  uint64_t alignment = 0;            ///< the largest p_align, at least a page
  std::vector<ElfSegment> segments;  ///< by ascending address, at least one
  uint64_t headers_address = 0;      ///< of the program headers in memory; 0: not mapped
  uint16_t header_count = 0;
  std::string interpreter;  ///< empty: none
  bool executable_stack = false;
  bool guarded_code = false;  ///< AArch64: the property GNU_PROPERTY_AARCH64_FEATURE_1_BTI
};

inline constexpr uint64_t kElfPageSize = 4096;
/// The size of one program header of a 64-bit file: AT_PHENT.
inline constexpr uint64_t kElfHeaderEntrySize = 56;

bool is_elf(std::span<const std::byte> head);
/// Whether `head` (the file's first bytes) belongs to an ELF file for `target`.
bool is_elf_for(std::span<const std::byte> head, const ElfTarget& target);

/// Reads and checks the headers. Allocates no more than the headers themselves need, whatever the file says.
/// The Error completes the sentence "FILE ...".
support::Result<ElfImage> parse_elf(const ByteSource& file, const ElfTarget& target);

}  // namespace ferry::linux_user
