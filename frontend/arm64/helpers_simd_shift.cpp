// Shifts of bytes by a register; wider lanes are shifted by translated code. Each lane is computed as an int,
// where nothing overflows once the amount has been limited: an amount beyond the lane's width changes no
// result any more.
#include <algorithm>
#include <limits>

#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

constexpr int kWidth = 8;

/// `value` shifted by `amount`, with unlimited precision but for left shifts by the width or more.
template <bool round>
constexpr int shifted(int value, int8_t amount) {
  const int left = std::clamp<int>(amount, -kWidth - 1, kWidth);
  if (left < 0) {
    const int half = round ? 1 << (-left - 1) : 0;
    return (value + half) >> -left;
  }
  return value * (1 << left);
}

template <typename T, bool round>
Vector128 shift(Vector128 a, Vector128 b) {
  LanesOf<T> lanes = lanes_of<T>(a);
  const LanesOf<int8_t> amounts = lanes_of<int8_t>(b);
  for (unsigned i = 0; i < lanes.size(); ++i) lanes[i] = static_cast<T>(shifted<round>(lanes[i], amounts[i]));
  return vector_from<T>(lanes);
}

template <typename T, bool round>
Vector128 saturating_shift(State* state, Vector128 a, Vector128 b) {
  LanesOf<T> lanes = lanes_of<T>(a);
  const LanesOf<int8_t> amounts = lanes_of<int8_t>(b);
  bool cut = false;
  for (unsigned i = 0; i < lanes.size(); ++i) {
    const int exact = shifted<round>(lanes[i], amounts[i]);
    lanes[i] =
        static_cast<T>(std::clamp<int>(exact, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    cut |= lanes[i] != exact;
  }
  if (cut) state->qc.lo |= 1;
  return vector_from<T>(lanes);
}

}  // namespace

Vector128 sshl_8(Vector128 a, Vector128 b) { return shift<int8_t, false>(a, b); }
Vector128 ushl_8(Vector128 a, Vector128 b) { return shift<uint8_t, false>(a, b); }
Vector128 srshl_8(Vector128 a, Vector128 b) { return shift<int8_t, true>(a, b); }
Vector128 urshl_8(Vector128 a, Vector128 b) { return shift<uint8_t, true>(a, b); }
Vector128 sqshl_8(State* s, Vector128 a, Vector128 b) { return saturating_shift<int8_t, false>(s, a, b); }
Vector128 uqshl_8(State* s, Vector128 a, Vector128 b) { return saturating_shift<uint8_t, false>(s, a, b); }
Vector128 sqrshl_8(State* s, Vector128 a, Vector128 b) { return saturating_shift<int8_t, true>(s, a, b); }
Vector128 uqrshl_8(State* s, Vector128 a, Vector128 b) { return saturating_shift<uint8_t, true>(s, a, b); }

}  // namespace ferry::arm64::helpers
