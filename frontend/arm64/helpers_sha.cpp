// SHA-1, SHA-256 and SHA-512 (FIPS 180-4) in the steps of the Arm ARM's pseudo-code.
#include <immintrin.h>

#include <utility>

#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

using Words = LanesOf<uint32_t>;
using Doubles = LanesOf<uint64_t>;

template <typename T>
constexpr T choose(T x, T y, T z) {
  return ((y ^ z) & x) ^ z;
}
template <typename T>
constexpr T majority(T x, T y, T z) {
  return (x & y) | ((x | y) & z);
}
constexpr uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }

template <typename T>
constexpr T rotations(T x, int a, int b, int c) {
  return std::rotr(x, a) ^ std::rotr(x, b) ^ std::rotr(x, c);
}
template <typename T>
constexpr T rotations_and_shift(T x, int a, int b, int shift) {
  return std::rotr(x, a) ^ std::rotr(x, b) ^ (x >> shift);
}

/// Four rounds of SHA-1.
template <typename Mix>
Vector128 sha1_rounds(Vector128 hash_abcd, Vector128 hash_e, Vector128 work, Mix mix) {
  Words x = lanes_of<uint32_t>(hash_abcd);
  uint32_t y = lanes_of<uint32_t>(hash_e)[0];
  for (const uint32_t w : lanes_of<uint32_t>(work)) {
    const uint32_t a = y + std::rotl(x[0], 5) + mix(x[1], x[2], x[3]) + w;
    y = x[3];
    x = {a, x[0], std::rotl(x[1], 30), x[2]};
  }
  return vector_from<uint32_t>(x);
}

/// Four rounds of SHA-256 on a to d (first) and e to h.
std::pair<Words, Words> sha256_rounds(Vector128 a_to_d, Vector128 e_to_h, Vector128 work) {
  Words x = lanes_of<uint32_t>(a_to_d);
  Words y = lanes_of<uint32_t>(e_to_h);
  for (const uint32_t w : lanes_of<uint32_t>(work)) {
    const uint32_t t = y[3] + rotations(y[0], 6, 11, 25) + choose(y[0], y[1], y[2]) + w;
    const uint32_t a = t + rotations(x[0], 2, 13, 22) + majority(x[0], x[1], x[2]);
    y = {t + x[3], y[0], y[1], y[2]};
    x = {a, x[0], x[1], x[2]};
  }
  return {x, y};
}

bool host_has_sha() { return __builtin_cpu_supports("sha") != 0; }

#define FERRY_HOST_SHA __attribute__((target("sha,sse4.1")))

FERRY_HOST_SHA __m128i reversed_words(__m128i x) { return _mm_shuffle_epi32(x, 0x1b); }

/// Four rounds of SHA-1. The host keeps a in the highest lane, takes e added to the first word, and adds the
/// constant of its own `function`, which the guest has added to `work` already.
template <int function>
FERRY_HOST_SHA Vector128 host_sha1_rounds(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  constexpr uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc};
  const __m128i words =
      _mm_sub_epi32(std::bit_cast<__m128i>(work), _mm_set1_epi32(static_cast<int>(kConstants[function])));
  const __m128i e = _mm_set_epi32(0, 0, 0, static_cast<int>(lanes_of<uint32_t>(hash_e)[0]));
  const __m128i abcd = reversed_words(std::bit_cast<__m128i>(hash_abcd));
  return std::bit_cast<Vector128>(
      reversed_words(_mm_sha1rnds4_epu32(abcd, reversed_words(_mm_add_epi32(words, e)), function)));
}

/// Four rounds of SHA-256. The host does two at a time, on {f, e, b, a} and {h, g, d, c}, and what was the
/// former becomes the latter.
FERRY_HOST_SHA std::pair<Vector128, Vector128> host_sha256_rounds(Vector128 a_to_d, Vector128 e_to_h,
                                                                  Vector128 work) {
  constexpr int kSwapPairs = 0xb1;
  const auto x = std::bit_cast<__m128i>(a_to_d);
  const auto y = std::bit_cast<__m128i>(e_to_h);
  const auto w = std::bit_cast<__m128i>(work);
  const __m128i abef = _mm_shuffle_epi32(_mm_unpacklo_epi64(y, x), kSwapPairs);
  const __m128i cdgh = _mm_shuffle_epi32(_mm_unpackhi_epi64(y, x), kSwapPairs);
  const __m128i middle = _mm_sha256rnds2_epu32(cdgh, abef, w);
  const __m128i last = _mm_sha256rnds2_epu32(abef, middle, _mm_unpackhi_epi64(w, w));
  const __m128i first_half = _mm_shuffle_epi32(last, kSwapPairs);
  const __m128i second_half = _mm_shuffle_epi32(middle, kSwapPairs);
  return {std::bit_cast<Vector128>(_mm_unpackhi_epi64(first_half, second_half)),
          std::bit_cast<Vector128>(_mm_unpacklo_epi64(first_half, second_half))};
}

FERRY_HOST_SHA Vector128 host_sha256_schedule0(Vector128 d, Vector128 n) {
  return std::bit_cast<Vector128>(_mm_sha256msg1_epu32(std::bit_cast<__m128i>(d), std::bit_cast<__m128i>(n)));
}
FERRY_HOST_SHA Vector128 host_sha256_schedule1(Vector128 d, Vector128 n, Vector128 m) {
  const auto z = std::bit_cast<__m128i>(m);
  const __m128i addend = _mm_alignr_epi8(z, std::bit_cast<__m128i>(n), 4);
  return std::bit_cast<Vector128>(_mm_sha256msg2_epu32(_mm_add_epi32(std::bit_cast<__m128i>(d), addend), z));
}

#undef FERRY_HOST_SHA

}  // namespace

namespace portable {

Vector128 sha1_choose(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return sha1_rounds(hash_abcd, hash_e, work, choose<uint32_t>);
}
Vector128 sha1_parity(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return sha1_rounds(hash_abcd, hash_e, work, parity);
}
Vector128 sha1_majority(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return sha1_rounds(hash_abcd, hash_e, work, majority<uint32_t>);
}

Vector128 sha256_hash(Vector128 d, Vector128 n, Vector128 work) {
  return vector_from<uint32_t>(sha256_rounds(d, n, work).first);
}
Vector128 sha256_hash2(Vector128 d, Vector128 n, Vector128 work) {
  return vector_from<uint32_t>(sha256_rounds(n, d, work).second);
}

Vector128 sha256_schedule0(Vector128 d, Vector128 n) {
  const Words x = lanes_of<uint32_t>(d);
  const Words next = {x[1], x[2], x[3], lanes_of<uint32_t>(n)[0]};
  Words out;
  for (unsigned i = 0; i < out.size(); ++i) out[i] = x[i] + rotations_and_shift(next[i], 7, 18, 3);
  return vector_from<uint32_t>(out);
}

Vector128 sha256_schedule1(Vector128 d, Vector128 n, Vector128 m) {
  const Words x = lanes_of<uint32_t>(d);
  const Words y = lanes_of<uint32_t>(n);
  const Words z = lanes_of<uint32_t>(m);
  const Words addend = {y[1], y[2], y[3], z[0]};
  Words out;
  for (unsigned i = 0; i < out.size(); ++i) {
    const uint32_t earlier = i < 2 ? z[i + 2] : out[i - 2];
    out[i] = x[i] + addend[i] + rotations_and_shift(earlier, 17, 19, 10);
  }
  return vector_from<uint32_t>(out);
}

}  // namespace portable

Vector128 sha1_choose(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return host_has_sha() ? host_sha1_rounds<0>(hash_abcd, hash_e, work)
                        : portable::sha1_choose(hash_abcd, hash_e, work);
}
Vector128 sha1_parity(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return host_has_sha() ? host_sha1_rounds<1>(hash_abcd, hash_e, work)
                        : portable::sha1_parity(hash_abcd, hash_e, work);
}
Vector128 sha1_majority(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return host_has_sha() ? host_sha1_rounds<2>(hash_abcd, hash_e, work)
                        : portable::sha1_majority(hash_abcd, hash_e, work);
}

Vector128 sha1_schedule1(Vector128 d, Vector128 n) {
  const Words x = lanes_of<uint32_t>(d);
  const Words y = lanes_of<uint32_t>(n);
  const uint32_t first = x[0] ^ y[1];
  return vector_from<uint32_t>({std::rotl(first, 1), std::rotl(x[1] ^ y[2], 1), std::rotl(x[2] ^ y[3], 1),
                                std::rotl(x[3], 1) ^ std::rotl(first, 2)});
}

Vector128 sha256_hash(Vector128 d, Vector128 n, Vector128 work) {
  return host_has_sha() ? host_sha256_rounds(d, n, work).first : portable::sha256_hash(d, n, work);
}
Vector128 sha256_hash2(Vector128 d, Vector128 n, Vector128 work) {
  return host_has_sha() ? host_sha256_rounds(n, d, work).second : portable::sha256_hash2(d, n, work);
}
Vector128 sha256_schedule0(Vector128 d, Vector128 n) {
  return host_has_sha() ? host_sha256_schedule0(d, n) : portable::sha256_schedule0(d, n);
}
Vector128 sha256_schedule1(Vector128 d, Vector128 n, Vector128 m) {
  return host_has_sha() ? host_sha256_schedule1(d, n, m) : portable::sha256_schedule1(d, n, m);
}

Vector128 sha512_hash(Vector128 d, Vector128 n, Vector128 m) {
  const Doubles w = lanes_of<uint64_t>(d);
  const Doubles x = lanes_of<uint64_t>(n);
  const Doubles y = lanes_of<uint64_t>(m);
  const uint64_t high = w[1] + choose(y[1], x[0], x[1]) + rotations(y[1], 14, 18, 41);
  const uint64_t sum = high + y[0];
  const uint64_t low = w[0] + choose(sum, y[1], x[0]) + rotations(sum, 14, 18, 41);
  return vector_from<uint64_t>({low, high});
}

Vector128 sha512_hash2(Vector128 d, Vector128 n, Vector128 m) {
  const Doubles w = lanes_of<uint64_t>(d);
  const Doubles x = lanes_of<uint64_t>(n);
  const Doubles y = lanes_of<uint64_t>(m);
  const uint64_t high = w[1] + majority(x[0], y[1], y[0]) + rotations(y[0], 28, 34, 39);
  const uint64_t low = w[0] + majority(high, y[0], y[1]) + rotations(high, 28, 34, 39);
  return vector_from<uint64_t>({low, high});
}

Vector128 sha512_schedule0(Vector128 d, Vector128 n) {
  const Doubles w = lanes_of<uint64_t>(d);
  const uint64_t after = lanes_of<uint64_t>(n)[0];
  return vector_from<uint64_t>(
      {w[0] + rotations_and_shift(w[1], 1, 8, 7), w[1] + rotations_and_shift(after, 1, 8, 7)});
}

Vector128 sha512_schedule1(Vector128 d, Vector128 n, Vector128 m) {
  Doubles w = lanes_of<uint64_t>(d);
  const Doubles x = lanes_of<uint64_t>(n);
  const Doubles y = lanes_of<uint64_t>(m);
  for (unsigned i = 0; i < w.size(); ++i) w[i] += rotations_and_shift(x[i], 19, 61, 6) + y[i];
  return vector_from<uint64_t>(w);
}

}  // namespace ferry::arm64::helpers
