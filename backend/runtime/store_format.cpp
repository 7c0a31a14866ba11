#include "backend/runtime/store_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

namespace ferry::backend {

namespace {

using Range = std::pair<GuestAddr, GuestAddr>;

constexpr uint64_t kMagic = 0x3230'6567'7279'7266;  // "fryseg02"
constexpr size_t kUnit = 16;                        ///< alignment of everything, and unit of places

struct SegmentHeader {
  uint64_t magic;
  uint64_t bytes;   ///< of the segment
  uint32_t places;  ///< in its table, a power of two
  uint32_t unused[3];
};
static_assert(sizeof(SegmentHeader) % kUnit == 0);

/// Followed by ranges, slots, fixups, fault points, register places, code and guest code, each padded to
/// kUnit bytes.
struct RecordHeader {
  uint64_t checksum;  ///< XXH3 of the record behind this field
  uint32_t bytes;     ///< of the record
  uint32_t code_bytes;
  uint64_t pc, mode;
  uint64_t profiled;
  uint32_t guest_insts, guest_bytes;
  uint32_t ranges, slots, fixups, fault_points;
  uint32_t alignment;
  uint8_t tier, has_profile, pins_in_registers, precise;
  uint32_t guarded;
  uint32_t places;
};
static_assert(sizeof(RecordHeader) % kUnit == 0);

constexpr uint64_t kMostGuestBytes = 1u << 20;  ///< in one range

constexpr uint8_t kHostRegisters = 16, kHostVectors = 32;

constexpr size_t padded(size_t bytes) { return (bytes + kUnit - 1) / kUnit * kUnit; }

uint64_t checksum_of(std::span<const std::byte> record) {
  return XXH3_64bits(record.data() + sizeof(uint64_t), record.size() - sizeof(uint64_t));
}

/// Takes arrays from the front of a record.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <typename T>
  std::span<const T> take(size_t count) {
    static_assert(std::is_trivially_copy_constructible_v<T> && alignof(T) <= kUnit);
    const size_t bytes = padded(count * sizeof(T));
    if (count > rest_.size() / sizeof(T) || bytes > rest_.size()) {
      rest_ = {};
      broken_ = true;
      return {};
    }
    const std::span<const T> values(reinterpret_cast<const T*>(rest_.data()), count);
    rest_ = rest_.subspan(bytes);
    return values;
  }
  bool at_end() const { return !broken_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool broken_ = false;
};

/// A byte that something else wrote may be neither.
bool is_bool(const bool& value) {
  uint8_t byte;
  std::memcpy(&byte, &value, 1);
  return byte <= 1;
}

/// Whether all that place() does with the image, and a fault in its code, stays inside of it.
bool is_consistent(const CodeImage& image) {
  const size_t size = image.code.size();
  if (!std::has_single_bit(image.alignment) || image.alignment < 16 || image.alignment > 64) return false;
  for (const ImageSlot& slot : image.slots) {
    if (slot.resolver >= size || !is_bool(slot.counted)) return false;
  }
  for (const auto& [first, last] : image.ranges) {
    if (last <= first || last - first > kMostGuestBytes) return false;
  }
  for (const ImageFixup& fixup : image.fixups) {
    if (size < 4 || fixup.at > size - 4) return false;
    if (fixup.target > ImageFixup::Target::Profile) return false;
    const bool profile = fixup.target == ImageFixup::Target::Profile;
    if (profile ? !image.profiled.has_value() : fixup.slot >= image.slots.size()) return false;
    if (fixup.target == ImageFixup::Target::Counter && !image.slots[fixup.slot].counted) return false;
  }
  for (const RegisterPlace& place : image.places) {
    if (place.kind > RegisterPlace::Kind::Constant || place.host >= kHostVectors) return false;
    if (place.kind != RegisterPlace::Kind::Vector && place.host >= kHostRegisters) return false;
  }
  return !image.ranges.empty();
}

size_t guest_size(std::span<const Range> ranges) {
  size_t size = 0;
  for (const auto& [first, last] : ranges) size += last - first;
  return size;
}

}  // namespace

std::optional<Segment> Segment::read(std::span<const std::byte> bytes) {
  SegmentHeader header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic || header.bytes > bytes.size() || header.bytes % kUnit != 0) return std::nullopt;
  const uint64_t table_bytes = uint64_t{header.places} * sizeof(uint32_t);
  if (!std::has_single_bit(header.places) || sizeof header + table_bytes > header.bytes) return std::nullopt;
  Segment segment;
  segment.bytes_ = bytes.first(header.bytes);
  segment.table_ = {reinterpret_cast<const uint32_t*>(bytes.data() + sizeof header), header.places};
  return segment;
}

uint32_t Segment::hash(ir::BlockKey key) {
  return static_cast<uint32_t>(((key.pc.value >> 2) ^ key.mode << 40) * 0x9e37'79b9'7f4a'7c15 >> 32);
}

std::span<const std::byte> Segment::intact(uint32_t place) const {
  const uint64_t at = uint64_t{place} * kUnit;
  if (place == 0 || at + sizeof(RecordHeader) > bytes_.size()) return {};
  RecordHeader header;
  std::memcpy(&header, bytes_.data() + at, sizeof header);
  if (header.bytes < sizeof header || header.bytes % kUnit != 0 || header.bytes > bytes_.size() - at)
    return {};
  const auto record = bytes_.subspan(at, header.bytes);
  if (checksum_of(record) != header.checksum) return {};
  return record;
}

bool Segment::holds(uint32_t place, ir::BlockKey key) const {
  const uint64_t at = uint64_t{place} * kUnit;
  if (at + sizeof(RecordHeader) > bytes_.size()) return false;
  RecordHeader header;
  std::memcpy(&header, bytes_.data() + at, sizeof header);
  return header.pc == key.pc.value && header.mode == key.mode;
}

std::optional<StoredImage> Segment::image(uint32_t place) const {
  const auto whole = intact(place);
  if (whole.empty()) return std::nullopt;
  RecordHeader header;
  std::memcpy(&header, whole.data(), sizeof header);
  Reader reader(whole.subspan(sizeof header));
  StoredImage stored;
  CodeImage& image = stored.image;
  image.key = {GuestAddr{header.pc}, header.mode};
  image.tier = header.tier == 0 ? Tier::Baseline : Tier::Llvm;
  image.guest_insts = header.guest_insts;
  image.alignment = header.alignment;
  if (header.has_profile != 0) image.profiled = GuestAddr{header.profiled};
  image.pins_in_registers = header.pins_in_registers != 0;
  image.precise = header.precise != 0;
  stored.guarded = header.guarded != 0;
  image.ranges = reader.take<Range>(header.ranges);
  image.slots = reader.take<ImageSlot>(header.slots);
  image.fixups = reader.take<ImageFixup>(header.fixups);
  image.fault_points = reader.take<FaultPoint>(header.fault_points);
  image.places = reader.take<RegisterPlace>(header.places);
  image.code = reader.take<std::byte>(header.code_bytes);
  stored.guest = reader.take<std::byte>(header.guest_bytes);
  if (!reader.at_end() || !is_consistent(image) || guest_size(image.ranges) != stored.guest.size())
    return std::nullopt;
  return stored;
}

uint64_t Segment::record_bytes() const {
  return bytes_.size() - padded(sizeof(SegmentHeader) + table_.size_bytes());
}

bool is_unfinished(std::span<const std::byte> bytes) {
  const auto seal = bytes.first(std::min(bytes.size(), kSegmentSeal));
  return std::all_of(seal.begin(), seal.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

template <typename T>
void SegmentWriter::append(std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  records_.insert(records_.end(), bytes.begin(), bytes.end());
  pad();
}

void SegmentWriter::pad() { records_.resize(padded(records_.size())); }

void SegmentWriter::add(const StoredImage& stored) {
  const CodeImage& image = stored.image;
  const size_t start = records_.size();
  RecordHeader header = {};
  header.code_bytes = static_cast<uint32_t>(image.code.size());
  header.pc = image.key.pc.value;
  header.mode = image.key.mode;
  header.has_profile = image.profiled.has_value();
  header.profiled = image.profiled.value_or(GuestAddr{}).value;
  header.guest_insts = image.guest_insts;
  header.guest_bytes = static_cast<uint32_t>(stored.guest.size());
  header.ranges = static_cast<uint32_t>(image.ranges.size());
  header.slots = static_cast<uint32_t>(image.slots.size());
  header.fixups = static_cast<uint32_t>(image.fixups.size());
  header.fault_points = static_cast<uint32_t>(image.fault_points.size());
  header.places = static_cast<uint32_t>(image.places.size());
  header.alignment = image.alignment;
  header.tier = image.tier == Tier::Llvm;
  header.pins_in_registers = image.pins_in_registers;
  header.precise = image.precise;
  header.guarded = stored.guarded;
  append(std::span<const RecordHeader>(&header, 1));
  append(image.ranges);
  append(image.slots);
  append(image.fixups);
  append(image.fault_points);
  append(image.places);
  append(image.code);
  append(stored.guest);
  header.bytes = static_cast<uint32_t>(records_.size() - start);
  std::memcpy(records_.data() + start, &header, sizeof header);
  header.checksum = checksum_of(std::span<const std::byte>(records_).subspan(start));
  std::memcpy(records_.data() + start, &header, sizeof header);
  starts_.push_back(static_cast<uint32_t>(start / kUnit));
}

void SegmentWriter::add_raw(std::span<const std::byte> record) {
  starts_.push_back(static_cast<uint32_t>(records_.size() / kUnit));
  append(record);
}

void SegmentWriter::clear() {
  records_.clear();
  starts_.clear();
}

std::vector<std::byte> SegmentWriter::finish() const {
  SegmentHeader header = {.magic = kMagic, .bytes = 0, .places = 0, .unused = {}};
  header.places = static_cast<uint32_t>(std::bit_ceil(starts_.size() * 2 + 4));
  std::vector<uint32_t> table(header.places);
  const size_t first = sizeof header + table.size() * sizeof(uint32_t);
  header.bytes = first + records_.size();
  for (const uint32_t start : starts_) {
    RecordHeader record;
    std::memcpy(&record, records_.data() + size_t{start} * kUnit, sizeof record);
    uint32_t i = Segment::hash({GuestAddr{record.pc}, record.mode});
    while (table[i & (header.places - 1)] != 0) ++i;
    table[i & (header.places - 1)] = static_cast<uint32_t>(first / kUnit) + start;
  }
  std::vector<std::byte> all(header.bytes);
  std::memcpy(all.data(), &header, sizeof header);
  std::memcpy(all.data() + sizeof header, table.data(), table.size() * sizeof(uint32_t));
  if (!records_.empty()) std::memcpy(all.data() + first, records_.data(), records_.size());
  return all;
}

}  // namespace ferry::backend
