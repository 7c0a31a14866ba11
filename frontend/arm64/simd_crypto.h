#pragma once

#include "frontend/arm64/simd_load_store.h"

namespace ferry::arm64 {

/// Cryptographic instructions (a64_crypto.def) and products of polynomials.
class SimdCryptoHandlers : public SimdLoadStoreHandlers {
 public:
  // ---- polynomials

  bool PMULL_p8(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool PMULL_p64(uint32_t q, uint32_t m, uint32_t n, uint32_t d);

  // ---- AES

  bool AESE(uint32_t n, uint32_t d);
  bool AESD(uint32_t n, uint32_t d);
  bool AESMC(uint32_t n, uint32_t d);
  bool AESIMC(uint32_t n, uint32_t d);

  // ---- SHA-1, SHA-256, SHA-512

  bool SHA1C(uint32_t m, uint32_t n, uint32_t d);
  bool SHA1P(uint32_t m, uint32_t n, uint32_t d);
  bool SHA1M(uint32_t m, uint32_t n, uint32_t d);
  bool SHA1H(uint32_t n, uint32_t d);
  bool SHA1SU0(uint32_t m, uint32_t n, uint32_t d);
  bool SHA1SU1(uint32_t n, uint32_t d);
  bool SHA256H(uint32_t m, uint32_t n, uint32_t d);
  bool SHA256H2(uint32_t m, uint32_t n, uint32_t d);
  bool SHA256SU0(uint32_t n, uint32_t d);
  bool SHA256SU1(uint32_t m, uint32_t n, uint32_t d);
  bool SHA512H(uint32_t m, uint32_t n, uint32_t d);
  bool SHA512H2(uint32_t m, uint32_t n, uint32_t d);
  bool SHA512SU0(uint32_t n, uint32_t d);
  bool SHA512SU1(uint32_t m, uint32_t n, uint32_t d);

  // ---- SHA-3

  bool EOR3(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool BCAX(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool RAX1(uint32_t m, uint32_t n, uint32_t d);
  bool XAR(uint32_t m, uint32_t imm, uint32_t n, uint32_t d);

  // ---- SM3, SM4

  bool SM3PARTW1(uint32_t m, uint32_t n, uint32_t d);
  bool SM3PARTW2(uint32_t m, uint32_t n, uint32_t d);
  bool SM3SS1(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool SM3TT1A(uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool SM3TT1B(uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool SM3TT2A(uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool SM3TT2B(uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool SM4E(uint32_t n, uint32_t d);
  bool SM4EKEY(uint32_t m, uint32_t n, uint32_t d);

 protected:
  using SimdLoadStoreHandlers::SimdLoadStoreHandlers;
  ~SimdCryptoHandlers() = default;

 private:
  bool set(uint32_t d, Value value) {
    set_v(d, value);
    return true;
  }
  /// The low (`high` 0) or high half of Vn in the low half of a vector.
  Value half(uint32_t n, uint32_t high) { return high != 0 ? broadcast(64, v(n), 1) : v(n); }
  /// Each 64-bit lane rotated.
  Value rotate_right(Value a, unsigned amount);
  bool sha1_schedule0(uint32_t m, uint32_t n, uint32_t d);
};

}  // namespace ferry::arm64
