#pragma once

#include "frontend/arm64/simd_integer.h"

namespace ferry::arm64 {

/// Integer instructions whose operands and result differ in the width of their lanes, high halves of
/// products, and dot products (Arm ARM C4.1.97).
class SimdWideHandlers : public SimdIntegerHandlers {
 public:
  // ---- long and wide sums and differences

  bool SADDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SADDW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SSUBL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SSUBW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SABDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SABAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UADDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UADDW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool USUBL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool USUBW_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UABDL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UABAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);

  // ---- narrowing sums and differences

  bool ADDHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool RADDHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SUBHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool RSUBHN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);

  // ---- long products

  bool SMULL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SMLAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SMLSL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMULL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMLAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMLSL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SMULL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                     uint32_t n, uint32_t d);
  bool SMLAL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                     uint32_t n, uint32_t d);
  bool SMLSL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                     uint32_t n, uint32_t d);
  bool UMULL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                     uint32_t n, uint32_t d);
  bool UMLAL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                     uint32_t n, uint32_t d);
  bool UMLSL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                     uint32_t n, uint32_t d);

  // ---- long products, doubled and saturated

  bool SQDMULL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMLAL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMLSL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMULL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                       uint32_t n, uint32_t d);
  bool SQDMLAL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                       uint32_t n, uint32_t d);
  bool SQDMLSL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                       uint32_t n, uint32_t d);
  bool SQDMULL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMLAL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMLSL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMULL_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                          uint32_t d);
  bool SQDMLAL_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                          uint32_t d);
  bool SQDMLSL_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                          uint32_t d);

  // ---- high halves of doubled products

  bool SQDMULH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRDMULH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRDMLAH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRDMLSH_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMULH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                       uint32_t n, uint32_t d);
  bool SQRDMULH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                        uint32_t n, uint32_t d);
  bool SQRDMLAH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                        uint32_t n, uint32_t d);
  bool SQRDMLSH_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h,
                        uint32_t n, uint32_t d);
  bool SQDMULH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRDMULH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRDMLAH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRDMLSH_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQDMULH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                          uint32_t d);
  bool SQRDMULH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                           uint32_t d);
  bool SQRDMLAH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                           uint32_t d);
  bool SQRDMLSH_elt_scalar(uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                           uint32_t d);

  // ---- extract narrow

  bool XTN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SQXTN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SQXTN_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool SQXTUN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SQXTUN_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool UQXTN_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool UQXTN_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool SHLL_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);

  // ---- dot products and matrices of bytes

  bool SDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool SDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool SMMLA(uint32_t m, uint32_t n, uint32_t d);
  bool UDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool UDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool UMMLA(uint32_t m, uint32_t n, uint32_t d);
  bool USDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool USDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool USMMLA(uint32_t m, uint32_t n, uint32_t d);
  bool SUDOT_elt_vec(uint32_t q, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n, uint32_t d);

 protected:
  using SimdIntegerHandlers::SimdIntegerHandlers;
  ~SimdWideHandlers() = default;

 private:
  bool set_v_all(uint32_t d, Value value) {
    set_v(d, value);
    return true;
  }
  /// How many bits of the result products of `lanes` have.
  static constexpr unsigned wide_bits(Lanes lanes) {
    return lanes.bits == lanes.width ? 2 * lanes.width : 128;
  }
  bool accumulate(Op op, uint32_t size, Value value, uint32_t d);
  bool add_long(Op op, Sign sign, uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool add_wide(Op op, Sign sign, uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  Value difference_long(Sign sign, uint32_t q, uint32_t size, uint32_t m, uint32_t n);
  bool add_high_narrow(Op op, Rounding rounding, uint32_t q, uint32_t size, uint32_t m, uint32_t n,
                       uint32_t d);
  Value doubled_product(Lanes lanes, Value a, Value b, uint32_t half);
  bool accumulate_saturating(Op saturated, Op wrapped, Lanes lanes, Value value, uint32_t d);
  bool doubled_high(Rounding rounding, Lanes lanes, Value a, Value b, uint32_t d);
  bool accumulate_doubled_high(Op op, Lanes lanes, Value a, Value b, uint32_t d);
  Value byte_products(Sign sign_a, Sign sign_b, Value a, Value b, uint32_t half);
  Value dot(Sign sign_a, Sign sign_b, Lanes lanes, Value a, Value b);
  bool dot_product(Sign sign_n, Sign sign_m, uint32_t q, uint32_t n, Value b, uint32_t d);
  bool multiply_matrices(Sign sign_n, Sign sign_m, uint32_t m, uint32_t n, uint32_t d);
  template <typename Half>
  Value by_halves(Lanes lanes, Half half);
};

}  // namespace ferry::arm64
