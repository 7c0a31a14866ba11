#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "system/block/host_file.h"

/// The qcow2 format as QEMU's docs/interop/qcow2.txt describes it.
namespace ferry::system::qcow2 {

template <typename T>
T load_be(std::span<const std::byte> bytes, size_t at = 0) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  return value;
}

template <typename T>
void store_be(std::span<std::byte> bytes, size_t at, T value) {
  if constexpr (sizeof(T) == 8) value = __builtin_bswap64(value);
  if constexpr (sizeof(T) == 4) value = __builtin_bswap32(value);
  if constexpr (sizeof(T) == 2) value = __builtin_bswap16(value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

constexpr uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }
constexpr uint64_t divide_up(uint64_t value, uint64_t unit) { return value / unit + (value % unit != 0); }

constexpr uint32_t kMagic = 0x514649fb;
constexpr uint32_t kMinClusterBits = 9, kMaxClusterBits = 21;
constexpr uint32_t kMinHeader[] = {0, 0, 72, 104};  ///< by version
constexpr uint32_t kMaxBackingName = 1023;
/// QEMU's limits.
constexpr uint64_t kMaxL1Bytes = 32 << 20, kMaxRefcountTableBytes = 8 << 20;
constexpr uint32_t kMaxSnapshots = 65536;

namespace incompatible {
constexpr uint64_t kDirty = 1, kCorrupt = 2, kExternalData = 4, kCompressionType = 8, kExtendedL2 = 16;
}
constexpr uint64_t kLazyRefcounts = 1;  ///< a compatible feature
constexpr uint64_t kBitmaps = 1;        ///< clears itself when somebody writes who does not keep them up

enum class Compression : uint8_t { Zlib = 0, Zstd = 1 };

struct Header {
  uint32_t version = 3;
  uint32_t cluster_bits = 16;
  uint64_t size = 0;
  uint32_t l1_entries = 0;
  uint64_t l1_offset = 0;
  uint64_t refcount_table_offset = 0;
  uint32_t refcount_table_clusters = 0;
  uint32_t snapshots = 0;
  uint64_t snapshots_offset = 0;
  uint64_t incompatible = 0, compatible = 0, autoclear = 0;
  uint32_t refcount_order = 4;
  uint32_t length = 112;
  Compression compression = Compression::Zlib;
  uint64_t backing_offset = 0;  ///< with backing_file's length these two are in the fixed part
  std::string backing_file;     ///< empty: none
  std::string backing_format;   ///< empty: not said

  uint64_t cluster_size() const { return uint64_t{1} << cluster_bits; }
  uint64_t l2_entries() const { return cluster_size() / 8; }
  uint64_t clusters(uint64_t bytes) const { return divide_up(bytes, cluster_size()); }
  /// Entries of an L1 table for a disk of this size.
  uint64_t l1_entries_for(uint64_t bytes) const { return divide_up(clusters(bytes), l2_entries()); }
  bool has(uint64_t incompatible_feature) const { return (incompatible & incompatible_feature) != 0; }
};

/// Refuses what cannot be understood or contradicts itself.
Result<Header> read_header(const HostFile& file);
/// The fixed part, which lies in one sector: to be written over the old one. It keeps what follows.
std::vector<std::byte> encode_fixed(const Header& header);
/// The whole first cluster, with extensions and the backing file's name, for a new image; sets
/// backing_offset.
Result<std::vector<std::byte>> encode_first_cluster(Header& header);
bool has_magic(std::span<const std::byte> start);

// Entries of the tables.

constexpr uint64_t kOffsetMask = 0x00ff'ffff'ffff'fe00;
constexpr uint64_t kCopied = uint64_t{1} << 63;  ///< whose reference count is one
constexpr uint64_t kCompressed = uint64_t{1} << 62;
constexpr uint64_t kZero = 1;  ///< version 3

/// The bytes of a compressed cluster in the file.
struct Range {
  uint64_t offset, length;
};

inline bool is_compressed(uint64_t l2_entry) { return (l2_entry & kCompressed) != 0; }
inline bool is_zero(uint64_t l2_entry) { return !is_compressed(l2_entry) && (l2_entry & kZero) != 0; }
inline uint64_t host_offset(uint64_t entry) { return entry & kOffsetMask; }
/// Whether guest data is at host_offset().
inline bool is_data(uint64_t l2_entry) {
  return !is_compressed(l2_entry) && !is_zero(l2_entry) && host_offset(l2_entry) != 0;
}
Range compressed_range(const Header& header, uint64_t l2_entry);
/// Empty if the file is too large for it.
std::optional<uint64_t> compressed_entry(const Header& header, Range range);

/// A run of clusters, by number.
struct Clusters {
  uint64_t first, count;
};
/// What an L2 entry refers to; count 0: nothing.
Clusters clusters_of(const Header& header, uint64_t l2_entry);

/// Tables of 64-bit entries.
Result<std::vector<uint64_t>> read_table(const HostFile& file, uint64_t offset, uint64_t entries,
                                         std::string_view name);
Status write_table(HostFile& file, uint64_t offset, std::span<const uint64_t> entries);

}  // namespace ferry::system::qcow2
