// AES rounds (FIPS 197) as the Arm ARM cuts them: AESE and AESD add the key first, then permute and
// substitute.
#include <wmmintrin.h>

#include "frontend/arm64/galois.h"
#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

using Bytes = LanesOf<uint8_t>;
using Table = std::array<uint8_t, 256>;

constexpr uint32_t kPolynomial = 0x11b;

constexpr Table make_substitution() {
  Table table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    const uint8_t inverse = galois_inverse(static_cast<uint8_t>(i), kPolynomial);
    table[i] = static_cast<uint8_t>(circulant_multiply(inverse, 0b11111) ^ 0x63);
  }
  return table;
}

constexpr Table inverted(const Table& table) {
  Table inverse{};
  for (unsigned i = 0; i < table.size(); ++i) inverse[table[i]] = static_cast<uint8_t>(i);
  return inverse;
}

constexpr Table kSubstitution = make_substitution();
constexpr Table kInverseSubstitution = inverted(kSubstitution);

/// Byte i becomes the substitute of the byte whose row (i mod 4) lies `step` columns per row further.
Vector128 shift_rows_and_substitute(Vector128 state, const Table& table, unsigned step) {
  const Bytes in = lanes_of<uint8_t>(state);
  Bytes out;
  for (unsigned i = 0; i < out.size(); ++i) out[i] = table[in[(i + 4 * step * (i % 4)) % 16]];
  return vector_from<uint8_t>(out);
}

/// Each column times the circulant matrix whose first row is `row`.
Vector128 multiply_columns(Vector128 state, const std::array<uint8_t, 4>& row) {
  const Bytes in = lanes_of<uint8_t>(state);
  Bytes out{};
  for (unsigned i = 0; i < out.size(); ++i) {
    for (unsigned k = 0; k < 4; ++k) {
      const uint8_t term = galois_multiply(in[i / 4 * 4 + (i + k) % 4], row[k], kPolynomial);
      out[i] = static_cast<uint8_t>(out[i] ^ term);
    }
  }
  return vector_from<uint8_t>(out);
}

bool host_has_aes() { return __builtin_cpu_supports("aes") != 0; }

#define FERRY_HOST_AES __attribute__((target("aes")))

FERRY_HOST_AES Vector128 host_encrypt(Vector128 sum) {
  return std::bit_cast<Vector128>(_mm_aesenclast_si128(std::bit_cast<__m128i>(sum), _mm_setzero_si128()));
}
FERRY_HOST_AES Vector128 host_decrypt(Vector128 sum) {
  return std::bit_cast<Vector128>(_mm_aesdeclast_si128(std::bit_cast<__m128i>(sum), _mm_setzero_si128()));
}
/// The host's round mixes columns last: undo what it does before that.
FERRY_HOST_AES Vector128 host_mix_columns(Vector128 state) {
  const __m128i zero = _mm_setzero_si128();
  return std::bit_cast<Vector128>(
      _mm_aesenc_si128(_mm_aesdeclast_si128(std::bit_cast<__m128i>(state), zero), zero));
}
FERRY_HOST_AES Vector128 host_inverse_mix_columns(Vector128 state) {
  return std::bit_cast<Vector128>(_mm_aesimc_si128(std::bit_cast<__m128i>(state)));
}

#undef FERRY_HOST_AES

}  // namespace

namespace portable {

Vector128 aes_encrypt(Vector128 state, Vector128 key) {
  return shift_rows_and_substitute(state ^ key, kSubstitution, 1);
}
Vector128 aes_decrypt(Vector128 state, Vector128 key) {
  return shift_rows_and_substitute(state ^ key, kInverseSubstitution, 3);
}
Vector128 aes_mix_columns(Vector128 state) { return multiply_columns(state, {2, 3, 1, 1}); }
Vector128 aes_inverse_mix_columns(Vector128 state) { return multiply_columns(state, {14, 11, 13, 9}); }

}  // namespace portable

Vector128 aes_encrypt(Vector128 state, Vector128 key) {
  return host_has_aes() ? host_encrypt(state ^ key) : portable::aes_encrypt(state, key);
}
Vector128 aes_decrypt(Vector128 state, Vector128 key) {
  return host_has_aes() ? host_decrypt(state ^ key) : portable::aes_decrypt(state, key);
}
Vector128 aes_mix_columns(Vector128 state) {
  return host_has_aes() ? host_mix_columns(state) : portable::aes_mix_columns(state);
}
Vector128 aes_inverse_mix_columns(Vector128 state) {
  return host_has_aes() ? host_inverse_mix_columns(state) : portable::aes_inverse_mix_columns(state);
}

}  // namespace ferry::arm64::helpers
