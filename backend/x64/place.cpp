#include <cstring>

#include "backend/codegen.h"
#include "ir/support/bits.h"

namespace ferry::backend {

namespace {

const void* target_of(const ImageFixup& fixup, const PlacedCode& placed) {
  switch (fixup.target) {
    case ImageFixup::Target::Slot:
      return placed.slots.data() + fixup.slot;
    case ImageFixup::Target::Counter:
      return placed.slots[fixup.slot].counter;
    case ImageFixup::Target::Profile:
      break;
  }
  return placed.branch.last_target;
}

}  // namespace

support::Result<PlacedCode> place(const CodeImage& image, CodeSpace& space, uint64_t count) {
  const support::Error full{"the code cache is full"};
  // The space aligns to 16 bytes.
  const size_t slack = image.alignment - 16;
  const std::span<std::byte> room = space.reserve(image.code.size() + slack);
  if (room.size() < image.code.size() + slack) return full;
  const auto address = reinterpret_cast<uintptr_t>(room.data());
  const size_t skipped = support::align_up(address, image.alignment) - address;
  PlacedCode placed;
  placed.code = room.subspan(skipped, image.code.size());
  if (!image.slots.empty()) {
    LinkSlot* slots = space.allocate_slots(image.slots.size());
    if (!slots) return full;
    placed.slots = {slots, image.slots.size()};
  }
  for (size_t i = 0; i < image.slots.size(); ++i) {
    const ImageSlot& from = image.slots[i];
    LinkSlot& slot = placed.slots[i];
    slot.guest_pc = from.pc.value;
    slot.mode = image.key.mode;
    slot.optimized = image.tier == Tier::Llvm;
    slot.counter = from.counted ? space.allocate_counter(count) : nullptr;
    if (from.counted && !slot.counter) return full;
    slot.unresolved = placed.code.data() + from.resolver;
    slot.target.store(slot.unresolved, std::memory_order_relaxed);
  }
  if (image.profiled) {
    placed.branch = {*image.profiled, space.allocate_counter(0)};
    if (!placed.branch.last_target) return full;
  }
  std::memcpy(placed.code.data(), image.code.data(), image.code.size());
  for (const ImageFixup& fixup : image.fixups) {
    std::byte* at = placed.code.data() + fixup.at;
    const auto distance = static_cast<const std::byte*>(target_of(fixup, placed)) - at;
    const auto displacement = static_cast<int32_t>(distance + fixup.addend);
    std::memcpy(at, &displacement, sizeof displacement);
  }
  space.commit(skipped + image.code.size());
  return placed;
}

}  // namespace ferry::backend
