// A file of the persistent code cache, any bytes: what is found lies in the file, and placing it stays inside
// of it. Read as it is, and with the records' checksums made right, so that more than those is tried.
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "backend/runtime/store_files.h"
#include "tests/fuzz/target.h"

namespace ferry::fuzz {
namespace {

using namespace backend;

constexpr uint64_t kGuest = 0x40'0000;
constexpr uint64_t kMode = 3;

bool is_inside(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() - whole.data() <= std::ssize(whole) &&
                          part.size() <= static_cast<size_t>(whole.data() + whole.size() - part.data()));
}

void check_image(const StoredImage& stored, std::span<const std::byte> file) {
  const CodeImage& image = stored.image;
  for (const auto part : {image.code, std::as_bytes(image.slots), std::as_bytes(image.fixups),
                          std::as_bytes(image.fault_points), std::as_bytes(image.ranges), stored.guest})
    require(is_inside(part, file), "all arrays lie in the file");
  require(!image.ranges.empty(), "code is made from something");
  size_t guest = 0;
  for (const auto& [first, last] : image.ranges) {
    require(first < last, "ranges ascend");
    guest += last - first;
  }
  require(guest == stored.guest.size(), "all guest code is there");
  require(std::has_single_bit(image.alignment), "the alignment is a power of two");
  for (const ImageSlot& slot : image.slots)
    require(slot.resolver < image.code.size(), "a slot leads to code");
  for (const ImageFixup& fixup : image.fixups) {
    require(uint64_t{fixup.at} + 4 <= image.code.size(), "a fixup lies in the code");
    switch (fixup.target) {
      case ImageFixup::Target::Slot:
        require(fixup.slot < image.slots.size(), "a fixup has its slot");
        break;
      case ImageFixup::Target::Counter:
        require(fixup.slot < image.slots.size() && image.slots[fixup.slot].counted,
                "a fixup has its counter");
        break;
      case ImageFixup::Target::Profile:
        require(image.profiled.has_value(), "a fixup has its profile");
        break;
      default:
        require(false, "a fixup's target is known");
    }
  }
}

void check_file(std::span<const std::byte> file) {
  const std::vector<Segment> segments = segments_of(file);
  require(total_size(segments) <= file.size(), "segments lie in the file");
  (void)is_unfinished(file.subspan(total_size(segments)));
  for (const Segment& segment : segments) {
    segment.for_each([&](std::span<const std::byte> record) {
      require(is_inside(record, file), "a record lies in the file");
    });
    segment.check([&](const StoredImage& stored) { check_image(stored, file); });
    for (uint64_t offset = 0; offset < 256; offset += 16) {
      const ir::BlockKey key{GuestAddr{kGuest + offset}, kMode};
      segment.find(key, [&](const StoredImage& stored) {
        require(stored.image.key == key, "what is found is what was looked for");
        check_image(stored, file);
        return false;
      });
    }
  }
}

template <typename T>
T get(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Makes the checksums of a segment's records right. A segment begins with 32 bytes of header, of which the
/// word at 16 is the size of the table behind it; a record with its checksum and its size.
void mend(std::span<std::byte> segment) {
  constexpr size_t kUnit = 16, kPlaces = 16, kTable = 32;
  for (uint32_t i = 0; i < get<uint32_t>(segment, kPlaces); ++i) {
    const uint64_t at = kUnit * get<uint32_t>(segment, kTable + i * sizeof(uint32_t));
    if (at < kTable || at + kUnit > segment.size()) continue;
    const auto record = segment.subspan(at);
    const auto size = get<uint32_t>(record, sizeof(uint64_t));
    if (size < kUnit || size > record.size()) continue;
    const uint64_t sum = XXH3_64bits(record.data() + sizeof sum, size - sizeof sum);
    std::memcpy(record.data(), &sum, sizeof sum);
  }
}

void mend_all(std::span<std::byte> file) {
  for (const Segment& segment : segments_of(file)) {
    mend(file.first(segment.size()));
    file = file.subspan(segment.size());
  }
}

/// A segment of some images.
Input make_segment(uint64_t first, uint64_t last, Tier tier) {
  SegmentWriter writer;
  for (uint64_t offset = first; offset < last; offset += 16) {
    const GuestAddr start{kGuest + offset};
    const std::pair<GuestAddr, GuestAddr> ranges[] = {{start, GuestAddr{start.value + 16}}};
    const ImageSlot slots[] = {{GuestAddr{start.value + 16}, 30, true}, {start, 40, false}};
    const ImageFixup fixups[] = {{10, 0, -4, ImageFixup::Target::Slot},
                                 {20, 0, -5, ImageFixup::Target::Counter},
                                 {28, 0, -4, ImageFixup::Target::Profile}};
    const FaultPoint faults[] = {{3, 4, start}};
    const std::vector<std::byte> code(48 + offset % 48, std::byte{0x90});
    const std::vector<std::byte> guest(16, std::byte{0x1f});
    CodeImage image;
    image.key = {start, kMode};
    image.tier = tier;
    image.guest_insts = 4;
    image.alignment = 64;
    image.code = code;
    image.slots = slots;
    image.fixups = fixups;
    image.fault_points = faults;
    image.ranges = ranges;
    image.profiled = start;
    writer.add({image, guest, false});
  }
  const std::vector<std::byte> bytes = writer.finish();
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  return {data, data + bytes.size()};
}

}  // namespace

std::vector<Input> seeds() {
  std::vector<Input> all = {make_segment(0, 16, Tier::Baseline), make_segment(0, 256, Tier::Baseline),
                            make_segment(64, 128, Tier::Llvm)};
  Input both = all[1];
  both.insert(both.end(), all[2].begin(), all[2].end());
  all.push_back(both);
  for (const Input& file : all) {
    const auto bytes = std::as_bytes(std::span(file));
    const std::vector<Segment> segments = segments_of(bytes);
    require(total_size(segments) == file.size(), "a seed is a whole file");
    for (const Segment& segment : segments)
      require(segment.check([](const StoredImage&) {}), "a seed is a good file");
    std::vector<std::byte> mended(bytes.begin(), bytes.end());
    mend_all(mended);
    require(std::memcmp(mended.data(), file.data(), file.size()) == 0, "mending changes no good file");
  }
  return all;
}

}  // namespace ferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::fuzz;
  const auto input = std::as_bytes(std::span(data, size));
  // In a buffer of its own, aligned as a mapping is.
  std::vector<std::byte> file(input.begin(), input.end());
  check_file(file);
  mend_all(file);
  check_file(file);
  return 0;
}
