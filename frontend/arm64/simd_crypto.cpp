#include "frontend/arm64/simd_crypto.h"

namespace ferry::arm64 {

// ---- families

// Whole bytes are moved by one host instruction, other amounts by three.
SimdCryptoHandlers::Value SimdCryptoHandlers::rotate_left(Type type, Value a, unsigned amount) {
  const unsigned width = ir::lane_bits(type);
  if (amount % 8 == 0) {
    const unsigned mask = width / 8 - 1;
    return permute_register({8, 128}, a, [=](unsigned i) { return (i & ~mask) | ((i - amount / 8) & mask); });
  }
  return b_.binary(Op::or_, type, vshl(type, a, amount), vshr(Sign::Unsigned, type, a, width - amount));
}

bool SimdCryptoHandlers::sha1_schedule0(uint32_t m, uint32_t n, uint32_t d) {
  const Value before = v(d);
  const Value middle = permute({64, 128}, before, v(n), [](unsigned i) { return 1 + i; });
  return set(d, b_.xor_(b_.xor_(before, middle), v(m)));
}

// Four rounds. The host keeps a in the highest lane, takes e added to the first word, and adds the constant
// of its own `group`, which the guest has added already.
bool SimdCryptoHandlers::sha1_hash(unsigned group, uint32_t m, uint32_t n, uint32_t d) {
  static constexpr uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc};
  const Type type = Type::V4I32;
  const Value work = b_.binary(Op::sub, type, v(m), every(type, kConstants[group]));
  const Value with_e = b_.binary(Op::add, type, work, low_bits(v(n), 32));
  const Value rounds = b_.binary(Op::sha1_rounds, type, reversed(v(d)), reversed(with_e), group);
  return set(d, reversed(rounds));
}

// Four rounds, two at a time; what the first two make of {f, e, b, a} goes into the last two as {h, g, d, c}.
SimdCryptoHandlers::Sha256 SimdCryptoHandlers::sha256_rounds(Value a_to_d, Value e_to_h, Value work) {
  const auto two = [&](Value cdgh, Value abef, Value words) {
    return b_.emit(Op::sha256_rounds, Type::V4I32, {cdgh, abef, words});
  };
  const Value abef = words(e_to_h, a_to_d, {1, 0, 5, 4});
  const Value cdgh = words(e_to_h, a_to_d, {3, 2, 7, 6});
  const Value middle = two(cdgh, abef, work);
  const Value last = two(abef, middle, broadcast(64, work, 1));
  return {.cdgh = middle, .abef = last};
}

// x rotated by each amount, and their sum over {0, 1}.
SimdCryptoHandlers::Value SimdCryptoHandlers::rotations(Value x, unsigned a, unsigned b, unsigned c) {
  const auto rotated = [&](unsigned amount) { return b_.binary(Op::rotr, x, b_.konst(x.type, amount)); };
  return b_.xor_(b_.xor_(rotated(a), rotated(b)), rotated(c));
}

SimdCryptoHandlers::Value SimdCryptoHandlers::sha512_sigma(Value x, unsigned a, unsigned b, unsigned shift) {
  const Type type = Type::V2I64;
  return b_.xor_(b_.xor_(rotate_left(type, x, 64 - a), rotate_left(type, x, 64 - b)),
                 vshr(Sign::Unsigned, type, x, shift));
}

SimdCryptoHandlers::Value SimdCryptoHandlers::choose(Value x, Value y, Value z) {
  return b_.xor_(b_.and_(b_.xor_(y, z), x), z);
}

SimdCryptoHandlers::Value SimdCryptoHandlers::majority(Value x, Value y, Value z) {
  return b_.or_(b_.and_(x, y), b_.and_(b_.or_(x, y), z));
}

SimdCryptoHandlers::Value SimdCryptoHandlers::parity(Value x, Value y, Value z) {
  return b_.xor_(b_.xor_(x, y), z);
}

// GB/T 32905, 5.3: P0 (amount 9) and P1 (amount 15).
SimdCryptoHandlers::Value SimdCryptoHandlers::sm3_permutation(Value x, unsigned amount) {
  const Type type = Type::V4I32;
  return b_.xor_(x, rotate_left(type, b_.xor_(x, rotate_left(type, x, 8)), amount));
}

// What the lowest word of the message schedule adds to the highest, three words later.
SimdCryptoHandlers::Value SimdCryptoHandlers::sm3_feedback(Value x) {
  return sm3_permutation(rotate_left(Type::V4I32, lowest_on_top(x), 15), 15);
}

SimdCryptoHandlers::Sm3Operands SimdCryptoHandlers::sm3_operands(uint32_t d, uint32_t m, unsigned index) {
  return {v(d), words_down(v(d), 1), broadcast(32, v(m), index)};
}

// In the highest word: `function` of three of the state, the fourth, `other` and the message's.
SimdCryptoHandlers::Value SimdCryptoHandlers::sm3_sum(WordFunction function, const Sm3Operands& op,
                                                      Value other) {
  const auto add = [&](Value a, Value b) { return b_.binary(Op::add, Type::V4I32, a, b); };
  const Value mixed = (this->*function)(op.state, words_down(op.state, 3), words_down(op.state, 2));
  return add(add(mixed, op.down), add(other, op.message));
}

// The state one word further down, the third rotated, and `top` above them.
bool SimdCryptoHandlers::sm3_next(uint32_t d, const Sm3Operands& op, unsigned rotation, Value top) {
  const Value rotated = rotate_left(Type::V4I32, op.down, rotation);
  return set(d, words(words(op.down, rotated, {0, 5, 2, 3}), top, {0, 1, 2, 7}));
}

bool SimdCryptoHandlers::sm3_tt1(WordFunction function, uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  const Sm3Operands op = sm3_operands(d, m, imm);
  const Value ss2 = b_.xor_(v(n), rotate_left(Type::V4I32, op.state, 12));
  return sm3_next(d, op, 9, sm3_sum(function, op, ss2));
}

bool SimdCryptoHandlers::sm3_tt2(WordFunction function, uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  const Sm3Operands op = sm3_operands(d, m, imm);
  return sm3_next(d, op, 19, sm3_permutation(sm3_sum(function, op, v(n)), 9));
}

bool SimdCryptoHandlers::set_doubles(uint32_t d, Value low, Value high) {
  const Value bottom = b_.unary(Op::scalar_to_vec, Type::V2I64, low);
  return set(d, b_.emit(Op::insert_lane, Type::V2I64, {bottom, high}, 1));
}

// ---- polynomials

bool SimdCryptoHandlers::PMULL_p8(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set(d, multiply_polynomials(v(n), v(m), 8 * q));
}
bool SimdCryptoHandlers::PMULL_p64(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set(d, b_.binary(Op::clmul, Type::V2I64, v(n), v(m), q));
}

// ---- AES; the key comes first, so the one that hosts add at the end is zero (ir/passes/fold.cpp finds the
// next one)

bool SimdCryptoHandlers::AESE(uint32_t n, uint32_t d) {
  return set(d, b_.binary(Op::aes_enc_last, b_.xor_(v(d), v(n)), vzero()));
}
bool SimdCryptoHandlers::AESD(uint32_t n, uint32_t d) {
  return set(d, b_.binary(Op::aes_dec_last, b_.xor_(v(d), v(n)), vzero()));
}
bool SimdCryptoHandlers::AESMC(uint32_t n, uint32_t d) {
  return set(d, b_.unary(Op::aes_mix, Type::V16I8, v(n)));
}
bool SimdCryptoHandlers::AESIMC(uint32_t n, uint32_t d) {
  return set(d, b_.unary(Op::aes_inv_mix, Type::V16I8, v(n)));
}

// ---- SHA-1, SHA-256, SHA-512

bool SimdCryptoHandlers::SHA1C(uint32_t m, uint32_t n, uint32_t d) { return sha1_hash(0, m, n, d); }
bool SimdCryptoHandlers::SHA1P(uint32_t m, uint32_t n, uint32_t d) { return sha1_hash(1, m, n, d); }
bool SimdCryptoHandlers::SHA1M(uint32_t m, uint32_t n, uint32_t d) { return sha1_hash(2, m, n, d); }
bool SimdCryptoHandlers::SHA1H(uint32_t n, uint32_t d) {
  set_scalar(d, b_.binary(Op::rotr, scalar(n, Type::I32), b_.i32(2)));
  return true;
}
bool SimdCryptoHandlers::SHA1SU0(uint32_t m, uint32_t n, uint32_t d) { return sha1_schedule0(m, n, d); }
// Each word rotated by 1, and into the last goes the first.
bool SimdCryptoHandlers::SHA1SU1(uint32_t n, uint32_t d) {
  const Type type = Type::V4I32;
  const Value next = rotate_left(type, b_.xor_(v(d), later_words(v(n))), 1);
  return set(d, b_.xor_(next, rotate_left(type, lowest_on_top(next), 1)));
}
bool SimdCryptoHandlers::SHA256H(uint32_t m, uint32_t n, uint32_t d) {
  const Sha256 hash = sha256_rounds(v(d), v(n), v(m));
  return set(d, words(hash.abef, hash.cdgh, {3, 2, 7, 6}));
}
bool SimdCryptoHandlers::SHA256H2(uint32_t m, uint32_t n, uint32_t d) {
  const Sha256 hash = sha256_rounds(v(n), v(d), v(m));
  return set(d, words(hash.abef, hash.cdgh, {1, 0, 5, 4}));
}
bool SimdCryptoHandlers::SHA256SU0(uint32_t n, uint32_t d) {
  return set(d, b_.binary(Op::sha256_msg1, Type::V4I32, v(d), v(n)));
}
bool SimdCryptoHandlers::SHA256SU1(uint32_t m, uint32_t n, uint32_t d) {
  const Value earlier = words(v(n), v(m), {1, 2, 3, 4});
  const Value sum = b_.binary(Op::add, Type::V4I32, v(d), earlier);
  return set(d, b_.binary(Op::sha256_msg2, Type::V4I32, sum, v(m)));
}
bool SimdCryptoHandlers::SHA512H(uint32_t m, uint32_t n, uint32_t d) {
  const auto part = [&](uint32_t reg, unsigned index) { return lane(reg, Type::I64, index); };
  const Value y1 = part(m, 1);
  const Value x0 = part(n, 0);
  const Value high = b_.add(b_.add(part(d, 1), choose(y1, x0, part(n, 1))), rotations(y1, 14, 18, 41));
  const Value sum = b_.add(high, part(m, 0));
  const Value low = b_.add(b_.add(part(d, 0), choose(sum, y1, x0)), rotations(sum, 14, 18, 41));
  return set_doubles(d, low, high);
}
bool SimdCryptoHandlers::SHA512H2(uint32_t m, uint32_t n, uint32_t d) {
  const auto part = [&](uint32_t reg, unsigned index) { return lane(reg, Type::I64, index); };
  const Value y0 = part(m, 0);
  const Value y1 = part(m, 1);
  const Value high = b_.add(b_.add(part(d, 1), majority(part(n, 0), y1, y0)), rotations(y0, 28, 34, 39));
  const Value low = b_.add(b_.add(part(d, 0), majority(high, y0, y1)), rotations(high, 28, 34, 39));
  return set_doubles(d, low, high);
}
bool SimdCryptoHandlers::SHA512SU0(uint32_t n, uint32_t d) {
  const Value next = permute({64, 128}, v(d), v(n), [](unsigned i) { return 1 + i; });
  return set(d, b_.binary(Op::add, Type::V2I64, v(d), sha512_sigma(next, 1, 8, 7)));
}
bool SimdCryptoHandlers::SHA512SU1(uint32_t m, uint32_t n, uint32_t d) {
  const Type type = Type::V2I64;
  const Value sum = b_.binary(Op::add, type, v(d), v(m));
  return set(d, b_.binary(Op::add, type, sum, sha512_sigma(v(n), 19, 61, 6)));
}

// ---- SHA-3

bool SimdCryptoHandlers::EOR3(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return set(d, b_.xor_(v(n), b_.xor_(v(m), v(a))));
}
bool SimdCryptoHandlers::BCAX(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  return set(d, b_.xor_(v(n), b_.andn(v(m), v(a))));
}
bool SimdCryptoHandlers::RAX1(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, b_.xor_(v(n), rotate_left(Type::V2I64, v(m), 1)));
}
bool SimdCryptoHandlers::XAR(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return set(d, rotate_left(Type::V2I64, b_.xor_(v(n), v(m)), 64 - imm));
}

// ---- SM3, SM4

bool SimdCryptoHandlers::SM3PARTW1(uint32_t m, uint32_t n, uint32_t d) {
  const Value later = rotate_left(Type::V4I32, later_words(v(m)), 15);
  const Value next = sm3_permutation(parity(v(d), v(n), later), 15);
  return set(d, b_.xor_(next, sm3_feedback(next)));
}
bool SimdCryptoHandlers::SM3PARTW2(uint32_t m, uint32_t n, uint32_t d) {
  const Value next = b_.xor_(v(n), rotate_left(Type::V4I32, v(m), 7));
  return set(d, parity(v(d), next, sm3_feedback(next)));
}
bool SimdCryptoHandlers::SM3SS1(uint32_t m, uint32_t a, uint32_t n, uint32_t d) {
  const Type type = Type::V4I32;
  const Value sum =
      b_.binary(Op::add, type, rotate_left(type, v(n), 12), b_.binary(Op::add, type, v(m), v(a)));
  return set(
      d, pick(type, rotate_left(type, sum, 7), vzero(), [](unsigned i) { return i == 3 ? i : kZeroLane; }));
}
bool SimdCryptoHandlers::SM3TT1A(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return sm3_tt1(&SimdCryptoHandlers::parity, m, imm, n, d);
}
bool SimdCryptoHandlers::SM3TT1B(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return sm3_tt1(&SimdCryptoHandlers::majority, m, imm, n, d);
}
bool SimdCryptoHandlers::SM3TT2A(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return sm3_tt2(&SimdCryptoHandlers::parity, m, imm, n, d);
}
bool SimdCryptoHandlers::SM3TT2B(uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return sm3_tt2(&SimdCryptoHandlers::choose, m, imm, n, d);
}
bool SimdCryptoHandlers::SM4E(uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm4_encrypt, {v(d), v(n)}));
}
bool SimdCryptoHandlers::SM4EKEY(uint32_t m, uint32_t n, uint32_t d) {
  return set(d, call(Helper::sm4_key, {v(n), v(m)}));
}

}  // namespace ferry::arm64
