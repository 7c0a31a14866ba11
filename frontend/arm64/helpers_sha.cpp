// SHA-1, SHA-256 and SHA-512 (FIPS 180-4) in the steps of the Arm ARM's pseudo-code.
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

}  // namespace

Vector128 sha1_choose(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return sha1_rounds(hash_abcd, hash_e, work, choose<uint32_t>);
}
Vector128 sha1_parity(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return sha1_rounds(hash_abcd, hash_e, work, parity);
}
Vector128 sha1_majority(Vector128 hash_abcd, Vector128 hash_e, Vector128 work) {
  return sha1_rounds(hash_abcd, hash_e, work, majority<uint32_t>);
}

Vector128 sha1_schedule1(Vector128 d, Vector128 n) {
  const Words x = lanes_of<uint32_t>(d);
  const Words y = lanes_of<uint32_t>(n);
  const uint32_t first = x[0] ^ y[1];
  return vector_from<uint32_t>({std::rotl(first, 1), std::rotl(x[1] ^ y[2], 1), std::rotl(x[2] ^ y[3], 1),
                                std::rotl(x[3], 1) ^ std::rotl(first, 2)});
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
