// SM4 (GB/T 32907) in the steps of the Arm ARM's pseudo-code.
#include "frontend/arm64/helpers_simd.h"
#include "ir/support/galois.h"

namespace ferry::arm64::helpers {
namespace {

using Words = LanesOf<uint32_t>;

constexpr uint32_t mix(uint32_t x, int a, int b) { return x ^ std::rotl(x, a) ^ std::rotl(x, b); }

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

Vector128 sm4_encrypt(Vector128 d, Vector128 n) {
  return sm4_rounds(d, n, [](uint32_t x) { return mix(x, 2, 10) ^ std::rotl(x, 18) ^ std::rotl(x, 24); });
}
Vector128 sm4_key(Vector128 n, Vector128 m) {
  return sm4_rounds(n, m, [](uint32_t x) { return mix(x, 13, 23); });
}

}  // namespace ferry::arm64::helpers
