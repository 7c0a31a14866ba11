#pragma once

#include <array>
#include <bit>

#include "frontend/arm64/helper_types.h"

namespace ferry::arm64::helpers {

/// A vector register's lanes of type T, lowest first.
template <typename T>
using LanesOf = std::array<T, sizeof(Vector128) / sizeof(T)>;

template <typename T>
LanesOf<T> lanes_of(Vector128 vector) {
  return std::bit_cast<LanesOf<T>>(vector);
}
template <typename T>
Vector128 vector_from(const LanesOf<T>& lanes) {
  return std::bit_cast<Vector128>(lanes);
}

// ---- helpers_sm4.cpp: operands in the order of the instructions' pseudo-code, the destination's old value
// first

Vector128 sm4_encrypt(Vector128 d, Vector128 n);
Vector128 sm4_key(Vector128 n, Vector128 m);

}  // namespace ferry::arm64::helpers
