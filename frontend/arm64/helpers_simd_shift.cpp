// Shifts by a register. Each lane is computed in a type twice as wide, where nothing overflows once the
// amount has been limited: an amount beyond the lane's width changes no result any more.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

__extension__ using Int128 = __int128;

template <typename T>
constexpr int kWidth = static_cast<int>(8 * sizeof(T));

/// Holds any T, of either sign, shifted left by its width and rounded.
template <typename T>
using Wide =
    std::conditional_t<(sizeof(T) < 4), int32_t, std::conditional_t<(sizeof(T) == 4), int64_t, Int128>>;

/// `a` shifted by the low byte of `amount`, with unlimited precision but for left shifts by the width or
/// more.
template <typename T, bool round>
constexpr Wide<T> shifted(T a, T amount) {
  const int left = std::clamp<int>(static_cast<int8_t>(amount), -kWidth<T> - 1, kWidth<T>);
  const Wide<T> value = a;
  if (left < 0) {
    const Wide<T> half = round ? Wide<T>{1} << (-left - 1) : 0;
    return (value + half) >> -left;
  }
  if (left < kWidth<T>) return value * (Wide<T>{1} << left);
  // All bits are lost; any number beyond those of T, of the right sign, stands for the result.
  return value == 0 ? 0 : (value < 0 ? -1 : 1) * (Wide<T>{1} << kWidth<T>);
}

template <typename T, bool round>
Vector128 shift(Vector128 a, Vector128 b) {
  LanesOf<T> lanes = lanes_of<T>(a);
  const LanesOf<T> amounts = lanes_of<T>(b);
  for (unsigned i = 0; i < lanes.size(); ++i)
    lanes[i] = static_cast<T>(shifted<T, round>(lanes[i], amounts[i]));
  return vector_from<T>(lanes);
}

template <typename T, bool round>
Vector128 saturating_shift(State* state, Vector128 a, Vector128 b) {
  LanesOf<T> lanes = lanes_of<T>(a);
  const LanesOf<T> amounts = lanes_of<T>(b);
  bool cut = false;
  for (unsigned i = 0; i < lanes.size(); ++i) {
    const Wide<T> exact = shifted<T, round>(lanes[i], amounts[i]);
    lanes[i] = static_cast<T>(
        std::clamp<Wide<T>>(exact, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    cut |= lanes[i] != exact;
  }
  if (cut) state->qc.lo |= 1;
  return vector_from<T>(lanes);
}

}  // namespace

#define FERRY_SHIFTS(width)                                                                        \
  Vector128 sshl_##width(Vector128 a, Vector128 b) { return shift<int##width##_t, false>(a, b); }  \
  Vector128 ushl_##width(Vector128 a, Vector128 b) { return shift<uint##width##_t, false>(a, b); } \
  Vector128 srshl_##width(Vector128 a, Vector128 b) { return shift<int##width##_t, true>(a, b); }  \
  Vector128 urshl_##width(Vector128 a, Vector128 b) { return shift<uint##width##_t, true>(a, b); } \
  Vector128 sqshl_##width(State* s, Vector128 a, Vector128 b) {                                    \
    return saturating_shift<int##width##_t, false>(s, a, b);                                       \
  }                                                                                                \
  Vector128 uqshl_##width(State* s, Vector128 a, Vector128 b) {                                    \
    return saturating_shift<uint##width##_t, false>(s, a, b);                                      \
  }                                                                                                \
  Vector128 sqrshl_##width(State* s, Vector128 a, Vector128 b) {                                   \
    return saturating_shift<int##width##_t, true>(s, a, b);                                        \
  }                                                                                                \
  Vector128 uqrshl_##width(State* s, Vector128 a, Vector128 b) {                                   \
    return saturating_shift<uint##width##_t, true>(s, a, b);                                       \
  }
FERRY_SHIFTS(8)
FERRY_SHIFTS(16)
FERRY_SHIFTS(32)
FERRY_SHIFTS(64)
#undef FERRY_SHIFTS

}  // namespace ferry::arm64::helpers
