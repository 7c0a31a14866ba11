#include "frontend/arm64/simd_integer.h"

namespace ferry::arm64 {

// ---- families

bool SimdIntegerHandlers::logical(Op op, uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  // ORR with one register twice is MOV.
  const Value result = op == Op::or_ && m == n ? v(n) : b_.binary(op, v(n), v(m));
  return set_lanes(d, vector_lanes(q, 0), result);
}

bool SimdIntegerHandlers::three_same(Op op, Lanes lanes, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, lanes, b_.binary(op, lanes.type(), v(n), v(m)));
}

bool SimdIntegerHandlers::two_registers(Op op, Lanes lanes, uint32_t n, uint32_t d) {
  return set_lanes(d, lanes, b_.unary(op, lanes.type(), v(n)));
}

// Halves without a wider sum: a + b = 2 (a & b) + (a ^ b) = 2 (a | b) - (a ^ b), a - b = (a ^ b) - 2 (b &
// ~a).
bool SimdIntegerHandlers::halving_add(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(n);
  const Value b = v(m);
  const Value half = vshr(sign, type, b_.xor_(a, b), 1);
  return set_lanes(d, lanes, b_.binary(Op::add, type, b_.and_(a, b), half));
}

bool SimdIntegerHandlers::rounding_halving_add(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(n);
  const Value b = v(m);
  if (sign == Sign::Unsigned && lanes.width < 32)
    return set_lanes(d, lanes, b_.binary(Op::uavg_round, type, a, b));
  const Value half = vshr(sign, type, b_.xor_(a, b), 1);
  return set_lanes(d, lanes, b_.binary(Op::sub, type, b_.or_(a, b), half));
}

bool SimdIntegerHandlers::halving_sub(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(n);
  const Value b = v(m);
  const Value half = vshr(sign, type, b_.xor_(a, b), 1);
  return set_lanes(d, lanes, b_.binary(Op::sub, type, half, b_.andn(b, a)));
}

bool SimdIntegerHandlers::absolute_difference_add(Sign sign, Lanes lanes, uint32_t m, uint32_t n,
                                                  uint32_t d) {
  const Value difference = absolute_difference(sign, lanes.type(), v(n), v(m));
  return set_lanes(d, lanes, b_.binary(Op::add, lanes.type(), v(d), difference));
}

bool SimdIntegerHandlers::saturating_three_same(Op saturated, Op wrapped, Lanes lanes, uint32_t m, uint32_t n,
                                                uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(n);
  const Value b = v(m);
  const Value result = b_.binary(saturated, type, a, b);
  return set_lanes(d, lanes, saturating(result, b_.binary(wrapped, type, a, b), lanes.bits));
}

bool SimdIntegerHandlers::compare(IntCond cond, Lanes lanes, Value a, Value b, uint32_t d) {
  return set_lanes(d, lanes, vcompare(cond, lanes.type(), a, b));
}

bool SimdIntegerHandlers::multiply_add(Op combine, Lanes lanes, Value a, Value b, uint32_t d) {
  const Type type = lanes.type();
  return set_lanes(d, lanes, b_.binary(combine, type, v(d), b_.binary(Op::mul, type, a, b)));
}

bool SimdIntegerHandlers::pairwise(Op op, Lanes lanes, uint32_t m, uint32_t n, uint32_t d) {
  const Value a = v(n);
  const Value b = m == n ? a : v(m);
  return set_lanes(d, lanes, b_.binary(op, lanes.type(), unzip(lanes, a, b, 0), unzip(lanes, a, b, 1)));
}

bool SimdIntegerHandlers::accumulate_pairs(Sign sign, Lanes lanes, uint32_t n, uint32_t d) {
  return set_lanes(d, lanes, b_.binary(Op::add, lanes.wide_type(), v(d), add_pairs_wide(sign, lanes, v(n))));
}

// Combines the upper half of the lanes in use with the lower one until one lane is left.
bool SimdIntegerHandlers::fold(Op op, Lanes lanes, Value vector, uint32_t d) {
  for (unsigned left = lanes.bits / 2; left >= lanes.width; left /= 2) {
    const Value upper = permute_register({8, left}, vector, [=](unsigned i) { return left / 8 + i; });
    vector = b_.binary(op, lanes.type(), vector, upper);
  }
  return set_bits(d, lanes.width, vector);
}

// ABS or NEG of the lowest number wraps to itself; saturated it is the highest, all its bits inverted.
bool SimdIntegerHandlers::saturating_magnitude(Value wrapped, Lanes lanes, uint32_t n, uint32_t d) {
  const Value cut = vcompare(IntCond::Eq, lanes.type(), v(n), every_min(lanes.type()));
  set_qc_if(cut, lanes.bits);
  return set_lanes(d, lanes, b_.xor_(wrapped, cut));
}

// Signed Vd plus unsigned Vn can only be too high: with the signed range moved up to begin at zero that is an
// unsigned saturating sum.
bool SimdIntegerHandlers::saturating_add_unsigned(Lanes lanes, uint32_t n, uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(d);
  const Value b = v(n);
  const Value lowest = every_min(type);
  const Value result =
      b_.xor_(b_.binary(Op::uadd_sat, type, b_.binary(Op::xor_, type, a, lowest), b), lowest);
  return set_lanes(d, lanes, saturating(result, b_.binary(Op::add, type, a, b), lanes.bits));
}

// Unsigned Vd plus signed Vn: add what is positive, subtract what is negative.
bool SimdIntegerHandlers::saturating_add_signed(Lanes lanes, uint32_t n, uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(d);
  const Value b = v(n);
  const Value zero = vzero();
  const Value raised = b_.binary(Op::uadd_sat, type, a, b_.binary(Op::smax, type, b, zero));
  const Value lowering = b_.binary(Op::sub, type, zero, b_.binary(Op::smin, type, b, zero));
  const Value result = b_.binary(Op::usub_sat, type, raised, lowering);
  return set_lanes(d, lanes, saturating(result, b_.binary(Op::add, type, a, b), lanes.bits));
}

// The first bit that differs from its left neighbour ends the run of sign bits.
bool SimdIntegerHandlers::count_leading_sign(Lanes lanes, uint32_t n, uint32_t d) {
  const Type type = lanes.type();
  const Value a = v(n);
  const Value changes = b_.xor_(a, vshr(Sign::Signed, type, a, 1));
  const Value run = b_.unary(Op::clz, type, changes);
  return set_lanes(d, lanes, b_.binary(Op::sub, type, run, every(type, 1)));
}

// ---- three registers: logical

bool SimdIntegerHandlers::AND_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return logical(Op::and_, q, m, n, d);
}
bool SimdIntegerHandlers::BIC_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return logical(Op::andn, q, m, n, d);
}
bool SimdIntegerHandlers::ORR_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return logical(Op::or_, q, m, n, d);
}
bool SimdIntegerHandlers::EOR_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return logical(Op::xor_, q, m, n, d);
}
bool SimdIntegerHandlers::ORN_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, 0), b_.or_(v(n), vnot(v(m))));
}
bool SimdIntegerHandlers::BSL(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, 0), bit_select(v(d), v(n), v(m)));
}
bool SimdIntegerHandlers::BIT(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, 0), bit_select(v(m), v(n), v(d)));
}
bool SimdIntegerHandlers::BIF(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, 0), bit_select(v(m), v(d), v(n)));
}

// ---- three registers: sums and differences

bool SimdIntegerHandlers::ADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::add, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::ADD_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::add, scalar_lanes(3), m, n, d);
}
bool SimdIntegerHandlers::SUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::sub, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SUB_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::sub, scalar_lanes(3), m, n, d);
}
bool SimdIntegerHandlers::SHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return halving_add(Sign::Signed, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SRHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return rounding_halving_add(Sign::Signed, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SHSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return halving_sub(Sign::Signed, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SABD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, size),
                   absolute_difference(Sign::Signed, vector_lanes(q, size).type(), v(n), v(m)));
}
bool SimdIntegerHandlers::SABA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return absolute_difference_add(Sign::Signed, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return halving_add(Sign::Unsigned, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::URHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return rounding_halving_add(Sign::Unsigned, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UHSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return halving_sub(Sign::Unsigned, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UABD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, size),
                   absolute_difference(Sign::Unsigned, vector_lanes(q, size).type(), v(n), v(m)));
}
bool SimdIntegerHandlers::UABA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return absolute_difference_add(Sign::Unsigned, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SQADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::sadd_sat, Op::add, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SQADD_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::sadd_sat, Op::add, scalar_lanes(size), m, n, d);
}
bool SimdIntegerHandlers::UQADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::uadd_sat, Op::add, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UQADD_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::uadd_sat, Op::add, scalar_lanes(size), m, n, d);
}
bool SimdIntegerHandlers::SQSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::ssub_sat, Op::sub, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SQSUB_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::ssub_sat, Op::sub, scalar_lanes(size), m, n, d);
}
bool SimdIntegerHandlers::UQSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::usub_sat, Op::sub, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UQSUB_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return saturating_three_same(Op::usub_sat, Op::sub, scalar_lanes(size), m, n, d);
}

// ---- three registers: comparisons, minima, maxima, products

bool SimdIntegerHandlers::CMGT_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Sgt, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMGT_reg_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Sgt, scalar_lanes(3), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMHI_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Ugt, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMHI_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Ugt, scalar_lanes(3), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMGE_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Sge, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMGE_reg_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Sge, scalar_lanes(3), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMHS_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Uge, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMHS_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Uge, scalar_lanes(3), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMEQ_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Eq, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMEQ_reg_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Eq, scalar_lanes(3), v(n), v(m), d);
}
bool SimdIntegerHandlers::CMTST_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Ne, vector_lanes(q, size), b_.and_(v(n), v(m)), vzero(), d);
}
bool SimdIntegerHandlers::CMTST_scalar(uint32_t m, uint32_t n, uint32_t d) {
  return compare(IntCond::Ne, scalar_lanes(3), b_.and_(v(n), v(m)), vzero(), d);
}
bool SimdIntegerHandlers::SMAX_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::smax, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UMAX_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::umax, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SMIN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::smin, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UMIN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::umin, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::MUL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return three_same(Op::mul, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::MLA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return multiply_add(Op::add, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::MLS_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return multiply_add(Op::sub, vector_lanes(q, size), v(n), v(m), d);
}
bool SimdIntegerHandlers::MUL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                      uint32_t h, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, size),
                   b_.binary(Op::mul, vector_lanes(q, size).type(), v(n),
                             broadcast(size, element(size, l, m_high, m, h))));
}
bool SimdIntegerHandlers::MLA_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                      uint32_t h, uint32_t n, uint32_t d) {
  return multiply_add(Op::add, vector_lanes(q, size), v(n), broadcast(size, element(size, l, m_high, m, h)),
                      d);
}
bool SimdIntegerHandlers::MLS_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m,
                                      uint32_t h, uint32_t n, uint32_t d) {
  return multiply_add(Op::sub, vector_lanes(q, size), v(n), broadcast(size, element(size, l, m_high, m, h)),
                      d);
}
bool SimdIntegerHandlers::PMUL_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d) {
  const Value low = multiply_polynomials(v(n), v(m), 0);
  const Value products = q == 0 ? low : multiply_polynomials(v(n), v(m), 8);
  return set_lanes(d, vector_lanes(q, 0), unzip({8, 128}, low, products, 0));
}

// ---- pairwise

bool SimdIntegerHandlers::ADDP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::add, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SMAXP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::smax, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UMAXP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::umax, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::SMINP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::smin, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::UMINP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return pairwise(Op::umin, vector_lanes(q, size), m, n, d);
}
bool SimdIntegerHandlers::ADDP_scalar(uint32_t n, uint32_t d) { return fold(Op::add, {64, 128}, v(n), d); }
bool SimdIntegerHandlers::SADDLP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, size), add_pairs_wide(Sign::Signed, vector_lanes(q, size), v(n)));
}
bool SimdIntegerHandlers::SADALP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return accumulate_pairs(Sign::Signed, vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::UADDLP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, size), add_pairs_wide(Sign::Unsigned, vector_lanes(q, size), v(n)));
}
bool SimdIntegerHandlers::UADALP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return accumulate_pairs(Sign::Unsigned, vector_lanes(q, size), n, d);
}

// ---- across lanes

bool SimdIntegerHandlers::ADDV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::add, vector_lanes(q, size), v(n), d);
}
bool SimdIntegerHandlers::SMAXV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::smax, vector_lanes(q, size), v(n), d);
}
bool SimdIntegerHandlers::UMAXV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::umax, vector_lanes(q, size), v(n), d);
}
bool SimdIntegerHandlers::SMINV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::smin, vector_lanes(q, size), v(n), d);
}
bool SimdIntegerHandlers::UMINV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::umin, vector_lanes(q, size), v(n), d);
}
bool SimdIntegerHandlers::SADDLV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::add, {16u << size, vector_lanes(q, size).bits},
              add_pairs_wide(Sign::Signed, vector_lanes(q, size), v(n)), d);
}
bool SimdIntegerHandlers::UADDLV(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return fold(Op::add, {16u << size, vector_lanes(q, size).bits},
              add_pairs_wide(Sign::Unsigned, vector_lanes(q, size), v(n)), d);
}

// ---- two registers

bool SimdIntegerHandlers::CMGT_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return compare(IntCond::Sgt, vector_lanes(q, size), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMGT_zero_scalar(uint32_t n, uint32_t d) {
  return compare(IntCond::Sgt, scalar_lanes(3), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMGE_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return compare(IntCond::Sge, vector_lanes(q, size), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMGE_zero_scalar(uint32_t n, uint32_t d) {
  return compare(IntCond::Sge, scalar_lanes(3), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMEQ_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return compare(IntCond::Eq, vector_lanes(q, size), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMEQ_zero_scalar(uint32_t n, uint32_t d) {
  return compare(IntCond::Eq, scalar_lanes(3), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMLE_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return compare(IntCond::Sle, vector_lanes(q, size), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMLE_zero_scalar(uint32_t n, uint32_t d) {
  return compare(IntCond::Sle, scalar_lanes(3), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMLT_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return compare(IntCond::Slt, vector_lanes(q, size), v(n), vzero(), d);
}
bool SimdIntegerHandlers::CMLT_zero_scalar(uint32_t n, uint32_t d) {
  return compare(IntCond::Slt, scalar_lanes(3), v(n), vzero(), d);
}
bool SimdIntegerHandlers::ABS_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return two_registers(Op::abs, vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::NEG_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, size), b_.binary(Op::sub, vector_lanes(q, size).type(), vzero(), v(n)));
}
bool SimdIntegerHandlers::ABS_scalar(uint32_t n, uint32_t d) {
  return two_registers(Op::abs, scalar_lanes(3), n, d);
}
bool SimdIntegerHandlers::NEG_scalar(uint32_t n, uint32_t d) {
  return set_lanes(d, scalar_lanes(3), b_.binary(Op::sub, scalar_lanes(3).type(), vzero(), v(n)));
}
bool SimdIntegerHandlers::SQABS_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return saturating_magnitude(b_.unary(Op::abs, vector_lanes(q, size).type(), v(n)), vector_lanes(q, size), n,
                              d);
}
bool SimdIntegerHandlers::SQNEG_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return saturating_magnitude(b_.binary(Op::sub, vector_lanes(q, size).type(), vzero(), v(n)),
                              vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::SUQADD_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return saturating_add_unsigned(vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::USQADD_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return saturating_add_signed(vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::SQABS_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return saturating_magnitude(b_.unary(Op::abs, scalar_lanes(size).type(), v(n)), scalar_lanes(size), n, d);
}
bool SimdIntegerHandlers::SQNEG_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return saturating_magnitude(b_.binary(Op::sub, scalar_lanes(size).type(), vzero(), v(n)),
                              scalar_lanes(size), n, d);
}
bool SimdIntegerHandlers::SUQADD_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return saturating_add_unsigned(scalar_lanes(size), n, d);
}
bool SimdIntegerHandlers::USQADD_scalar(uint32_t size, uint32_t n, uint32_t d) {
  return saturating_add_signed(scalar_lanes(size), n, d);
}
bool SimdIntegerHandlers::CLZ_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return two_registers(Op::clz, vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::CLS_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return count_leading_sign(vector_lanes(q, size), n, d);
}
bool SimdIntegerHandlers::CNT_vec(uint32_t q, uint32_t n, uint32_t d) {
  return two_registers(Op::popcnt, vector_lanes(q, 0), n, d);
}
bool SimdIntegerHandlers::RBIT_vec(uint32_t q, uint32_t n, uint32_t d) {
  return two_registers(Op::rbit, vector_lanes(q, 0), n, d);
}
bool SimdIntegerHandlers::NOT_vec(uint32_t q, uint32_t n, uint32_t d) {
  return set_lanes(d, vector_lanes(q, 0), vnot(v(n)));
}

}  // namespace ferry::arm64
