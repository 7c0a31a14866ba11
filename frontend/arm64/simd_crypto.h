#pragma once

#include <array>

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
  /// Words of `a` (0 to 3) and `b` (4 to 7).
  Value words(Value a, Value b, std::array<uint8_t, 4> sources) {
    return permute({32, 128}, a, b, [&](unsigned i) { return unsigned{sources[i]}; });
  }
  Value reversed(Value a) {
    return permute_register({32, 128}, a, [](unsigned i) { return 3 - i; });
  }
  /// Words moved down by `by` places, those of the bottom to the top.
  Value words_down(Value a, unsigned by) {
    return permute_register({32, 128}, a, [=](unsigned i) { return (i + by) % 4; });
  }
  /// The upper three words one place down, zero above them.
  Value later_words(Value a) {
    return pick(Type::V4I32, a, a, [](unsigned i) { return i < 3 ? i + 1 : kZeroLane; });
  }
  /// The lowest word in the place of the highest, zero below it.
  Value lowest_on_top(Value a) {
    return pick(Type::V4I32, a, a, [](unsigned i) { return i < 3 ? kZeroLane : 0; });
  }
  /// Each lane rotated by 0 to its width.
  Value rotate_left(Type type, Value a, unsigned amount);
  bool sha1_schedule0(uint32_t m, uint32_t n, uint32_t d);
  bool sha1_hash(unsigned group, uint32_t m, uint32_t n, uint32_t d);
  /// The state after four rounds, as the host keeps it: {h, g, d, c} and {f, e, b, a}.
  struct Sha256 {
    Value cdgh;
    Value abef;
  };
  Sha256 sha256_rounds(Value a_to_d, Value e_to_h, Value work);
  // Functions of FIPS 180-4; rotations on scalars, sha512_sigma on vectors, the others on both.
  Value rotations(Value x, unsigned a, unsigned b, unsigned c);
  Value sha512_sigma(Value x, unsigned a, unsigned b, unsigned shift);
  Value choose(Value x, Value y, Value z);
  Value majority(Value x, Value y, Value z);
  Value parity(Value x, Value y, Value z);
  using WordFunction = Value (SimdCryptoHandlers::*)(Value, Value, Value);
  /// Vd, Vd one word down, and in all words the one chosen of Vm.
  struct Sm3Operands {
    Value state;
    Value down;
    Value message;
  };
  Sm3Operands sm3_operands(uint32_t d, uint32_t m, unsigned index);
  Value sm3_permutation(Value x, unsigned amount);
  Value sm3_feedback(Value x);
  Value sm3_sum(WordFunction function, const Sm3Operands& op, Value other);
  bool sm3_next(uint32_t d, const Sm3Operands& op, unsigned rotation, Value top);
  bool sm3_tt1(WordFunction function, uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool sm3_tt2(WordFunction function, uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool set_doubles(uint32_t d, Value low, Value high);
};

}  // namespace ferry::arm64
