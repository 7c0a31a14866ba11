#include "frontend/arm64/simd_crypto.h"

namespace ferry::arm64 {

// ---- families

SimdCryptoHandlers::Value SimdCryptoHandlers::rotate_right(Value a, unsigned amount) {
  if (amount == 0) return a;
  const Type type = Type::V2I64;
  return b_.or_(vshr(Sign::Unsigned, type, a, amount), vshl(type, a, 64 - amount));
}

bool SimdCryptoHandlers::sha1_schedule0(uint32_t m, uint32_t n, uint32_t d) {
  const Value before = v(d);
  const Value middle = permute({64, 128}, before, v(n), [](unsigned i) { return 1 + i; });
  return set(d, b_.xor_(b_.xor_(before, middle), v(m)));
}

// ---- polynomials

bool SimdCryptoHandlers::PMULL_p8(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::polynomial_multiply_long_8, {half(n, q), half(m, q)}));
}
bool SimdCryptoHandlers::PMULL_p64(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::polynomial_multiply_long_64, {half(n, q), half(m, q)}));
}

// ---- AES

bool SimdCryptoHandlers::AESE(uint32_t n, uint32_t d) {
  return set(d, call(Helper::aes_encrypt, {v(d), v(n)}));
}
bool SimdCryptoHandlers::AESD(uint32_t n, uint32_t d) {
  return set(d, call(Helper::aes_decrypt, {v(d), v(n)}));
}
bool SimdCryptoHandlers::AESMC(uint32_t n, uint32_t d) {
  return set(d, call(Helper::aes_mix_columns, {v(n)}));
}
bool SimdCryptoHandlers::AESIMC(uint32_t n, uint32_t d) {
  return set(d, call(Helper::aes_inverse_mix_columns, {v(n)}));
}

// ---- SHA-1, SHA-256, SHA-512

bool SimdCryptoHandlers::SHA1C(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha1_choose, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA1P(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha1_parity, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA1M(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha1_majority, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA1H(uint32_t n, uint32_t d) {
  set_scalar(d, b_.binary(Op::rotr, scalar(n, Type::I32), b_.i32(2)));
  return true;
}
bool SimdCryptoHandlers::SHA1SU0(uint32_t m, uint32_t n, uint32_t d) { return sha1_schedule0(m, n, d); }
bool SimdCryptoHandlers::SHA1SU1(uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha1_schedule1, {v(d), v(n)}));
}
bool SimdCryptoHandlers::SHA256H(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha256_hash, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA256H2(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha256_hash2, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA256SU0(uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha256_schedule0, {v(d), v(n)}));
}
bool SimdCryptoHandlers::SHA256SU1(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha256_schedule1, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA512H(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha512_hash, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA512H2(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha512_hash2, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SHA512SU0(uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha512_schedule0, {v(d), v(n)}));
}
bool SimdCryptoHandlers::SHA512SU1(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sha512_schedule1, {v(d), v(n), v(m)}));
}

// ---- SHA-3

bool SimdCryptoHandlers::EOR3(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return set(d, b_.xor_(v(n), b_.xor_(v(m), v(a))));
}
bool SimdCryptoHandlers::BCAX(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return set(d, b_.xor_(v(n), b_.andn(v(m), v(a))));
}
bool SimdCryptoHandlers::RAX1(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, b_.xor_(v(n), rotate_right(v(m), 63)));
}
bool SimdCryptoHandlers::XAR(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return set(d, rotate_right(b_.xor_(v(n), v(m)), imm));
}

// ---- SM3, SM4

bool SimdCryptoHandlers::SM3PARTW1(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_message1, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SM3PARTW2(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_message2, {v(d), v(n), v(m)}));
}
bool SimdCryptoHandlers::SM3SS1(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_ss1, {v(n), v(m), v(a)}));
}
bool SimdCryptoHandlers::SM3TT1A(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_tt1a, {v(d), v(n), v(m), b_.i32(imm)}));
}
bool SimdCryptoHandlers::SM3TT1B(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_tt1b, {v(d), v(n), v(m), b_.i32(imm)}));
}
bool SimdCryptoHandlers::SM3TT2A(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_tt2a, {v(d), v(n), v(m), b_.i32(imm)}));
}
bool SimdCryptoHandlers::SM3TT2B(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm3_tt2b, {v(d), v(n), v(m), b_.i32(imm)}));
}
bool SimdCryptoHandlers::SM4E(uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm4_encrypt, {v(d), v(n)}));
}
bool SimdCryptoHandlers::SM4EKEY(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm4_key, {v(n), v(m)}));
}

}  // namespace ferry::arm64
