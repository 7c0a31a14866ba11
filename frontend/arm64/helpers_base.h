#pragma once

#include <cstdint>

#include "frontend/arm64/helper_types.h"

namespace ferry::arm64::helpers {

// Exclusives (docs/adr/0008-exclusives.md). `address` may carry a tag. Faults show in guest memory's usual
// way.

/// LDXR: the 1 << size bytes at `address`, zero-extended; arms the monitor.
uint64_t load_exclusive(State* state, uint64_t address, uint32_t size);
/// LDXP: as load_exclusive for two words (size 2) or doublewords (size 3); the result is in
/// state->exclusive_value.
void load_exclusive_pair(State* state, uint64_t address, uint32_t size);
/// STXR: stores the low 1 << size bytes of `value` if nothing was stored there since the load-exclusive that
/// armed the monitor. Disarms it. 0: stored, 1: not.
uint32_t store_exclusive(State* state, uint64_t address, uint64_t value, uint32_t size);
/// STXP: two words (size 2) or doublewords (size 3), `low` at the lower address.
uint32_t store_exclusive_pair(State* state, uint64_t address, uint64_t low, uint64_t high, uint32_t size);
/// After a helper was left by a fault: frees what a store-exclusive of this CPU held.
void give_up_exclusive(State& state);
/// In the child of fork: frees what store-exclusives of the parent's other threads held.
void reset_exclusives();
/// CASP of two doublewords: if the 16 bytes at `address` (16-byte aligned) equal x[s]:x[s+1] they become
/// x[t]:x[t+1]; in any case x[s]:x[s+1] become the old value. `registers` is s | t << 8; s and t are even.

/// CNTVCT_EL0: CLOCK_MONOTONIC in nanoseconds, so CNTFRQ_EL0 is 10^9.
uint64_t counter_nanoseconds(State* state);
/// RNDR, RNDRRS: 64 bits from the host's generator; 0 if it has none to give now.
uint64_t random_number(State* state);
uint32_t get_fpsr(State* state);
void set_fpsr(State* state, uint32_t value);
void set_fpcr(State* state, uint32_t value);

/// SVC, whose next instruction is at `next_pc`: whether the embedder has made the call (ir::SystemCall).
bool system_call(State* state, uint64_t next_pc);

}  // namespace ferry::arm64::helpers
