// What the ops of ciphers, hashes and checksums mean, against published vectors. That back ends mean the same
// is tested on random values (tests/ir).
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <initializer_list>

#include "ir/function.h"
#include "ir/interp.h"

namespace ferry::ir {
namespace {

using Words = std::array<uint32_t, 4>;

Bits128 bytes(std::initializer_list<uint8_t> list) {
  std::array<uint8_t, 16> out{};
  std::copy(list.begin(), list.end(), out.begin());
  return std::bit_cast<Bits128>(out);
}
Bits128 words(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return std::bit_cast<Bits128>(Words{a, b, c, d});
}
Words words_of(Bits128 v) { return std::bit_cast<Words>(v); }
Bits128 operator^(Bits128 a, Bits128 b) { return {a.low ^ b.low, a.high ^ b.high}; }

Bits128 compute(Op op, Type type, std::initializer_list<Bits128> operands, uint64_t imm = 0,
                Type argument = Type::V16I8) {
  Bits128 all[3] = {};
  std::copy(operands.begin(), operands.end(), all);
  return evaluate({.op = op, .type = type, .imm = imm}, argument, NanRule::Arm, all);
}
Bits128 aes(Op op, Bits128 a, Bits128 b) { return compute(op, Type::V16I8, {a, b}); }
Bits128 aes(Op op, Bits128 a) { return compute(op, Type::V16I8, {a}); }

// FIPS 197, appendix B: key schedule and cipher text.
TEST(Aes, Fips197) {
  const Bits128 keys[11] = {
      bytes({0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c}),
      bytes({0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1, 0x23, 0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05}),
      bytes({0xf2, 0xc2, 0x95, 0xf2, 0x7a, 0x96, 0xb9, 0x43, 0x59, 0x35, 0x80, 0x7a, 0x73, 0x59, 0xf6, 0x7f}),
      bytes({0x3d, 0x80, 0x47, 0x7d, 0x47, 0x16, 0xfe, 0x3e, 0x1e, 0x23, 0x7e, 0x44, 0x6d, 0x7a, 0x88, 0x3b}),
      bytes({0xef, 0x44, 0xa5, 0x41, 0xa8, 0x52, 0x5b, 0x7f, 0xb6, 0x71, 0x25, 0x3b, 0xdb, 0x0b, 0xad, 0x00}),
      bytes({0xd4, 0xd1, 0xc6, 0xf8, 0x7c, 0x83, 0x9d, 0x87, 0xca, 0xf2, 0xb8, 0xbc, 0x11, 0xf9, 0x15, 0xbc}),
      bytes({0x6d, 0x88, 0xa3, 0x7a, 0x11, 0x0b, 0x3e, 0xfd, 0xdb, 0xf9, 0x86, 0x41, 0xca, 0x00, 0x93, 0xfd}),
      bytes({0x4e, 0x54, 0xf7, 0x0e, 0x5f, 0x5f, 0xc9, 0xf3, 0x84, 0xa6, 0x4f, 0xb2, 0x4e, 0xa6, 0xdc, 0x4f}),
      bytes({0xea, 0xd2, 0x73, 0x21, 0xb5, 0x8d, 0xba, 0xd2, 0x31, 0x2b, 0xf5, 0x60, 0x7f, 0x8d, 0x29, 0x2f}),
      bytes({0xac, 0x77, 0x66, 0xf3, 0x19, 0xfa, 0xdc, 0x21, 0x28, 0xd1, 0x29, 0x41, 0x57, 0x5c, 0x00, 0x6e}),
      bytes(
          {0xd0, 0x14, 0xf9, 0xa8, 0xc9, 0xee, 0x25, 0x89, 0xe1, 0x3f, 0x0c, 0xc8, 0xb6, 0x63, 0x0c, 0xa6})};
  const Bits128 plain =
      bytes({0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34});
  const Bits128 cipher =
      bytes({0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32});
  Bits128 state = plain ^ keys[0];
  for (int round = 1; round < 10; ++round) state = aes(Op::aes_enc, state, keys[round]);
  EXPECT_EQ(aes(Op::aes_enc_last, state, keys[10]), cipher);
  // The equivalent inverse cipher: the same steps with the keys unmixed.
  state = cipher ^ keys[10];
  for (int round = 9; round > 0; --round) state = aes(Op::aes_dec, state, aes(Op::aes_inv_mix, keys[round]));
  EXPECT_EQ(aes(Op::aes_dec_last, state, keys[0]), plain);
  EXPECT_EQ(aes(Op::aes_mix, aes(Op::aes_inv_mix, plain)), plain);
}

TEST(Polynomials, Products) {
  const auto product = [](uint64_t a, uint64_t b) {
    return compute(Op::clmul, Type::V2I64, {Bits128{5, a}, Bits128{7, b}}, 1);
  };
  EXPECT_EQ(product(3, 3), (Bits128{5, 0}));  // (x + 1)^2 = x^2 + 1
  EXPECT_EQ(product(uint64_t{1} << 63, uint64_t{1} << 63), (Bits128{0, uint64_t{1} << 62}));
}

// RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and ascending ones.
TEST(Crc32c, Iscsi) {
  const auto of = [](auto byte) {
    Bits128 crc{0xffffffff, 0};
    for (uint64_t i = 0; i < 32; ++i)
      crc = compute(Op::crc32c, Type::I32, {Bits128{byte(i), 0}, crc}, 0, Type::I8);
    return ~static_cast<uint32_t>(crc.low);
  };
  EXPECT_EQ(of([](uint64_t) -> uint64_t { return 0; }), 0x8a9136aau);
  EXPECT_EQ(of([](uint64_t) -> uint64_t { return 0xff; }), 0x62a8ab43u);
  EXPECT_EQ(of([](uint64_t i) { return i; }), 0x46dd794eu);
}

// FIPS 180-4: the digest of "abc", whose padded block this is.
TEST(Sha, Sha1OfAbc) {
  std::array<uint32_t, 80> w = {0x61626380};
  w[15] = 24;
  for (unsigned i = 16; i < w.size(); ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  Bits128 state = words(0x10325476, 0x98badcfe, 0xefcdab89, 0x67452301);
  uint32_t e = 0xc3d2e1f0;
  for (unsigned i = 0; i < w.size(); i += 4) {
    const uint32_t next_e = std::rotl(words_of(state)[3], 30);
    state =
        compute(Op::sha1_rounds, Type::V4I32, {state, words(w[i + 3], w[i + 2], w[i + 1], w[i] + e)}, i / 20);
    e = next_e;
  }
  const Words out = words_of(state);
  EXPECT_EQ(out[3] + 0x67452301u, 0xa9993e36u);
  EXPECT_EQ(out[2] + 0xefcdab89u, 0x4706816au);
  EXPECT_EQ(out[1] + 0x98badcfeu, 0xba3e2571u);
  EXPECT_EQ(out[0] + 0x10325476u, 0x7850c26cu);
  EXPECT_EQ(e + 0xc3d2e1f0u, 0x9cd0d89du);
}

// FIPS 180-4: the first 16 rounds of that block's SHA-256, as far as the standard's example prints them, and
// the schedule's next words.
TEST(Sha, Sha256OfAbc) {
  constexpr uint32_t kConstants[16] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
                                       0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
                                       0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174};
  uint32_t w[16] = {0x61626380};
  w[15] = 24;
  Bits128 cdgh = words(0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372);
  Bits128 abef = words(0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667);
  for (unsigned i = 0; i < 16; i += 2) {
    const Bits128 work = words(w[i] + kConstants[i], w[i + 1] + kConstants[i + 1], 0, 0);
    const Bits128 next = compute(Op::sha256_rounds, Type::V4I32, {cdgh, abef, work});
    cdgh = abef;
    abef = next;
    // After rounds 0 and 1: a, b, e, f.
    if (i == 0) EXPECT_EQ(words_of(abef), (Words{0xfa2a4622, 0x78ce7989, 0x5d6aebcd, 0x5a6ad9ad}));
  }
  EXPECT_EQ(words_of(abef), (Words{0x0b92f20c, 0x07590dcd, 0xc0645fde, 0xb0fa238e}));
  const Bits128 first =
      compute(Op::sha256_msg1, Type::V4I32, {words(w[0], w[1], w[2], w[3]), words(w[4], w[5], w[6], w[7])});
  const Bits128 next = compute(Op::sha256_msg2, Type::V4I32, {first, words(w[12], w[13], w[14], w[15])});
  EXPECT_EQ(words_of(next), (Words{0x61626380, 0x000f0000, 0x7da86405, 0x600003c6}));
}

}  // namespace
}  // namespace ferry::ir
