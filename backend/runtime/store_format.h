#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "backend/codegen.h"

namespace ferry::backend {

/// An image as a file of the code store holds it.
struct StoredImage {
  CodeImage image;                   ///< its arrays lie in the file
  std::span<const std::byte> guest;  ///< the guest code it was made from, range after range
  bool guarded = false;              ///< that code lies in pages where indirect branches are checked
};

/// The file of a unit (docs/adr/0015-code-store.md): segments, one after the other, each made by one process.
/// A segment is a header, a hash table of its records, and the records; it is complete once its header is
/// there. Everything is read where it lies. Numbers are the host's, offsets count from the segment's start.
class Segment {
 public:
  /// The segment at the start of `bytes`; nothing if there is none, or one that is not whole.
  static std::optional<Segment> read(std::span<const std::byte> bytes);

  size_t size() const { return bytes_.size(); }
  /// Calls `use(StoredImage)` for each intact record of `key` until that returns true. Whether it did.
  template <typename Use>
  bool find(ir::BlockKey key, Use use) const {
    for (uint32_t i = hash(key), tried = 0; tried < table_.size(); ++i, ++tried) {
      const uint32_t place = table_[i & (table_.size() - 1)];
      if (place == 0) return false;
      if (!holds(place, key)) continue;
      const auto stored = image(place);
      if (stored && use(*stored)) return true;
    }
    return false;
  }
  /// Calls `use(StoredImage)` for each good record. Whether the table leads to good ones only, and to all.
  template <typename Use>
  bool check(Use use) const {
    uint64_t good_bytes = 0;
    bool all = true;
    std::unordered_set<uint32_t> seen;
    for (const uint32_t place : table_) {
      if (place == 0) continue;
      const auto stored = image(place);
      all &= stored && seen.insert(place).second;
      if (!stored) continue;
      good_bytes += intact(place).size();
      use(*stored);
    }
    return all && good_bytes == record_bytes();
  }
  /// Calls `use(span)` for each intact record, as it is stored.
  template <typename Use>
  void for_each(Use use) const {
    for (const uint32_t place : table_) {
      if (const auto raw = intact(place); !raw.empty()) use(raw);
    }
  }

 private:
  friend class SegmentWriter;

  static uint32_t hash(ir::BlockKey key);
  /// The record's bytes, if its checksum is right; else none.
  std::span<const std::byte> intact(uint32_t place) const;
  /// Whether there is a record of `key`, intact or not.
  bool holds(uint32_t place, ir::BlockKey key) const;
  std::optional<StoredImage> image(uint32_t place) const;
  /// Of all records together.
  uint64_t record_bytes() const;

  std::span<const std::byte> bytes_;
  std::span<const uint32_t> table_;  ///< places of records, in units of 16 bytes; 0: none
};

/// Whether `bytes`, behind the last whole segment of a file, are nothing or what a process writes, or wrote
/// until it was killed: the start of a segment's header comes last.
bool is_unfinished(std::span<const std::byte> bytes);
/// The part of a segment that is written last.
constexpr size_t kSegmentSeal = 16;

/// Collects records for a new segment.
class SegmentWriter {
 public:
  void add(const StoredImage& stored);
  /// A record of another segment.
  void add_raw(std::span<const std::byte> record);
  bool empty() const { return starts_.empty(); }
  size_t bytes() const { return records_.size(); }
  /// The whole segment.
  std::vector<std::byte> finish() const;
  void clear();

 private:
  template <typename T>
  void append(std::span<const T> values);
  void pad();

  std::vector<std::byte> records_;
  std::vector<uint32_t> starts_;  ///< of the records in it, in units of 16 bytes
};

}  // namespace ferry::backend
