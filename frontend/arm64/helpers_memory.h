#pragma once

#include <cstdint>

#include "frontend/arm64/helper_types.h"

namespace ferry::arm64::helpers {

// FEAT_MOPS in the manual's option A: a size below zero is what a forward operation has left, and the
// addresses are then those of its end; a size above zero is what a copy from the end backwards has left, and
// the addresses are those of its beginning. Addresses may carry tags. At a fault the registers say how far it
// got.

/// CPYM, CPYE: copies what is left but at most `limit` bytes. `registers` is d | s << 8 | n << 16: the
/// destination in x[d], the source in x[s], the size in x[n].
void copy_memory(State* state, uint32_t registers, uint64_t limit);
/// SETM, SETE: as copy_memory; s is the register whose low byte is stored, 31 for zero.
void set_memory(State* state, uint32_t registers, uint64_t limit);
/// SETGM, SETGE: as set_memory in whole granules, which get the tag of the destination's address.
void set_tagged_memory(State* state, uint32_t registers, uint64_t limit);

// Pairs. `registers` is t | t2 << 8; 31 is zr. A pair of doublewords at a multiple of 16 is one access.

/// LDIAPP of two words (size 2) or doublewords (size 3).
void load_pair_ordered(State* state, uint64_t address, uint32_t registers, uint32_t size);
/// STILP.
void store_pair_ordered(State* state, uint64_t address, uint32_t registers, uint32_t size);

// FEAT_LSE128: the 16 bytes at `address` (a multiple of 16) and x[t]:x[t2] change in one atomic step; the
// registers become the old value.

/// SWPP.
void swap_pair(State* state, uint64_t address, uint32_t registers);
/// LDCLRP.
void clear_pair(State* state, uint64_t address, uint32_t registers);
/// LDSETP.
void set_pair(State* state, uint64_t address, uint32_t registers);

}  // namespace ferry::arm64::helpers
