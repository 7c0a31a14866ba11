#pragma once

#include "frontend/arm64/fp_vector.h"

namespace ferry::arm64 {

/// The part of vector registers that an instruction works on: `bits` (128 or 64 of a vector, one lane of a
/// scalar) in lanes of `width` bits. Operations are built on all 128 bits; what lies above `bits` is cut off
/// at the end.
struct Lanes {
  unsigned width;
  unsigned bits;

  ir::Type type() const { return ir::vector_type(width); }
  /// The vector type of lanes twice as wide.
  ir::Type wide_type() const { return ir::vector_type(2 * width); }
  unsigned count() const { return bits / width; }
  /// How many lanes a whole register has.
  unsigned per_register() const { return 128 / width; }
};

/// Lanes of 8 << size bits in a 128-bit (q) or 64-bit vector.
constexpr Lanes vector_lanes(uint32_t q, uint32_t size) { return {8u << size, q != 0 ? 128u : 64u}; }
/// The scalar Bn, Hn, Sn or Dn.
constexpr Lanes scalar_lanes(uint32_t size) { return {8u << size, 8u << size}; }

/// What the families of Advanced SIMD instructions share.
class SimdCore : public FpVectorHandlers {
 protected:
  using FpVectorHandlers::FpVectorHandlers;
  ~SimdCore() = default;

  enum class Sign : bool { Unsigned, Signed };
  enum class Rounding : bool { Truncate, Round };

  // ---- results

  /// Writes the low `bits` bits of `value` to Vd and zeros above; true.
  bool set_bits(uint32_t d, unsigned bits, Value value);
  bool set_lanes(uint32_t d, Lanes lanes, Value value) { return set_bits(d, lanes.bits, value); }
  /// Writes a narrowing instruction's result, 64 bits with zeros above: to the low half of Vd, or (its "2"
  /// form) to the high half and leaves the low one alone; true.
  bool set_half(uint32_t d, uint32_t q, Value value);
  /// `value` with zeros from bit `bits` on.
  Value low_bits(Value value, unsigned bits);

  // ---- saturation

  /// Sets FPSR.QC if any of the low `bits` bits of `cut` is set.
  void set_qc_if(Value cut, unsigned bits);
  /// `wrapped` where it equals `saturated` and sets FPSR.QC elsewhere; yields `saturated`.
  Value saturating(Value saturated, Value wrapped, unsigned bits);
  /// Lanes twice `lanes.width` wide, narrowed by `op` (a narrow_sat_ one); sets FPSR.QC.
  Value narrow_saturating(Op op, Lanes lanes, Value wide);

  // ---- building blocks; types are those of the lanes

  /// Every lane the number `value`.
  Value every(Type type, uint64_t value);
  /// The lowest number of a signed lane, in every lane.
  Value every_min(Type type) { return every(type, uint64_t{1} << (ir::lane_bits(type) - 1)); }
  Value vzero() { return b_.konst(Type::V16I8, 0); }
  Value vnot(Value a) { return b_.binary(Op::xor_, a.type, a, every(Type::V2I64, ~uint64_t{0})); }
  Value vcompare(IntCond cond, Type type, Value a, Value b) {
    return b_.binary(Op::vicmp, type, a, b, static_cast<uint64_t>(cond));
  }
  Value vshl(Type type, Value a, unsigned amount) {
    return amount == 0 ? a : b_.unary(Op::vshl, type, a, amount);
  }
  /// Each lane shifted right by 0 to its width.
  Value vshr(Sign sign, Type type, Value a, unsigned amount) {
    return amount == 0 ? a : b_.unary(sign == Sign::Signed ? Op::vashr : Op::vlshr, type, a, amount);
  }
  /// As vshr, rounded to the nearest (ties upward) as if with unlimited precision; amount 1 to the lane's
  /// width.
  Value vshr_rounded(Sign sign, Type type, Value a, unsigned amount);
  Value vshr(Sign sign, Rounding rounding, Type type, Value a, unsigned amount) {
    return rounding == Rounding::Round ? vshr_rounded(sign, type, a, amount) : vshr(sign, type, a, amount);
  }
  /// mask ? a : b, bit by bit.
  Value bit_select(Value mask, Value a, Value b);
  /// The low half of `low`, above it the low half of `high`.
  Value join(Value low, Value high);
  /// The low (half 0) or high half of `a`, each lane extended to twice its width.
  Value widen(Sign sign, Lanes lanes, Value a, uint32_t half) {
    return b_.unary(sign == Sign::Signed ? Op::widen_s : Op::widen_u, lanes.wide_type(), a, half);
  }
  Value multiply_wide(Sign sign, Lanes lanes, Value a, Value b, uint32_t half) {
    return b_.binary(sign == Sign::Signed ? Op::mul_wide_s : Op::mul_wide_u, lanes.wide_type(), a, b, half);
  }
  /// Each pair of neighbouring lanes, extended to twice their width and added.
  Value add_pairs_wide(Sign sign, Lanes lanes, Value a);
  /// The products over {0, 1} of eight bytes, from byte `first` on.
  Value multiply_polynomials(Value a, Value b, unsigned first);
  Value absolute_difference(Sign sign, Type type, Value a, Value b);
  /// Every lane a copy of `a`'s lane `index`.
  Value broadcast(unsigned width, Value a, unsigned index);

  /// Lane i of the result, for the lanes in use, is lane source(i) of `a`, or lane source(i) -
  /// lanes.per_register() of `b`. Bits above the lanes in use are zero; where these are 64 bits, so are the
  /// ones used of `a` and `b`.
  template <typename Source>
  Value permute(Lanes lanes, Value a, Value b, Source source) {
    if (lanes.bits == 64 && a.id != b.id) {
      // Two registers' halves side by side are one permuted register: one byte shuffle on the host instead of
      // two.
      const Value both = join(a, b);
      const unsigned count = lanes.count();
      return permute_register(lanes, both,
                              [=](unsigned i) { return source(i) < count ? source(i) : source(i) - count; });
    }
    return shuffle(lanes, a, b, source);
  }
  /// As permute, but lanes of `a` alone, of any part of it.
  template <typename Source>
  Value permute_register(Lanes lanes, Value a, Source source) {
    return shuffle(lanes, a, a, source);
  }
  /// The even (part 0) or odd lanes of `a`, then those of `b`: UZP1, UZP2.
  Value unzip(Lanes lanes, Value a, Value b, unsigned part);
  /// The low (part 0) or high halves of `a` and `b`, lane by lane alternating: ZIP1, ZIP2.
  Value zip(Lanes lanes, Value a, Value b, unsigned part);

  // ---- fields

  /// An element named by the bits L, M, H and the low four bits of Rm: its register and index (Arm ARM, "by
  /// element").
  struct Element {
    uint32_t reg;
    unsigned index;
  };
  static Element element(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h) {
    if (size == 1) return {m, h << 2 | l << 1 | m_high};
    return {m_high << 4 | m, size == 2 ? h << 1 | l : h};
  }
  /// That element in every lane.
  Value broadcast(uint32_t size, Element e) { return broadcast(8u << size, v(e.reg), e.index); }

 private:
  template <typename Source>
  Value shuffle(Lanes lanes, Value a, Value b, Source source) {
    return pick(lanes.type(), a, b, [&](unsigned i) { return i < lanes.count() ? source(i) : kZeroLane; });
  }
};

}  // namespace ferry::arm64
