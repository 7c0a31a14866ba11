#include "frontend/arm64/pointer_keys.h"

namespace ferry::arm64 {

void set_key(State& state, PointerKeyId key, std::span<const uint64_t, 2> random) {
  state.pointer_keys[key].addend = random[0];
  state.pointer_keys[key].multiplier = random[1] | 1;
}

void enable_key(State& state, PointerKeyId key, bool enable) {
  state.pointer_keys[key].field = enable ? kPointerCodeField : 0;
}

bool key_enabled(const State& state, PointerKeyId key) { return state.pointer_keys[key].field != 0; }

}  // namespace ferry::arm64
