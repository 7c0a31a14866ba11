// Products of polynomials, checksums, and the rounds of ciphers and hashes.
#include <array>
#include <bit>

#include "ir/interp_frame.h"
#include "ir/support/galois.h"

namespace ferry::ir::interp {

namespace {

using Bytes = std::array<uint8_t, 16>;
using Words = std::array<uint32_t, 4>;

Bytes bytes_of(Bits128 v) { return std::bit_cast<Bytes>(v); }
Words words_of(Bits128 v) { return std::bit_cast<Words>(v); }
template <typename T, size_t count>
Bits128 vector_of(const std::array<T, count>& lanes) {
  return std::bit_cast<Bits128>(lanes);
}

// ---- AES (FIPS 197): column c, row r of the state is byte 4 * c + r

using Table = std::array<uint8_t, 256>;

constexpr uint32_t kAesPolynomial = 0x11b;

constexpr Table make_substitution() {
  Table table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    const uint8_t inverse = support::galois_inverse(static_cast<uint8_t>(i), kAesPolynomial);
    table[i] = static_cast<uint8_t>(support::circulant_multiply(inverse, 0b11111) ^ 0x63);
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
Bits128 shift_rows_and_substitute(Bits128 state, const Table& table, unsigned step) {
  const Bytes in = bytes_of(state);
  Bytes out;
  for (unsigned i = 0; i < out.size(); ++i) out[i] = table[in[(i + 4 * step * (i % 4)) % 16]];
  return vector_of(out);
}
Bits128 encrypt_bytes(Bits128 state) { return shift_rows_and_substitute(state, kSubstitution, 1); }
Bits128 decrypt_bytes(Bits128 state) { return shift_rows_and_substitute(state, kInverseSubstitution, 3); }

/// Each column times the circulant matrix whose first row is `row`.
Bits128 multiply_columns(Bits128 state, const std::array<uint8_t, 4>& row) {
  const Bytes in = bytes_of(state);
  Bytes out{};
  for (unsigned i = 0; i < out.size(); ++i) {
    for (unsigned k = 0; k < 4; ++k) {
      const uint8_t term = support::galois_multiply(in[i / 4 * 4 + (i + k) % 4], row[k], kAesPolynomial);
      out[i] = static_cast<uint8_t>(out[i] ^ term);
    }
  }
  return vector_of(out);
}
Bits128 mix_columns(Bits128 state) { return multiply_columns(state, {2, 3, 1, 1}); }
Bits128 inverse_mix_columns(Bits128 state) { return multiply_columns(state, {14, 11, 13, 9}); }

Bits128 add_key(Bits128 state, Bits128 key) { return {state.low ^ key.low, state.high ^ key.high}; }

// ---- SHA-1 and SHA-256 (FIPS 180-4)

constexpr uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
constexpr uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }
constexpr uint32_t rotations(uint32_t x, int a, int b, int c) {
  return std::rotr(x, a) ^ std::rotr(x, b) ^ std::rotr(x, c);
}
constexpr uint32_t sigma0(uint32_t x) { return std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3; }
constexpr uint32_t sigma1(uint32_t x) { return std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10; }

constexpr Words kSha1Constants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};

uint32_t sha1_function(uint64_t group, uint32_t x, uint32_t y, uint32_t z) {
  return group == 0 ? choose(x, y, z) : group == 2 ? majority(x, y, z) : x ^ y ^ z;
}

}  // namespace

Bits128 clmul(Frame& f, const Inst& inst) {
  const auto lane_of = [&](unsigned index) {
    const Bits128 v = f.vec(inst, index);
    return inst.imm == 0 ? v.low : v.high;
  };
  const uint64_t a = lane_of(0);
  const uint64_t b = lane_of(1);
  Bits128 product{};
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((b >> bit & 1) == 0) continue;
    product.low ^= a << bit;
    product.high ^= bit == 0 ? 0 : a >> (64 - bit);
  }
  return product;
}

Bits128 crc32c(Frame& f, const Inst& inst) {
  constexpr uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41, bits reversed
  const unsigned width = bits(f.type(inst, 0));
  const uint64_t data = f.arg(inst, 0) & support::low_mask(width);
  auto crc = static_cast<uint32_t>(f.arg(inst, 1));
  for (unsigned bit = 0; bit < width; ++bit) {
    const bool carry = ((crc ^ data >> bit) & 1) != 0;
    crc = crc >> 1 ^ (carry ? kPolynomial : 0);
  }
  return {crc, 0};
}

Bits128 aes_enc(Frame& f, const Inst& inst) {
  return add_key(mix_columns(encrypt_bytes(f.vec(inst, 0))), f.vec(inst, 1));
}
Bits128 aes_enc_last(Frame& f, const Inst& inst) {
  return add_key(encrypt_bytes(f.vec(inst, 0)), f.vec(inst, 1));
}
Bits128 aes_dec(Frame& f, const Inst& inst) {
  return add_key(inverse_mix_columns(decrypt_bytes(f.vec(inst, 0))), f.vec(inst, 1));
}
Bits128 aes_dec_last(Frame& f, const Inst& inst) {
  return add_key(decrypt_bytes(f.vec(inst, 0)), f.vec(inst, 1));
}
Bits128 aes_mix(Frame& f, const Inst& inst) { return mix_columns(f.vec(inst, 0)); }
Bits128 aes_inv_mix(Frame& f, const Inst& inst) { return inverse_mix_columns(f.vec(inst, 0)); }

Bits128 sha1_rounds(Frame& f, const Inst& inst) {
  const Words state = words_of(f.vec(inst, 0));
  const Words work = words_of(f.vec(inst, 1));
  uint32_t a = state[3], b = state[2], c = state[1], d = state[0], e = 0;
  for (unsigned round = 0; round < 4; ++round) {
    const uint32_t next =
        sha1_function(inst.imm, b, c, d) + std::rotl(a, 5) + work[3 - round] + e + kSha1Constants[inst.imm];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  return vector_of(Words{d, c, b, a});
}

Bits128 sha256_rounds(Frame& f, const Inst& inst) {
  const Words cdgh = words_of(f.vec(inst, 0));
  const Words abef = words_of(f.vec(inst, 1));
  const Words work = words_of(f.vec(inst, 2));
  uint32_t a = abef[3], b = abef[2], c = cdgh[3], d = cdgh[2];
  uint32_t e = abef[1], g = cdgh[1], h = cdgh[0], ff = abef[0];
  for (unsigned round = 0; round < 2; ++round) {
    const uint32_t t = h + rotations(e, 6, 11, 25) + choose(e, ff, g) + work[round];
    const uint32_t next = t + rotations(a, 2, 13, 22) + majority(a, b, c);
    h = g;
    g = ff;
    ff = e;
    e = d + t;
    d = c;
    c = b;
    b = a;
    a = next;
  }
  return vector_of(Words{ff, e, b, a});
}

Bits128 sha256_msg1(Frame& f, const Inst& inst) {
  const Words w = words_of(f.vec(inst, 0));
  const uint32_t next = words_of(f.vec(inst, 1))[0];
  return vector_of(Words{w[0] + sigma0(w[1]), w[1] + sigma0(w[2]), w[2] + sigma0(w[3]), w[3] + sigma0(next)});
}

Bits128 sha256_msg2(Frame& f, const Inst& inst) {
  Words w = words_of(f.vec(inst, 0));
  const Words last = words_of(f.vec(inst, 1));
  w[0] += sigma1(last[2]);
  w[1] += sigma1(last[3]);
  w[2] += sigma1(w[0]);
  w[3] += sigma1(w[1]);
  return vector_of(w);
}

}  // namespace ferry::ir::interp
