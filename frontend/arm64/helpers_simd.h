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

// ---- helpers_simd_shift.cpp: every lane of `a` shifted by the signed low byte of the same lane of `b`, to
// the left if that is positive (Arm ARM, SSHL to UQRSHL). The saturating ones set FPSR.QC.
#define FERRY_SHIFTS(width)                                         \
  Vector128 sshl_##width(Vector128 a, Vector128 b);                 \
  Vector128 ushl_##width(Vector128 a, Vector128 b);                 \
  Vector128 srshl_##width(Vector128 a, Vector128 b);                \
  Vector128 urshl_##width(Vector128 a, Vector128 b);                \
  Vector128 sqshl_##width(State* state, Vector128 a, Vector128 b);  \
  Vector128 uqshl_##width(State* state, Vector128 a, Vector128 b);  \
  Vector128 sqrshl_##width(State* state, Vector128 a, Vector128 b); \
  Vector128 uqrshl_##width(State* state, Vector128 a, Vector128 b);
FERRY_SHIFTS(8)
FERRY_SHIFTS(16)
FERRY_SHIFTS(32)
FERRY_SHIFTS(64)
#undef FERRY_SHIFTS

// ---- helpers_simd_polynomial.cpp: products over {0, 1} (Arm ARM, PolynomialMult)

/// PMUL: the low byte of each product of bytes.
Vector128 polynomial_multiply(Vector128 a, Vector128 b);
/// PMULL: the products of the low eight bytes.
Vector128 polynomial_multiply_long_8(Vector128 a, Vector128 b);
/// PMULL: the product of the low 64 bits.
Vector128 polynomial_multiply_long_64(Vector128 a, Vector128 b);

// ---- helpers_aes.cpp (Arm ARM, AESE, AESD, AESMC, AESIMC)

Vector128 aes_encrypt(Vector128 state, Vector128 key);
Vector128 aes_decrypt(Vector128 state, Vector128 key);
Vector128 aes_mix_columns(Vector128 state);
Vector128 aes_inverse_mix_columns(Vector128 state);

// ---- helpers_sha.cpp: operands in the order of the instructions' pseudo-code, the destination's old value
// first

Vector128 sha1_choose(Vector128 hash_abcd, Vector128 hash_e, Vector128 work);
Vector128 sha1_parity(Vector128 hash_abcd, Vector128 hash_e, Vector128 work);
Vector128 sha1_majority(Vector128 hash_abcd, Vector128 hash_e, Vector128 work);
Vector128 sha1_schedule1(Vector128 d, Vector128 n);
Vector128 sha256_hash(Vector128 d, Vector128 n, Vector128 work);
Vector128 sha256_hash2(Vector128 d, Vector128 n, Vector128 work);
Vector128 sha256_schedule0(Vector128 d, Vector128 n);
Vector128 sha256_schedule1(Vector128 d, Vector128 n, Vector128 m);
Vector128 sha512_hash(Vector128 d, Vector128 n, Vector128 m);
Vector128 sha512_hash2(Vector128 d, Vector128 n, Vector128 m);
Vector128 sha512_schedule0(Vector128 d, Vector128 n);
Vector128 sha512_schedule1(Vector128 d, Vector128 n, Vector128 m);

// ---- helpers_sm.cpp: as above

Vector128 sm3_message1(Vector128 d, Vector128 n, Vector128 m);
Vector128 sm3_message2(Vector128 d, Vector128 n, Vector128 m);
Vector128 sm3_ss1(Vector128 n, Vector128 m, Vector128 a);
Vector128 sm3_tt1a(Vector128 d, Vector128 n, Vector128 m, uint32_t index);
Vector128 sm3_tt1b(Vector128 d, Vector128 n, Vector128 m, uint32_t index);
Vector128 sm3_tt2a(Vector128 d, Vector128 n, Vector128 m, uint32_t index);
Vector128 sm3_tt2b(Vector128 d, Vector128 n, Vector128 m, uint32_t index);
Vector128 sm4_encrypt(Vector128 d, Vector128 n);
Vector128 sm4_key(Vector128 n, Vector128 m);

/// What the functions of these names do where the host has no instruction for it.
namespace portable {
Vector128 polynomial_multiply_long_64(Vector128 a, Vector128 b);
Vector128 aes_encrypt(Vector128 state, Vector128 key);
Vector128 aes_decrypt(Vector128 state, Vector128 key);
Vector128 aes_mix_columns(Vector128 state);
Vector128 aes_inverse_mix_columns(Vector128 state);
Vector128 sha1_choose(Vector128 hash_abcd, Vector128 hash_e, Vector128 work);
Vector128 sha1_parity(Vector128 hash_abcd, Vector128 hash_e, Vector128 work);
Vector128 sha1_majority(Vector128 hash_abcd, Vector128 hash_e, Vector128 work);
Vector128 sha256_hash(Vector128 d, Vector128 n, Vector128 work);
Vector128 sha256_hash2(Vector128 d, Vector128 n, Vector128 work);
Vector128 sha256_schedule0(Vector128 d, Vector128 n);
Vector128 sha256_schedule1(Vector128 d, Vector128 n, Vector128 m);
}  // namespace portable

}  // namespace ferry::arm64::helpers
