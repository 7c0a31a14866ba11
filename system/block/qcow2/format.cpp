#include "system/block/qcow2/format.h"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::system::qcow2 {

namespace {

// Places of the fixed part.
enum At : uint8_t {
  kVersion = 4,
  kBackingOffset = 8,
  kBackingLength = 16,
  kClusterBits = 20,
  kSize = 24,
  kCryptMethod = 32,
  kL1Entries = 36,
  kL1Offset = 40,
  kRefcountOffset = 48,
  kRefcountClusters = 56,
  kSnapshots = 60,
  kSnapshotsOffset = 64,
  kIncompatible = 72,
  kCompatible = 80,
  kAutoclear = 88,
  kRefcountOrder = 96,
  kHeaderLength = 100,
  kCompressionType = 104,
};

constexpr uint32_t kEndExtension = 0, kBackingFormatExtension = 0xe2792aca,
                   kFeatureNamesExtension = 0x6803f857;
constexpr size_t kFeatureNameBytes = 48;

struct FeatureName {
  uint8_t kind;  ///< 0 incompatible, 1 compatible, 2 clears itself
  uint8_t bit;
  std::string name;
};

const FeatureName kFeatures[] = {
    {0, 0, "dirty bit"},        {0, 1, "corrupt bit"},         {0, 2, "external data file"},
    {0, 3, "compression type"}, {0, 4, "extended L2 entries"}, {1, 0, "lazy refcounts"},
    {2, 0, "bitmaps"},          {2, 1, "raw external data"},
};

constexpr uint64_t kKnownIncompatible = incompatible::kDirty | incompatible::kCorrupt |
                                        incompatible::kExternalData | incompatible::kCompressionType |
                                        incompatible::kExtendedL2;

/// What the extensions say.
struct Extensions {
  std::string backing_format;
  std::vector<FeatureName> features;
};

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A name from the image, which may hold anything: for messages.
std::string printable(std::string name) {
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
  return name;
}

void read_feature_names(std::span<const std::byte> data, std::vector<FeatureName>& features) {
  for (; data.size() >= kFeatureNameBytes; data = data.subspan(kFeatureNameBytes)) {
    std::string name = text(data.subspan(2, kFeatureNameBytes - 2));
    name.resize(std::min(name.find('\0'), name.size()));
    features.push_back(
        {std::to_integer<uint8_t>(data[0]), std::to_integer<uint8_t>(data[1]), printable(name)});
  }
}

std::optional<Extensions> read_extensions(std::span<const std::byte> area) {
  Extensions extensions;
  while (area.size() >= 8) {
    const auto type = load_be<uint32_t>(area), length = load_be<uint32_t>(area, 4);
    if (type == kEndExtension) break;
    area = area.subspan(8);
    if (length > area.size()) return {};
    const auto data = area.first(length);
    if (type == kBackingFormatExtension) extensions.backing_format = text(data);
    if (type == kFeatureNamesExtension) read_feature_names(data, extensions.features);
    area = area.subspan(std::min<size_t>(area.size(), round_up(length, 8)));
  }
  return extensions;
}

/// The names of features that this ferry does not know.
std::string unknown_features(uint64_t bits, const std::vector<FeatureName>& names) {
  std::string list;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((bits >> bit & 1) == 0) continue;
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const FeatureName& f) { return f.kind == 0 && f.bit == bit; });
    list += (list.empty() ? "" : ", ") + (found != names.end() ? found->name : fmt::format("bit {}", bit));
  }
  return list;
}

/// A table that the header points to.
struct TablePlace {
  const char* name;
  uint64_t offset, bytes, limit;
};

std::string problem_of_tables(const Header& h) {
  const TablePlace places[] = {
      {"L1 table", h.l1_offset, uint64_t{h.l1_entries} * 8, kMaxL1Bytes},
      {"refcount table", h.refcount_table_offset, h.refcount_table_clusters * h.cluster_size(),
       kMaxRefcountTableBytes},
      {"snapshot table", h.snapshots_offset, h.snapshots, kMaxSnapshots},
  };
  for (const TablePlace& place : places) {
    if (place.bytes > place.limit) return fmt::format("its {} is too large", place.name);
    if (place.bytes == 0) continue;
    if (place.offset % h.cluster_size() != 0 || place.offset == 0 || place.offset > kOffsetMask)
      return fmt::format("its {} has the invalid offset {:#x}", place.name, place.offset);
  }
  if (h.refcount_table_clusters == 0) return "it has no refcount table";
  if (h.size > uint64_t{INT64_MAX} || h.l1_entries_for(h.size) > h.l1_entries)
    return "its L1 table is too small for the disk's size";
  return {};
}

/// Why the image cannot be used, or nothing. `head` is the first cluster, or as much as there is.
std::string decode(std::span<const std::byte> head, Header& h) {
  h.version = load_be<uint32_t>(head, kVersion);
  if (h.version < 2 || h.version > 3) return fmt::format("version {} of qcow2 is not supported", h.version);
  h.cluster_bits = load_be<uint32_t>(head, kClusterBits);
  if (h.cluster_bits < kMinClusterBits || h.cluster_bits > kMaxClusterBits)
    return fmt::format("clusters of 2^{} bytes are not supported (2^{} to 2^{})", h.cluster_bits,
                       kMinClusterBits, kMaxClusterBits);
  head = head.first(std::min<size_t>(head.size(), h.cluster_size()));
  h.length = kMinHeader[2];
  if (h.version >= 3) {
    h.incompatible = load_be<uint64_t>(head, kIncompatible);
    h.compatible = load_be<uint64_t>(head, kCompatible);
    h.autoclear = load_be<uint64_t>(head, kAutoclear);
    h.refcount_order = load_be<uint32_t>(head, kRefcountOrder);
    h.length = load_be<uint32_t>(head, kHeaderLength);
    if (h.length < kMinHeader[3] || h.length > head.size())
      return fmt::format("a header of {} bytes is invalid", h.length);
  }
  const auto extensions = read_extensions(head.subspan(h.length));
  if (!extensions) return "a header extension is longer than the header's cluster";
  h.backing_format = extensions->backing_format;
  if (const uint64_t unknown = h.incompatible & ~kKnownIncompatible)
    return "it needs features that ferry does not have: " + unknown_features(unknown, extensions->features);
  if (h.has(incompatible::kExternalData)) return "external data files are not supported";
  if (h.has(incompatible::kExtendedL2)) return "extended L2 entries are not supported";
  if (load_be<uint32_t>(head, kCryptMethod) != 0) return "encryption is not supported";
  if (h.refcount_order > 6) return fmt::format("refcounts of 2^{} bits are invalid", h.refcount_order);
  const auto compression =
      h.version >= 3 && h.length > kCompressionType ? std::to_integer<uint8_t>(head[kCompressionType]) : 0;
  if (compression > 1) return fmt::format("compression type {} is not supported", compression);
  if (h.has(incompatible::kCompressionType) != (compression != 0))
    return "its compression type contradicts its features";
  h.compression = static_cast<Compression>(compression);

  h.size = load_be<uint64_t>(head, kSize);
  h.l1_entries = load_be<uint32_t>(head, kL1Entries);
  h.l1_offset = load_be<uint64_t>(head, kL1Offset);
  h.refcount_table_offset = load_be<uint64_t>(head, kRefcountOffset);
  h.refcount_table_clusters = load_be<uint32_t>(head, kRefcountClusters);
  h.snapshots = load_be<uint32_t>(head, kSnapshots);
  h.snapshots_offset = load_be<uint64_t>(head, kSnapshotsOffset);
  h.backing_offset = load_be<uint64_t>(head, kBackingOffset);
  if (h.backing_offset != 0) {
    const auto length = load_be<uint32_t>(head, kBackingLength);
    if (length > kMaxBackingName || h.backing_offset > head.size() || length > head.size() - h.backing_offset)
      return "the name of its backing file is not in the header's cluster";
    h.backing_file = text(head.subspan(h.backing_offset, length));
    if (h.backing_file.find('\0') != std::string::npos) return "the name of its backing file is invalid";
  }
  return problem_of_tables(h);
}

void add_extension(std::vector<std::byte>& area, uint32_t type, std::span<const std::byte> data) {
  const size_t at = area.size();
  area.resize(at + 8 + round_up(data.size(), 8));
  store_be(area, at, type);
  store_be(area, at + 4, static_cast<uint32_t>(data.size()));
  std::copy(data.begin(), data.end(), area.begin() + static_cast<ptrdiff_t>(at + 8));
}

std::vector<std::byte> feature_table() {
  std::vector<std::byte> table(std::size(kFeatures) * kFeatureNameBytes);
  size_t at = 0;
  for (const FeatureName& feature : kFeatures) {
    table[at] = std::byte{feature.kind};
    table[at + 1] = std::byte{feature.bit};
    std::memcpy(table.data() + at + 2, feature.name.data(), feature.name.size());
    at += kFeatureNameBytes;
  }
  return table;
}

}  // namespace

bool has_magic(std::span<const std::byte> start) {
  return start.size() >= 4 && load_be<uint32_t>(start) == kMagic;
}

Result<Header> read_header(const HostFile& file) {
  std::vector<std::byte> head(uint64_t{1} << kMaxClusterBits);
  const auto size = file.size();
  if (!size) return size.error();
  head.resize(std::min<uint64_t>(head.size(), *size));
  if (head.size() < kMinHeader[3]) return file.error("is not a qcow2 image: it is too short");
  if (Status failed = file.read(0, head)) return *failed;
  if (!has_magic(head)) return file.error("is not a qcow2 image");
  Header header;
  if (const std::string problem = decode(head, header); !problem.empty()) return file.error(problem);
  return header;
}

std::vector<std::byte> encode_fixed(const Header& h) {
  std::vector<std::byte> head(kMinHeader[h.version]);
  store_be(head, 0, kMagic);
  store_be(head, kVersion, h.version);
  store_be(head, kBackingOffset, h.backing_offset);
  store_be(head, kBackingLength, static_cast<uint32_t>(h.backing_file.size()));
  store_be(head, kClusterBits, h.cluster_bits);
  store_be(head, kSize, h.size);
  store_be(head, kL1Entries, h.l1_entries);
  store_be(head, kL1Offset, h.l1_offset);
  store_be(head, kRefcountOffset, h.refcount_table_offset);
  store_be(head, kRefcountClusters, h.refcount_table_clusters);
  store_be(head, kSnapshots, h.snapshots);
  store_be(head, kSnapshotsOffset, h.snapshots_offset);
  if (h.version < 3) return head;
  store_be(head, kIncompatible, h.incompatible);
  store_be(head, kCompatible, h.compatible);
  store_be(head, kAutoclear, h.autoclear);
  store_be(head, kRefcountOrder, h.refcount_order);
  store_be(head, kHeaderLength, h.length);
  return head;
}

Result<std::vector<std::byte>> encode_first_cluster(Header& h) {
  h.length = h.version >= 3 ? 112 : kMinHeader[2];
  std::vector<std::byte> head(h.length);
  if (h.version >= 3) head[kCompressionType] = static_cast<std::byte>(h.compression);
  if (!h.backing_format.empty())
    add_extension(head, kBackingFormatExtension, std::as_bytes(std::span(h.backing_format)));
  // The names are a service to other programs; small clusters have no room for them.
  const auto names = feature_table();
  if (h.version >= 3 && h.length + names.size() + h.backing_file.size() + 64 <= h.cluster_size())
    add_extension(head, kFeatureNamesExtension, names);
  add_extension(head, kEndExtension, {});
  h.backing_offset = h.backing_file.empty() ? 0 : head.size();
  const auto name = std::as_bytes(std::span(h.backing_file));
  head.insert(head.end(), name.begin(), name.end());
  if (head.size() > h.cluster_size() || h.backing_file.size() > kMaxBackingName)
    return Error{"the name of the backing file is too long"};
  const auto fixed = encode_fixed(h);
  std::copy(fixed.begin(), fixed.end(), head.begin());
  head.resize(h.cluster_size());
  return head;
}

Range compressed_range(const Header& header, uint64_t entry) {
  const unsigned shift = 62 - (header.cluster_bits - 8);
  const uint64_t offset = entry & ((uint64_t{1} << shift) - 1);
  const uint64_t sectors = ((entry & ~(kCompressed | kCopied)) >> shift) + 1;
  return {offset, sectors * 512 - offset % 512};
}

std::optional<uint64_t> compressed_entry(const Header& header, Range range) {
  const unsigned shift = 62 - (header.cluster_bits - 8);
  const uint64_t limit = std::min(uint64_t{1} << shift, uint64_t{1} << 56);
  if (range.offset >= limit || range.length > limit - range.offset) return {};
  const uint64_t sectors = (range.offset % 512 + range.length - 1) / 512;
  return kCompressed | sectors << shift | range.offset;
}

Clusters clusters_of(const Header& header, uint64_t entry) {
  if (is_compressed(entry)) {
    const Range range = compressed_range(header, entry);
    const uint64_t first = range.offset >> header.cluster_bits;
    return {first, ((range.offset + range.length - 1) >> header.cluster_bits) - first + 1};
  }
  return {host_offset(entry) >> header.cluster_bits, uint64_t{host_offset(entry) != 0}};
}

Result<std::vector<uint64_t>> read_table(const HostFile& file, uint64_t offset, uint64_t entries,
                                         std::string_view name) {
  const auto size = file.size();
  if (!size) return size.error();
  if (offset > *size || entries * 8 > *size - offset)
    return file.error(
        fmt::format("is corrupt or truncated: its {} at {:#x} is not in the file", name, offset));
  std::vector<uint64_t> table(entries);
  const auto bytes = std::as_writable_bytes(std::span(table));
  if (Status failed = file.read(offset, bytes)) return *failed;
  for (uint64_t& entry : table) entry = __builtin_bswap64(entry);
  return table;
}

Status write_table(HostFile& file, uint64_t offset, std::span<const uint64_t> entries) {
  std::vector<uint64_t> table(entries.begin(), entries.end());
  for (uint64_t& entry : table) entry = __builtin_bswap64(entry);
  return file.write(offset, std::as_bytes(std::span(table)));
}

}  // namespace ferry::system::qcow2
