// SM3 (GB/T 32905) and SM4 (GB/T 32907) in the steps of the Arm ARM's pseudo-code.
#include "frontend/arm64/helpers_simd.h"
#include "ir/support/galois.h"

namespace ferry::arm64::helpers {
namespace {

using Words = LanesOf<uint32_t>;

constexpr uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }
constexpr uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }
constexpr uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | (~x & z); }
constexpr uint32_t mix(uint32_t x, int a, int b) { return x ^ std::rotl(x, a) ^ std::rotl(x, b); }

/// Half of a round: the new word `top`, and the rest moved on with one word rotated by `rotation`.
Vector128 next_words(const Words& x, int rotation, uint32_t top) {
  return vector_from<uint32_t>({x[1], std::rotl(x[2], rotation), x[3], top});
}

template <typename Combine>
Vector128 sm3_tt1(Vector128 d, Vector128 n, Vector128 m, uint32_t index, Combine combine) {
  const Words x = lanes_of<uint32_t>(d);
  const uint32_t ss2 = lanes_of<uint32_t>(n)[3] ^ std::rotl(x[3], 12);
  return next_words(x, 9, combine(x[3], x[2], x[1]) + x[0] + ss2 + lanes_of<uint32_t>(m)[index]);
}

template <typename Combine>
Vector128 sm3_tt2(Vector128 d, Vector128 n, Vector128 m, uint32_t index, Combine combine) {
  const Words x = lanes_of<uint32_t>(d);
  const uint32_t sum =
      combine(x[3], x[2], x[1]) + x[0] + lanes_of<uint32_t>(n)[3] + lanes_of<uint32_t>(m)[index];
  return next_words(x, 19, mix(sum, 9, 17));
}

using Table = std::array<uint8_t, 256>;

constexpr Table make_sm4_substitution() {
  constexpr uint32_t kPolynomial = 0x1f5;
  constexpr uint8_t kRotations = 0xcb;
  constexpr uint8_t kOffset = 0xd3;
  Table table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    const auto in =
        static_cast<uint8_t>(support::circulant_multiply(static_cast<uint8_t>(i), kRotations) ^ kOffset);
    const uint8_t inverse = support::galois_inverse(in, kPolynomial);
    table[i] = static_cast<uint8_t>(support::circulant_multiply(inverse, kRotations) ^ kOffset);
  }
  return table;
}

constexpr Table kSm4Substitution = make_sm4_substitution();

uint32_t substitute_bytes(uint32_t word) {
  uint32_t out = 0;
  for (unsigned at = 0; at < 32; at += 8) out |= uint32_t{kSm4Substitution[word >> at & 0xff]} << at;
  return out;
}

template <typename Diffuse>
Vector128 sm4_rounds(Vector128 block, Vector128 keys, Diffuse diffuse) {
  Words x = lanes_of<uint32_t>(block);
  for (const uint32_t key : lanes_of<uint32_t>(keys)) {
    const uint32_t substituted = substitute_bytes(x[3] ^ x[2] ^ x[1] ^ key);
    x = {x[1], x[2], x[3], x[0] ^ diffuse(substituted)};
  }
  return vector_from<uint32_t>(x);
}

}  // namespace

Vector128 sm3_message1(Vector128 d, Vector128 n, Vector128 m) {
  Words x = lanes_of<uint32_t>(d ^ n);
  const Words y = lanes_of<uint32_t>(m);
  for (unsigned i = 0; i < 4; ++i) x[i] = mix(x[i] ^ std::rotl(i < 3 ? y[i + 1] : x[0], 15), 15, 23);
  return vector_from<uint32_t>(x);
}

Vector128 sm3_message2(Vector128 d, Vector128 n, Vector128 m) {
  Words x = lanes_of<uint32_t>(n);
  const Words y = lanes_of<uint32_t>(m);
  const Words before = lanes_of<uint32_t>(d);
  for (unsigned i = 0; i < 4; ++i) x[i] ^= std::rotl(y[i], 7);
  const uint32_t last = mix(std::rotl(x[0], 15), 15, 23);
  for (unsigned i = 0; i < 4; ++i) x[i] ^= before[i];
  x[3] ^= last;
  return vector_from<uint32_t>(x);
}

Vector128 sm3_ss1(Vector128 n, Vector128 m, Vector128 a) {
  const uint32_t sum =
      std::rotl(lanes_of<uint32_t>(n)[3], 12) + lanes_of<uint32_t>(m)[3] + lanes_of<uint32_t>(a)[3];
  return vector_from<uint32_t>({0, 0, 0, std::rotl(sum, 7)});
}

Vector128 sm3_tt1a(Vector128 d, Vector128 n, Vector128 m, uint32_t index) {
  return sm3_tt1(d, n, m, index, parity);
}
Vector128 sm3_tt1b(Vector128 d, Vector128 n, Vector128 m, uint32_t index) {
  return sm3_tt1(d, n, m, index, majority);
}
Vector128 sm3_tt2a(Vector128 d, Vector128 n, Vector128 m, uint32_t index) {
  return sm3_tt2(d, n, m, index, parity);
}
Vector128 sm3_tt2b(Vector128 d, Vector128 n, Vector128 m, uint32_t index) {
  return sm3_tt2(d, n, m, index, choose);
}

Vector128 sm4_encrypt(Vector128 d, Vector128 n) {
  return sm4_rounds(d, n, [](uint32_t x) { return mix(x, 2, 10) ^ std::rotl(x, 18) ^ std::rotl(x, 24); });
}
Vector128 sm4_key(Vector128 n, Vector128 m) {
  return sm4_rounds(n, m, [](uint32_t x) { return mix(x, 13, 23); });
}

}  // namespace ferry::arm64::helpers
