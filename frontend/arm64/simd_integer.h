#pragma once

#include "frontend/arm64/simd_core.h"

namespace ferry::arm64 {

/// Integer arithmetic, logic and comparisons whose result has lanes as wide as the operands' (Arm ARM
/// C4.1.97).
class SimdIntegerHandlers : public SimdCore {
 public:
  // ---- three registers: logical

  bool AND_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool BIC_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool ORR_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool EOR_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool ORN_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool BSL(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool BIT(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool BIF(uint32_t q, uint32_t m, uint32_t n, uint32_t d);

  // ---- three registers: sums and differences

  bool ADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool ADD_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool SUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SUB_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool SHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SRHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SHSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SABD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SABA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool URHADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UHSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UABD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UABA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQADD_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQADD_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQSUB_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQSUB_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQSUB_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);

  // ---- three registers: comparisons, minima, maxima, products

  bool CMGT_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool CMGT_reg_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool CMHI_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool CMHI_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool CMGE_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool CMGE_reg_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool CMHS_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool CMHS_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool CMEQ_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool CMEQ_reg_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool CMTST_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool CMTST_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool SMAX_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMAX_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SMIN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMIN_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool MUL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool MLA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool MLS_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool MUL_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                   uint32_t d);
  bool MLA_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                   uint32_t d);
  bool MLS_elt_vec(uint32_t q, uint32_t size, uint32_t l, uint32_t m_high, uint32_t m, uint32_t h, uint32_t n,
                   uint32_t d);
  bool PMUL_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);

  // ---- pairwise

  bool ADDP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SMAXP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMAXP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SMINP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UMINP_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool ADDP_scalar(uint32_t n, uint32_t d);
  bool SADDLP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SADALP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool UADDLP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool UADALP_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);

  // ---- across lanes

  bool ADDV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SMAXV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool UMAXV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SMINV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool UMINV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SADDLV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool UADDLV(uint32_t q, uint32_t size, uint32_t n, uint32_t d);

  // ---- two registers

  bool CMGT_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CMGT_zero_scalar(uint32_t n, uint32_t d);
  bool CMGE_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CMGE_zero_scalar(uint32_t n, uint32_t d);
  bool CMEQ_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CMEQ_zero_scalar(uint32_t n, uint32_t d);
  bool CMLE_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CMLE_zero_scalar(uint32_t n, uint32_t d);
  bool CMLT_zero_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CMLT_zero_scalar(uint32_t n, uint32_t d);
  bool ABS_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool NEG_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool ABS_scalar(uint32_t n, uint32_t d);
  bool NEG_scalar(uint32_t n, uint32_t d);
  bool SQABS_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SQNEG_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SUQADD_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool USQADD_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool SQABS_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool SQNEG_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool SUQADD_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool USQADD_scalar(uint32_t size, uint32_t n, uint32_t d);
  bool CLZ_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CLS_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool CNT_vec(uint32_t q, uint32_t n, uint32_t d);
  bool RBIT_vec(uint32_t q, uint32_t n, uint32_t d);
  bool NOT_vec(uint32_t q, uint32_t n, uint32_t d);

 protected:
  using SimdCore::SimdCore;
  ~SimdIntegerHandlers() = default;

 private:
  bool logical(Op op, uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool three_same(Op op, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool two_registers(Op op, Lanes lanes, uint32_t n, uint32_t d);
  bool halving_add(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool rounding_halving_add(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool halving_sub(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool absolute_difference_add(Sign sign, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool saturating_three_same(Op saturated, Op wrapped, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool compare(IntCond cond, Lanes lanes, Value a, Value b, uint32_t d);
  bool multiply_add(Op combine, Lanes lanes, Value a, Value b, uint32_t d);
  bool pairwise(Op op, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool accumulate_pairs(Sign sign, Lanes lanes, uint32_t n, uint32_t d);
  bool fold(Op op, Lanes lanes, Value vector, uint32_t d);
  bool saturating_magnitude(Value wrapped, Lanes lanes, uint32_t n, uint32_t d);
  bool saturating_add_unsigned(Lanes lanes, uint32_t n, uint32_t d);
  bool saturating_add_signed(Lanes lanes, uint32_t n, uint32_t d);
  bool count_leading_sign(Lanes lanes, uint32_t n, uint32_t d);
};

}  // namespace ferry::arm64
