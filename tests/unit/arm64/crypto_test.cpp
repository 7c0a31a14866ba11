// The cryptographic helpers against published vectors, and what they do without host instructions against
// what they do with them. That single instructions do as the architecture says is tested against QEMU
// (tests/guest, tests/diff).
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

using Words = LanesOf<uint32_t>;
using Bytes = LanesOf<uint8_t>;

Vector128 bytes(std::initializer_list<uint8_t> list) {
  Bytes out{};
  std::copy(list.begin(), list.end(), out.begin());
  return vector_from<uint8_t>(out);
}
Vector128 words(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return vector_from<uint32_t>({a, b, c, d});
}

/// One of the two ways to compute AES.
struct Aes {
  Vector128 (*encrypt)(Vector128, Vector128);
  Vector128 (*decrypt)(Vector128, Vector128);
  Vector128 (*mix)(Vector128);
  Vector128 (*unmix)(Vector128);
};
constexpr Aes kAes[] = {
    {aes_encrypt, aes_decrypt, aes_mix_columns, aes_inverse_mix_columns},
    {portable::aes_encrypt, portable::aes_decrypt, portable::aes_mix_columns,
     portable::aes_inverse_mix_columns},
};

class AesTest : public testing::TestWithParam<Aes> {};

// FIPS 197, appendix B: key schedule and cipher text.
TEST_P(AesTest, Fips197) {
  const Aes& aes = GetParam();
  const Vector128 keys[11] = {
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
  const Vector128 plain =
      bytes({0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34});
  const Vector128 cipher =
      bytes({0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32});
  Vector128 state = plain;
  for (int round = 0; round < 9; ++round) state = aes.mix(aes.encrypt(state, keys[round]));
  state = aes.encrypt(state, keys[9]) ^ keys[10];
  EXPECT_EQ(lanes_of<uint8_t>(state), lanes_of<uint8_t>(cipher));
  // The equivalent inverse cipher: the same steps with the keys unmixed.
  state = aes.decrypt(state, keys[10]);
  for (int round = 9; round > 0; --round) state = aes.decrypt(aes.unmix(state), aes.unmix(keys[round]));
  EXPECT_EQ(lanes_of<uint8_t>(state ^ keys[0]), lanes_of<uint8_t>(plain));
}

INSTANTIATE_TEST_SUITE_P(HostAndPortable, AesTest, testing::ValuesIn(kAes));

TEST(PolynomialTest, PortableProductIsTheHosts) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const Vector128 a = vector_from<uint64_t>({random(), random()});
    const Vector128 b = vector_from<uint64_t>({random(), random()});
    ASSERT_EQ(lanes_of<uint64_t>(portable::polynomial_multiply_long_64(a, b)),
              lanes_of<uint64_t>(polynomial_multiply_long_64(a, b)));
  }
  // (x + 1)^2 = x^2 + 1; x^63 x^63 = x^126.
  EXPECT_EQ(lanes_of<uint64_t>(portable::polynomial_multiply_long_64(vector_from<uint64_t>({3, 5}),
                                                                     vector_from<uint64_t>({3, 7}))),
            (LanesOf<uint64_t>{5, 0}));
  const Vector128 highest = vector_from<uint64_t>({uint64_t{1} << 63, 0});
  EXPECT_EQ(lanes_of<uint64_t>(portable::polynomial_multiply_long_64(highest, highest)),
            (LanesOf<uint64_t>{0, uint64_t{1} << 62}));
}

TEST(ShaTest, PortableRoundsAreTheHosts) {
  using Three = Vector128 (*)(Vector128, Vector128, Vector128);
  constexpr std::pair<Three, Three> kPairs[] = {
      {sha1_choose, portable::sha1_choose},     {sha1_parity, portable::sha1_parity},
      {sha1_majority, portable::sha1_majority}, {sha256_hash, portable::sha256_hash},
      {sha256_hash2, portable::sha256_hash2},   {sha256_schedule1, portable::sha256_schedule1}};
  std::mt19937_64 random(2);
  const auto vector = [&] { return vector_from<uint64_t>({random(), random()}); };
  for (int i = 0; i < 1000; ++i) {
    const Vector128 a = vector(), b = vector(), c = vector();
    for (const auto& [host, plain] : kPairs) {
      ASSERT_EQ(lanes_of<uint32_t>(host(a, b, c)), lanes_of<uint32_t>(plain(a, b, c)));
    }
    ASSERT_EQ(lanes_of<uint32_t>(sha256_schedule0(a, b)),
              lanes_of<uint32_t>(portable::sha256_schedule0(a, b)));
  }
}

// FIPS 180-4: the digest of "abc", whose padded block this is.
TEST(ShaTest, Sha1OfAbc) {
  constexpr uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  const Words start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  Vector128 message[4] = {words(0x61626380, 0, 0, 0), words(0, 0, 0, 0), words(0, 0, 0, 0),
                          words(0, 0, 0, 24)};
  Vector128 abcd = vector_from<uint32_t>(start);
  uint32_t e = 0xc3d2e1f0;
  for (unsigned step = 0; step < 20; ++step) {
    const uint32_t k = kConstants[step / 5];
    const Words w = lanes_of<uint32_t>(message[0]);
    const Vector128 work = words(w[0] + k, w[1] + k, w[2] + k, w[3] + k);
    const uint32_t next_e = std::rotl(lanes_of<uint32_t>(abcd)[0], 30);
    const auto rounds = step / 5 == 0 ? sha1_choose : step / 5 == 2 ? sha1_majority : sha1_parity;
    abcd = rounds(abcd, words(e, 0, 0, 0), work);
    e = next_e;
    // SHA1SU0: w[0..3] ^ w[2..5] ^ w[8..11].
    const Words next = lanes_of<uint32_t>(message[1]);
    const Vector128 middle = words(w[2], w[3], next[0], next[1]);
    const Vector128 fresh = sha1_schedule1(message[0] ^ middle ^ message[2], message[3]);
    for (unsigned i = 0; i < 3; ++i) message[i] = message[i + 1];
    message[3] = fresh;
  }
  const Words out = lanes_of<uint32_t>(abcd);
  EXPECT_EQ(out[0] + start[0], 0xa9993e36u);
  EXPECT_EQ(out[1] + start[1], 0x4706816au);
  EXPECT_EQ(out[2] + start[2], 0xba3e2571u);
  EXPECT_EQ(out[3] + start[3], 0x7850c26cu);
  EXPECT_EQ(e + 0xc3d2e1f0u, 0x9cd0d89du);
}

// GB/T 32907, appendix A.1.
TEST(SmTest, Sm4Example) {
  constexpr Words kFamilyKey = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
  const Vector128 key = words(0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210);
  Vector128 round_keys = key ^ vector_from<uint32_t>(kFamilyKey);
  Vector128 block = key;
  for (unsigned step = 0; step < 8; ++step) {
    Words constants{};
    for (unsigned i = 0; i < 4; ++i) {
      for (unsigned byte = 0; byte < 4; ++byte) {
        constants[i] = constants[i] << 8 | ((4 * (4 * step + i) + byte) * 7 & 0xff);
      }
    }
    round_keys = sm4_key(round_keys, vector_from<uint32_t>(constants));
    block = sm4_encrypt(block, round_keys);
  }
  EXPECT_EQ(lanes_of<uint32_t>(block), (Words{0x536e4246, 0x86b3e94f, 0xd206965e, 0x681edf34}));
}

}  // namespace
}  // namespace ferry::arm64::helpers
