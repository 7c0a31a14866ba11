#include "frontend/arm64/helpers_tags.h"

#include <bit>

#include "frontend/arm64/guest_access.h"
#include "frontend/arm64/memory_tags.h"
#include "ir/support/tag_mismatch.h"

namespace ferry::arm64::helpers {
namespace {

constexpr unsigned kTags = MemoryTags::kTagMask + 1;
constexpr uint64_t kTagField = MemoryTags::kTagMask << MemoryTags::kTagShift;

constexpr uint64_t with_tag(uint64_t address, unsigned tag) {
  return (address & ~kTagField) | uint64_t{tag} << MemoryTags::kTagShift;
}

/// AArch64.ChooseNonExcludedTag.
constexpr unsigned choose_tag(unsigned tag, unsigned offset, uint16_t allowed) {
  if (allowed == 0) return 0;
  const auto skip = [&] {
    while ((allowed >> tag & 1) == 0) tag = (tag + 1) % kTags;
  };
  if (offset == 0) skip();
  for (; offset != 0; --offset) {
    tag = (tag + 1) % kTags;
    skip();
  }
  return tag;
}
static_assert(choose_tag(3, 0, 0x0009) == 3 && choose_tag(3, 1, 0x0009) == 0 &&
              choose_tag(4, 0, 0x0009) == 0);

/// splitmix64 of a counter that starts elsewhere in each thread, whose State lies elsewhere: tags catch
/// accidents, and nobody should rely on more.
uint64_t next_random(State& state) {
  uint64_t z = ++state.tags.random * 0x9e3779b97f4a7c15 + reinterpret_cast<uintptr_t>(&state);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace

uint64_t insert_random_tag(State* state, uint64_t address, uint64_t exclude) {
  const auto allowed = static_cast<uint16_t>(state->tags.allowed & ~exclude);
  if (allowed == 0) return with_tag(address, 0);
  const auto count = static_cast<unsigned>(std::popcount(allowed));
  // The first allowed one, and so many further.
  const auto further = static_cast<unsigned>(next_random(*state) % count);
  return with_tag(address, choose_tag(choose_tag(0, 0, allowed), further, allowed));
}

uint64_t add_tag(State* state, uint64_t address, uint32_t offset) {
  return with_tag(address, choose_tag(tag_of(address), offset, state->tags.allowed));
}

uint64_t load_tag(State* state, uint64_t address, uint64_t pointer) {
  address = strip_tag(address);
  require_readable(address);
  const MemoryTags* memory = state->tags.memory;
  return with_tag(pointer, memory != nullptr ? memory->load(address) : 0);
}

void store_tags(State* state, uint64_t address, uint64_t pointer, uint32_t bytes) {
  address = strip_tag(address);
  // The first and the last granule: they may lie in two pages.
  require_writable(address);
  require_writable(address + bytes - 1);
  if (MemoryTags* memory = state->tags.memory) memory->store(address, bytes, tag_of(pointer));
}

uint64_t checked_length(const State& state, uint64_t address, uint64_t bytes, bool write) {
  const TagControl& tags = state.tags;
  if (tags.checks == TagChecks::None || tags.memory == nullptr || (state.pstate & State::kPstateTco) != 0)
    return bytes;
  const uint64_t plain = strip_tag(address);
  const uint64_t good = tags.memory->find_mismatch(plain, bytes, tag_of(address)) - plain;
  if (good == bytes) return bytes;
  if (tags.checks == TagChecks::Asynchronous) {
    tags.memory->note_asynchronous_mismatch();
    return bytes;
  }
  // FAR_EL1's bits 63 to 60 are unknown then (Arm ARM D24.2.43); Linux clears them.
  if (good == 0) support::raise_tag_mismatch(address & ~(uint64_t{0xf} << 60), write);
  return good;
}

uint64_t check_tags(State* state, uint64_t address, uint32_t access) {
  const bool write = (access & kCheckedWrite) != 0;
  const uint64_t bytes = access & ~kCheckedWrite;
  for (uint64_t done = 0; done < bytes;) done += checked_length(*state, address + done, bytes - done, write);
  return strip_tag(address);
}

}  // namespace ferry::arm64::helpers
