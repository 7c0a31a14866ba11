#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace ferry::support {

/// a * b in GF(2^8) with the given reduction polynomial (its bit 8 is set).
constexpr uint8_t galois_multiply(uint8_t a, uint8_t b, uint32_t polynomial) {
  uint32_t power = a;
  uint32_t product = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if ((b >> bit & 1) != 0) product ^= power;
    power <<= 1;
    if ((power & 0x100) != 0) power ^= polynomial;
  }
  return static_cast<uint8_t>(product);
}

/// 1 / a, with 1 / 0 = 0: a to the power of 254 = 2 + 4 + ... + 128.
constexpr uint8_t galois_inverse(uint8_t a, uint32_t polynomial) {
  uint8_t power = a;
  uint8_t result = 1;
  for (unsigned i = 0; i < 7; ++i) {
    power = galois_multiply(power, power, polynomial);
    result = galois_multiply(result, power, polynomial);
  }
  return result;
}

/// The sum of `a` rotated left by each number whose bit is set in `rotations`: a circulant matrix times a.
constexpr uint8_t circulant_multiply(uint8_t a, uint8_t rotations) {
  uint8_t sum = 0;
  for (int i = 0; i < 8; ++i) {
    if ((rotations >> i & 1) != 0) sum = static_cast<uint8_t>(sum ^ std::rotl(a, i));
  }
  return sum;
}

}  // namespace ferry::support
