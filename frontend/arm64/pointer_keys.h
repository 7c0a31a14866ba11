#pragma once

#include <cstdint>
#include <span>

#include "frontend/arm64/state.h"

namespace ferry::arm64 {

// Pointer authentication's keys and its algorithm, which is ferry's own (ID_AA64ISAR1_EL1.{API, GPI}): two
// multiplications by key-dependent numbers, because every function of a program built with
// -mbranch-protection does it twice. Like the seven bits of a code it stops accidents and exploits that do
// not know the key, not a cryptanalyst.

/// Where the seven top bits of pointer_code() go: bits 54 to 48.
inline constexpr unsigned kPointerCodeShift = 9;

/// The code of `pointer`, whose field is cleared, under `modifier`: the top bits are the best mixed.
constexpr uint64_t pointer_code(const PointerKey& key, uint64_t pointer, uint64_t modifier) {
  const uint64_t product = (pointer + key.addend) * (modifier ^ key.multiplier);
  return (product ^ product >> 32) * key.multiplier;
}

/// Gives one key a new value made from 16 random bytes; whether it is enabled stays.
void set_key(State& state, PointerKeyId key, std::span<const uint64_t, 2> random);

/// Enables or disables one of the keys IA, IB, DA, DB.
void enable_key(State& state, PointerKeyId key, bool enable);
bool key_enabled(const State& state, PointerKeyId key);

}  // namespace ferry::arm64
