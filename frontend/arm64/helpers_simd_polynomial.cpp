#include <wmmintrin.h>

#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

constexpr uint16_t multiply_bytes(uint8_t a, uint8_t b) {
  uint16_t product = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if ((b >> bit & 1) != 0) product = static_cast<uint16_t>(product ^ a << bit);
  }
  return product;
}

__attribute__((target("pclmul"))) Vector128 multiply_by_host(Vector128 a, Vector128 b) {
  return std::bit_cast<Vector128>(
      _mm_clmulepi64_si128(std::bit_cast<__m128i>(a), std::bit_cast<__m128i>(b), 0));
}

}  // namespace

Vector128 polynomial_multiply(Vector128 a, Vector128 b) {
  LanesOf<uint8_t> x = lanes_of<uint8_t>(a);
  const LanesOf<uint8_t> y = lanes_of<uint8_t>(b);
  for (unsigned i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(multiply_bytes(x[i], y[i]));
  return vector_from<uint8_t>(x);
}

Vector128 polynomial_multiply_long_8(Vector128 a, Vector128 b) {
  const LanesOf<uint8_t> x = lanes_of<uint8_t>(a);
  const LanesOf<uint8_t> y = lanes_of<uint8_t>(b);
  LanesOf<uint16_t> products;
  for (unsigned i = 0; i < products.size(); ++i) products[i] = multiply_bytes(x[i], y[i]);
  return vector_from<uint16_t>(products);
}

Vector128 portable::polynomial_multiply_long_64(Vector128 a, Vector128 b) {
  const uint64_t x = lanes_of<uint64_t>(a)[0];
  const uint64_t y = lanes_of<uint64_t>(b)[0];
  LanesOf<uint64_t> product{};
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((y >> bit & 1) == 0) continue;
    product[0] ^= x << bit;
    product[1] ^= bit == 0 ? 0 : x >> (64 - bit);
  }
  return vector_from<uint64_t>(product);
}

Vector128 polynomial_multiply_long_64(Vector128 a, Vector128 b) {
  if (__builtin_cpu_supports("pclmul")) return multiply_by_host(a, b);
  return portable::polynomial_multiply_long_64(a, b);
}

}  // namespace ferry::arm64::helpers
