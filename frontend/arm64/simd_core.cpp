#include "frontend/arm64/simd_core.h"

#include <array>
#include <bit>

#include "ir/support/bits.h"

namespace ferry::arm64 {

bool SimdCore::set_bits(uint32_t d, unsigned bits, Value value) {
  set_v(d, low_bits(value, bits));
  return true;
}

bool SimdCore::set_half(uint32_t d, uint32_t q, Value value) {
  set_v(d, q != 0 ? join(v(d), value) : value);
  return true;
}

SimdCore::Value SimdCore::low_bits(Value value, unsigned bits) {
  if (bits == 128) return value;
  if (bits == 64) return b_.unary(Op::zero_upper, value.type, value);
  return b_.binary(Op::and_, value.type, value, b_.konst(Type::V2I64, support::low_mask(bits)));
}

void SimdCore::set_qc_if(Value cut, unsigned bits) {
  const Value before = b_.get_reg(QC, Type::V16I8);
  b_.set_reg(QC, b_.or_(before, low_bits(cut, bits)));
}

SimdCore::Value SimdCore::saturating(Value saturated, Value wrapped, unsigned bits) {
  set_qc_if(b_.xor_(saturated, wrapped), bits);
  return saturated;
}

SimdCore::Value SimdCore::narrow_saturating(Op op, Lanes lanes, Value wide) {
  const Type type = lanes.wide_type();
  // A number fits if nothing is left above the narrow width, after moving the signed range up to begin at
  // zero.
  const Value from_zero = op == Op::narrow_sat_ss
                              ? b_.binary(Op::add, type, wide, every(type, uint64_t{1} << (lanes.width - 1)))
                              : wide;
  const unsigned wide_bits = lanes.bits == lanes.width ? 2 * lanes.width : 128;
  set_qc_if(b_.unary(Op::vlshr, type, from_zero, lanes.width), wide_bits);
  return b_.unary(op, lanes.type(), wide);
}

SimdCore::Value SimdCore::every(Type type, uint64_t value) {
  uint64_t half = 0;
  for (unsigned at = 0; at < 64; at += ir::lane_bits(type)) {
    half |= (value & support::low_mask(ir::lane_bits(type))) << at;
  }
  return b_.konst(type, half, half);
}

SimdCore::Value SimdCore::vshr_rounded(Sign sign, Type type, Value a, unsigned amount) {
  // Adding half a unit before shifting may overflow; the highest bit shifted out says the same.
  const Value round_up = b_.binary(Op::and_, type, vshr(Sign::Unsigned, type, a, amount - 1), every(type, 1));
  return b_.binary(Op::add, type, vshr(sign, type, a, amount), round_up);
}

SimdCore::Value SimdCore::bit_select(Value mask, Value a, Value b) {
  return b_.binary(Op::xor_, mask.type, b, b_.binary(Op::and_, mask.type, b_.xor_(a, b), mask));
}

SimdCore::Value SimdCore::join(Value low, Value high) {
  return permute({64, 128}, low, high, [](unsigned i) { return 2 * i; });
}

SimdCore::Value SimdCore::add_pairs_wide(Sign sign, Lanes lanes, Value a) {
  const Type wide = lanes.wide_type();
  const Value odd = vshr(sign, wide, a, lanes.width);
  const Value even = sign == Sign::Signed
                         ? vshr(sign, wide, vshl(wide, a, lanes.width), lanes.width)
                         : b_.binary(Op::and_, wide, a, every(wide, support::low_mask(lanes.width)));
  return b_.binary(Op::add, wide, even, odd);
}

// Three bytes at a time, far enough apart that the product of two long polynomials has theirs in places of
// their own: at 0, 2 and 6 they give products at 0, 4 and 12, and none of different bytes there.
SimdCore::Value SimdCore::multiply_polynomials(Value a, Value b, unsigned first) {
  static constexpr unsigned kPlaces[] = {0, 2, 6};
  Value products;
  for (unsigned byte = 0; byte < 8; byte += 3) {
    std::array<uint8_t, 16> spread, gathered;
    spread.fill(0x80);
    gathered.fill(0x80);
    for (unsigned i = 0; i < 3 && byte + i < 8; ++i) {
      spread[kPlaces[i]] = static_cast<uint8_t>(first + byte + i);
      for (unsigned half = 0; half < 2; ++half)
        gathered[2 * (byte + i) + half] = static_cast<uint8_t>(2 * kPlaces[i] + half);
    }
    const auto bytes = [&](Value from, const std::array<uint8_t, 16>& selectors) {
      const auto words = std::bit_cast<std::array<uint64_t, 2>>(selectors);
      return b_.emit(Op::shuffle, Type::V16I8, {from, from}, words[0], words[1]);
    };
    const Value product = b_.binary(Op::clmul, Type::V2I64, bytes(a, spread), bytes(b, spread));
    const Value three = bytes(product, gathered);
    products = products ? b_.or_(products, three) : three;
  }
  return products;
}

SimdCore::Value SimdCore::absolute_difference(Sign sign, Type type, Value a, Value b) {
  const bool is_signed = sign == Sign::Signed;
  const Value larger = b_.binary(is_signed ? Op::smax : Op::umax, type, a, b);
  return b_.binary(Op::sub, type, larger, b_.binary(is_signed ? Op::smin : Op::umin, type, a, b));
}

SimdCore::Value SimdCore::broadcast(unsigned width, Value a, unsigned index) {
  return permute_register({width, 128}, a, [=](unsigned) { return index; });
}

SimdCore::Value SimdCore::unzip(Lanes lanes, Value a, Value b, unsigned part) {
  const unsigned half = lanes.count() / 2;
  return permute(lanes, a, b, [=](unsigned i) {
    return i < half ? 2 * i + part : lanes.per_register() + 2 * (i - half) + part;
  });
}

SimdCore::Value SimdCore::zip(Lanes lanes, Value a, Value b, unsigned part) {
  const unsigned first = part * lanes.count() / 2;
  return permute(lanes, a, b, [=](unsigned i) { return first + i / 2 + i % 2 * lanes.per_register(); });
}

}  // namespace ferry::arm64
