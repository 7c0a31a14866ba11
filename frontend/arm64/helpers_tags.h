#pragma once

#include <cstdint>

#include "frontend/arm64/helper_types.h"

namespace ferry::arm64::helpers {

// Memory tagging (memory_tags.h). Addresses may carry tags.

/// IRG: `address` with a random tag, none of those whose bits `exclude` or GCR_EL1.Exclude has; 0 if that is
/// all.
uint64_t insert_random_tag(State* state, uint64_t address, uint64_t exclude);
/// ADDG, SUBG: `address` with the tag that follows its own by `offset` allowed ones.
uint64_t add_tag(State* state, uint64_t address, uint32_t offset);

/// LDG: `pointer` with the tag of the memory at `address`, which must be readable.
uint64_t load_tag(State* state, uint64_t address, uint64_t pointer);
/// STG and its kin: `bytes` bytes at `address`, both multiples of 16, get the tag of `pointer`; they must be
/// writable.
void store_tags(State* state, uint64_t address, uint64_t pointer, uint32_t bytes);

/// What check_tags checks besides the number of bytes.
inline constexpr uint32_t kCheckedWrite = 1u << 31;
/// Before an access of `access` bytes (and kCheckedWrite) at `address`, whose tag should be the memory's; if
/// it is not, what TagControl::checks says. Answers the address without its tag.
uint64_t check_tags(State* state, uint64_t address, uint32_t access);

/// For helpers that access memory piece by piece: how many of the next `bytes` bytes at `address` may be
/// accessed. If none may in the synchronous mode this does not return.
uint64_t checked_length(const State& state, uint64_t address, uint64_t bytes, bool write);

}  // namespace ferry::arm64::helpers
