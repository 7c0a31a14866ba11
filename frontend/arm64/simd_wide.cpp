#include "frontend/arm64/simd_wide.h"

namespace ferry::arm64 {

// ---- families

bool SimdWideHandlers::accumulate(Op op, uint32_t size, Value value, uint32_t d) {
  return set_v_all(d, b_.binary(op, ir::vector_type(16u << size), v(d), value));
}

bool SimdWideHandlers::add_long(Op op, Sign sign, uint32_t q, uint32_t size, uint32_t m, uint32_t n,
                                uint32_t d) {
  const Lanes lanes = vector_lanes(q, size);
  const Value a = widen(sign, lanes, v(n), q);
  return set_v_all(d, b_.binary(op, lanes.wide_type(), a, widen(sign, lanes, v(m), q)));
}

bool SimdWideHandlers::add_wide(Op op, Sign sign, uint32_t q, uint32_t size, uint32_t m, uint32_t n,
                                uint32_t d) {
  const Lanes lanes = vector_lanes(q, size);
  return set_v_all(d, b_.binary(op, lanes.wide_type(), v(n), widen(sign, lanes, v(m), q)));
}

// The difference's magnitude fits the narrow lanes when these are read as unsigned.
SimdWideHandlers::Value SimdWideHandlers::difference_long(Sign sign, uint32_t q, uint32_t size, uint32_t m,
                                                          uint32_t n) {
  const Lanes lanes = vector_lanes(q, size);
  return widen(Sign::Unsigned, lanes, absolute_difference(sign, lanes.type(), v(n), v(m)), q);
}

bool SimdWideHandlers::add_high_narrow(Op op, Rounding rounding, uint32_t q, uint32_t size, uint32_t m,
                                       uint32_t n, uint32_t d) {
  const Lanes lanes = vector_lanes(q, size);
  const Type wide = lanes.wide_type();
  Value sum = b_.binary(op, wide, v(n), v(m));
  if (rounding == Rounding::Round)
    sum = b_.binary(Op::add, wide, sum, every(wide, uint64_t{1} << (lanes.width - 1)));
  return set_half(d, q, b_.unary(Op::narrow, lanes.type(), vshr(Sign::Unsigned, wide, sum, lanes.width)));
}

// Twice the product fits its lane but for both operands being the lowest number: then it wraps to the lowest
// number, and the highest is that one inverted.
SimdWideHandlers::Value SimdWideHandlers::doubled_product(Lanes lanes, Value a, Value b, uint32_t half) {
  const Type wide = lanes.wide_type();
  const Value doubled = vshl(wide, multiply_wide(Sign::Signed, lanes, a, b, half), 1);
  const Value cut = vcompare(IntCond::Eq, wide, doubled, every_min(wide));
  set_qc_if(cut, wide_bits(lanes));
  return b_.binary(Op::xor_, wide, doubled, cut);
}

bool SimdWideHandlers::accumulate_saturating(Op saturated, Op wrapped, Lanes lanes, Value value, uint32_t d) {
  const Type wide = lanes.wide_type();
  const Value before = v(d);
  const Value sum = b_.binary(saturated, wide, before, value);
  return set_bits(d, wide_bits(lanes),
                  saturating(sum, b_.binary(wrapped, wide, before, value), wide_bits(lanes)));
}

// Both halves of a result whose lanes half(0) and half(1) give in the low half; only the first where no more
// is in use.
template <typename Half>
SimdWideHandlers::Value SimdWideHandlers::by_halves(Lanes lanes, Half half) {
  const Value low = half(0u);
  return lanes.bits == 128 ? join(low, half(1u)) : low;
}

bool SimdWideHandlers::doubled_high(Rounding rounding, Lanes lanes, Value a, Value b, uint32_t d) {
  const Type type = lanes.type();
  const Type wide = lanes.wide_type();
  const Value high = by_halves(lanes, [&](uint32_t half) {
    Value product = multiply_wide(Sign::Signed, lanes, a, b, half);
    if (rounding == Rounding::Round) {
      product = b_.binary(Op::add, wide, product, every(wide, uint64_t{1} << (lanes.width - 2)));
    }
    return b_.unary(Op::narrow, type, vshr(Sign::Unsigned, wide, product, lanes.width - 1));
  });
  // As in doubled_product().
  const Value lowest = every_min(type);
  const Value cut = b_.and_(vcompare(IntCond::Eq, type, a, lowest), vcompare(IntCond::Eq, type, b, lowest));
  set_qc_if(cut, lanes.bits);
  return set_lanes(d, lanes, b_.xor_(high, cut));
}

// Vd 2^width +- 2 a b, rounded, without its low half. One bit less everywhere and no sum overflows its lane.
bool SimdWideHandlers::accumulate_doubled_high(Op op, Lanes lanes, Value a, Value b, uint32_t d) {
  const Type wide = lanes.wide_type();
  const Value before = v(d);
  const Value result = by_halves(lanes, [&](uint32_t half) {
    const Value addend = vshl(wide, widen(Sign::Signed, lanes, before, half), lanes.width - 1);
    const Value sum = b_.binary(op, wide, addend, multiply_wide(Sign::Signed, lanes, a, b, half));
    const Value rounded = b_.binary(Op::add, wide, sum, every(wide, uint64_t{1} << (lanes.width - 2)));
    return narrow_saturating(Op::narrow_sat_ss, lanes, vshr(Sign::Signed, wide, rounded, lanes.width - 1));
  });
  return set_lanes(d, lanes, result);
}

// Products of bytes in 16-bit lanes, which hold them: as unsigned numbers if both operands are, else as
// signed ones.
SimdWideHandlers::Value SimdWideHandlers::byte_products(Sign sign_a, Sign sign_b, Value a, Value b,
                                                        uint32_t half) {
  const Lanes bytes{8, 128};
  if (sign_a == sign_b) return multiply_wide(sign_a, bytes, a, b, half);
  return b_.binary(Op::mul, Type::V8I16, widen(sign_a, bytes, a, half), widen(sign_b, bytes, b, half));
}

// The sums of four products each, in 32-bit lanes.
SimdWideHandlers::Value SimdWideHandlers::dot(Sign sign_a, Sign sign_b, Lanes lanes, Value a, Value b) {
  const bool both_unsigned = sign_a == Sign::Unsigned && sign_b == Sign::Unsigned;
  const auto pairs = [&](uint32_t half) {
    return add_pairs_wide(both_unsigned ? Sign::Unsigned : Sign::Signed, {16, 128},
                          byte_products(sign_a, sign_b, a, b, half));
  };
  const Value low = pairs(0);
  const Value high = lanes.bits == 128 ? pairs(1) : low;
  const Lanes words{32, 128};
  return b_.binary(Op::add, words.type(), unzip(words, low, high, 0), unzip(words, low, high, 1));
}

bool SimdWideHandlers::dot_product(Sign sign_n, Sign sign_m, uint32_t q, uint32_t n, Value b, uint32_t d) {
  const Lanes words = vector_lanes(q, 2);
  return set_lanes(d, words, b_.binary(Op::add, words.type(), v(d), dot(sign_n, sign_m, words, v(n), b)));
}

// Rows of eight bytes: Vd's lane 2 i + j grows by the product of Vn's row i and Vm's row j.
bool SimdWideHandlers::multiply_matrices(Sign sign_n, Sign sign_m, uint32_t m, uint32_t n, uint32_t d) {
  const Lanes words{32, 128};
  const Value a = v(n);
  const Value b = v(m);
  const auto products_with_row = [&](unsigned row) {
    return dot(sign_n, sign_m, words, broadcast(64, a, row), b);
  };
  const Value first = products_with_row(0);
  const Value second = products_with_row(1);
  const Value even = unzip(words, first, second, 0);
  const Value sum = b_.binary(Op::add, words.type(), even, unzip(words, first, second, 1));
  return set_v_all(d, b_.binary(Op::add, words.type(), v(d), sum));
}

// ---- long and wide sums and differences

bool SimdWideHandlers::SADDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_long(Op::add, Sign::Signed, q, size, m, n, d);
}
bool SimdWideHandlers::SADDW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_wide(Op::add, Sign::Signed, q, size, m, n, d);
}
bool SimdWideHandlers::SSUBL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_long(Op::sub, Sign::Signed, q, size, m, n, d);
}
bool SimdWideHandlers::SSUBW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_wide(Op::sub, Sign::Signed, q, size, m, n, d);
}
bool SimdWideHandlers::SABDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, difference_long(Sign::Signed, q, size, m, n));
}
bool SimdWideHandlers::SABAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate(Op::add, size, difference_long(Sign::Signed, q, size, m, n), d);
}
bool SimdWideHandlers::UADDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_long(Op::add, Sign::Unsigned, q, size, m, n, d);
}
bool SimdWideHandlers::UADDW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_wide(Op::add, Sign::Unsigned, q, size, m, n, d);
}
bool SimdWideHandlers::USUBL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_long(Op::sub, Sign::Unsigned, q, size, m, n, d);
}
bool SimdWideHandlers::USUBW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_wide(Op::sub, Sign::Unsigned, q, size, m, n, d);
}
bool SimdWideHandlers::UABDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, difference_long(Sign::Unsigned, q, size, m, n));
}
bool SimdWideHandlers::UABAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate(Op::add, size, difference_long(Sign::Unsigned, q, size, m, n), d);
}

// ---- narrowing sums and differences

bool SimdWideHandlers::ADDHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_high_narrow(Op::add, Rounding::Truncate, q, size, m, n, d);
}
bool SimdWideHandlers::RADDHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_high_narrow(Op::add, Rounding::Round, q, size, m, n, d);
}
bool SimdWideHandlers::SUBHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_high_narrow(Op::sub, Rounding::Truncate, q, size, m, n, d);
}
bool SimdWideHandlers::RSUBHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return add_high_narrow(Op::sub, Rounding::Round, q, size, m, n, d);
}

// ---- long products

bool SimdWideHandlers::SMULL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, multiply_wide(Sign::Signed, vector_lanes(q, size), v(n), v(m), q));
}
bool SimdWideHandlers::SMLAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate(Op::add, size, multiply_wide(Sign::Signed, vector_lanes(q, size), v(n), v(m), q), d);
}
bool SimdWideHandlers::SMLSL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate(Op::sub, size, multiply_wide(Sign::Signed, vector_lanes(q, size), v(n), v(m), q), d);
}
bool SimdWideHandlers::UMULL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, multiply_wide(Sign::Unsigned, vector_lanes(q, size), v(n), v(m), q));
}
bool SimdWideHandlers::UMLAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate(Op::add, size, multiply_wide(Sign::Unsigned, vector_lanes(q, size), v(n), v(m), q), d);
}
bool SimdWideHandlers::UMLSL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate(Op::sub, size, multiply_wide(Sign::Unsigned, vector_lanes(q, size), v(n), v(m), q), d);
}
bool SimdWideHandlers::SMULL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                     uint32_t h, uint32_t n, uint32_t d) {
  return set_v_all(d, multiply_wide(Sign::Signed, vector_lanes(q, size), v(n),
                                    broadcast(size, element(size, l, m_high, m, h)), q));
}
bool SimdWideHandlers::SMLAL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                     uint32_t h, uint32_t n, uint32_t d) {
  return accumulate(Op::add, size,
                    multiply_wide(Sign::Signed, vector_lanes(q, size), v(n),
                                  broadcast(size, element(size, l, m_high, m, h)), q),
                    d);
}
bool SimdWideHandlers::SMLSL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                     uint32_t h, uint32_t n, uint32_t d) {
  return accumulate(Op::sub, size,
                    multiply_wide(Sign::Signed, vector_lanes(q, size), v(n),
                                  broadcast(size, element(size, l, m_high, m, h)), q),
                    d);
}
bool SimdWideHandlers::UMULL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                     uint32_t h, uint32_t n, uint32_t d) {
  return set_v_all(d, multiply_wide(Sign::Unsigned, vector_lanes(q, size), v(n),
                                    broadcast(size, element(size, l, m_high, m, h)), q));
}
bool SimdWideHandlers::UMLAL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                     uint32_t h, uint32_t n, uint32_t d) {
  return accumulate(Op::add, size,
                    multiply_wide(Sign::Unsigned, vector_lanes(q, size), v(n),
                                  broadcast(size, element(size, l, m_high, m, h)), q),
                    d);
}
bool SimdWideHandlers::UMLSL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                     uint32_t h, uint32_t n, uint32_t d) {
  return accumulate(Op::sub, size,
                    multiply_wide(Sign::Unsigned, vector_lanes(q, size), v(n),
                                  broadcast(size, element(size, l, m_high, m, h)), q),
                    d);
}

// ---- long products, doubled and saturated

bool SimdWideHandlers::SQDMULL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_bits(d, wide_bits(vector_lanes(1, size)), doubled_product(vector_lanes(1, size), v(n), v(m), q));
}
bool SimdWideHandlers::SQDMLAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_saturating(Op::sadd_sat, Op::add, vector_lanes(1, size),
                               doubled_product(vector_lanes(1, size), v(n), v(m), q), d);
}
bool SimdWideHandlers::SQDMLSL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_saturating(Op::ssub_sat, Op::sub, vector_lanes(1, size),
                               doubled_product(vector_lanes(1, size), v(n), v(m), q), d);
}
bool SimdWideHandlers::SQDMULL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                       uint32_t h, uint32_t n, uint32_t d) {
  return set_bits(
      d, wide_bits(vector_lanes(1, size)),
      doubled_product(vector_lanes(1, size), v(n), broadcast(size, element(size, l, m_high, m, h)), q));
}
bool SimdWideHandlers::SQDMLAL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                       uint32_t h, uint32_t n, uint32_t d) {
  return accumulate_saturating(
      Op::sadd_sat, Op::add, vector_lanes(1, size),
      doubled_product(vector_lanes(1, size), v(n), broadcast(size, element(size, l, m_high, m, h)), q), d);
}
bool SimdWideHandlers::SQDMLSL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                       uint32_t h, uint32_t n, uint32_t d) {
  return accumulate_saturating(
      Op::ssub_sat, Op::sub, vector_lanes(1, size),
      doubled_product(vector_lanes(1, size), v(n), broadcast(size, element(size, l, m_high, m, h)), q), d);
}
bool SimdWideHandlers::SQDMULL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_bits(d, wide_bits(scalar_lanes(size)), doubled_product(scalar_lanes(size), v(n), v(m), 0));
}
bool SimdWideHandlers::SQDMLAL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_saturating(Op::sadd_sat, Op::add, scalar_lanes(size),
                               doubled_product(scalar_lanes(size), v(n), v(m), 0), d);
}
bool SimdWideHandlers::SQDMLSL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_saturating(Op::ssub_sat, Op::sub, scalar_lanes(size),
                               doubled_product(scalar_lanes(size), v(n), v(m), 0), d);
}
bool SimdWideHandlers::SQDMULL_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                          uint32_t n, uint32_t d) {
  return set_bits(
      d, wide_bits(scalar_lanes(size)),
      doubled_product(scalar_lanes(size), v(n), broadcast(size, element(size, l, m_high, m, h)), 0));
}
bool SimdWideHandlers::SQDMLAL_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                          uint32_t n, uint32_t d) {
  return accumulate_saturating(
      Op::sadd_sat, Op::add, scalar_lanes(size),
      doubled_product(scalar_lanes(size), v(n), broadcast(size, element(size, l, m_high, m, h)), 0), d);
}
bool SimdWideHandlers::SQDMLSL_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                          uint32_t n, uint32_t d) {
  return accumulate_saturating(
      Op::ssub_sat, Op::sub, scalar_lanes(size),
      doubled_product(scalar_lanes(size), v(n), broadcast(size, element(size, l, m_high, m, h)), 0), d);
}

// ---- high halves of doubled products

bool SimdWideHandlers::SQDMULH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Truncate, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdWideHandlers::SQRDMULH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Round, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdWideHandlers::SQRDMLAH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::add, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdWideHandlers::SQRDMLSH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::sub, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdWideHandlers::SQDMULH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                       uint32_t h, uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Truncate, vector_lanes(q, size), v(n),
                      broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQRDMULH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                        uint32_t h, uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Round, vector_lanes(q, size), v(n),
                      broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQRDMLAH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                        uint32_t h, uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::add, vector_lanes(q, size), v(n),
                                 broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQRDMLSH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                        uint32_t h, uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::sub, vector_lanes(q, size), v(n),
                                 broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQDMULH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Truncate, scalar_lanes(size), v(n), v(m), d);
}
bool SimdWideHandlers::SQRDMULH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Round, scalar_lanes(size), v(n), v(m), d);
}
bool SimdWideHandlers::SQRDMLAH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::add, scalar_lanes(size), v(n), v(m), d);
}
bool SimdWideHandlers::SQRDMLSH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::sub, scalar_lanes(size), v(n), v(m), d);
}
bool SimdWideHandlers::SQDMULH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                          uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Truncate, scalar_lanes(size), v(n),
                      broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQRDMULH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                           uint32_t n, uint32_t d) {
  return doubled_high(Rounding::Round, scalar_lanes(size), v(n),
                      broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQRDMLAH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                           uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::add, scalar_lanes(size), v(n),
                                 broadcast(size, element(size, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SQRDMLSH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                           uint32_t n, uint32_t d) {
  return accumulate_doubled_high(Op::sub, scalar_lanes(size), v(n),
                                 broadcast(size, element(size, l, m_high, m, h)), d);
}

// ---- extract narrow

bool SimdWideHandlers::XTN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_half(d, q, b_.unary(Op::narrow, vector_lanes(q, size).type(), v(n)));
}
bool SimdWideHandlers::SQXTN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_half(d, q, narrow_saturating(Op::narrow_sat_ss, vector_lanes(1, size), v(n)));
}
bool SimdWideHandlers::SQXTN_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return set_bits(d, 8u << size, narrow_saturating(Op::narrow_sat_ss, scalar_lanes(size), v(n)));
}
bool SimdWideHandlers::SQXTUN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_half(d, q, narrow_saturating(Op::narrow_sat_su, vector_lanes(1, size), v(n)));
}
bool SimdWideHandlers::SQXTUN_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return set_bits(d, 8u << size, narrow_saturating(Op::narrow_sat_su, scalar_lanes(size), v(n)));
}
bool SimdWideHandlers::UQXTN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_half(d, q, narrow_saturating(Op::narrow_sat_uu, vector_lanes(1, size), v(n)));
}
bool SimdWideHandlers::UQXTN_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return set_bits(d, 8u << size, narrow_saturating(Op::narrow_sat_uu, scalar_lanes(size), v(n)));
}
bool SimdWideHandlers::SHLL_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_v_all(
      d, vshl(vector_lanes(q, size).wide_type(), widen(Sign::Unsigned, vector_lanes(q, size), v(n), q),
              vector_lanes(q, size).width));
}

// ---- dot products and matrices of bytes

bool SimdWideHandlers::SDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return dot_product(Sign::Signed, Sign::Signed, q, n, v(m), d);
}
bool SimdWideHandlers::SDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                    uint32_t n, uint32_t d) {
  return dot_product(Sign::Signed, Sign::Signed, q, n, broadcast(2, element(2, l, m_high, m, h)), d);
}
bool SimdWideHandlers::SMMLA(uint32_t m, uint32_t n, uint32_t d) {
  return multiply_matrices(Sign::Signed, Sign::Signed, m, n, d);
}
bool SimdWideHandlers::UDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return dot_product(Sign::Unsigned, Sign::Unsigned, q, n, v(m), d);
}
bool SimdWideHandlers::UDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                    uint32_t n, uint32_t d) {
  return dot_product(Sign::Unsigned, Sign::Unsigned, q, n, broadcast(2, element(2, l, m_high, m, h)), d);
}
bool SimdWideHandlers::UMMLA(uint32_t m, uint32_t n, uint32_t d) {
  return multiply_matrices(Sign::Unsigned, Sign::Unsigned, m, n, d);
}
bool SimdWideHandlers::USDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return dot_product(Sign::Unsigned, Sign::Signed, q, n, v(m), d);
}
bool SimdWideHandlers::USDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                     uint32_t n, uint32_t d) {
  return dot_product(Sign::Unsigned, Sign::Signed, q, n, broadcast(2, element(2, l, m_high, m, h)), d);
}
bool SimdWideHandlers::USMMLA(uint32_t m, uint32_t n, uint32_t d) {
  return multiply_matrices(Sign::Unsigned, Sign::Signed, m, n, d);
}
bool SimdWideHandlers::SUDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                                     uint32_t n, uint32_t d) {
  return dot_product(Sign::Signed, Sign::Unsigned, q, n, broadcast(2, element(2, l, m_high, m, h)), d);
}

}  // namespace ferry::arm64
