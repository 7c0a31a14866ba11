#pragma once

#include "frontend/arm64/fp.h"

namespace ferry::arm64 {

/// Floating point on vectors and on SIMD scalars (a64_simd.def, a64_simd_scalar.def).
class FpVectorHandlers : public FpHandlers {
 public:
  bool FADD_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FADD_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FSUB_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FSUB_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMUL_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMUL_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FDIV_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FDIV_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMAX_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMAX_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMIN_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMIN_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXNM_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXNM_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMINNM_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMINNM_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMULX_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMULX_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMULX_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMULX_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FRECPS_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FRECPS_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FRECPS_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FRECPS_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FRSQRTS_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FRSQRTS_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FRSQRTS_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FRSQRTS_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FRECPE_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRECPE_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FRECPE_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FRECPE_scalar_half(uint32_t n, uint32_t d);
  bool FRSQRTE_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRSQRTE_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FRSQRTE_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FRSQRTE_scalar_half(uint32_t n, uint32_t d);
  bool FRECPX_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FRECPX_scalar_half(uint32_t n, uint32_t d);
  bool FABD_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FABD_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FABD_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FABD_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FMLA_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMLA_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMLS_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMLS_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FABS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FABS_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FNEG_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FNEG_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FSQRT_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FSQRT_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FADDP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FADDP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FADDP_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FADDP_scalar_half(uint32_t n, uint32_t d);
  bool FMAXP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXP_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FMAXP_scalar_half(uint32_t n, uint32_t d);
  bool FMINP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMINP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMINP_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FMINP_scalar_half(uint32_t n, uint32_t d);
  bool FMAXNMP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXNMP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXNMP_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FMAXNMP_scalar_half(uint32_t n, uint32_t d);
  bool FMINNMP_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FMINNMP_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMINNMP_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FMINNMP_scalar_half(uint32_t n, uint32_t d);
  bool FMAXV(uint32_t n, uint32_t d);
  bool FMAXV_half(uint32_t q, uint32_t n, uint32_t d);
  bool FMINV(uint32_t n, uint32_t d);
  bool FMINV_half(uint32_t q, uint32_t n, uint32_t d);
  bool FMAXNMV(uint32_t n, uint32_t d);
  bool FMAXNMV_half(uint32_t q, uint32_t n, uint32_t d);
  bool FMINNMV(uint32_t n, uint32_t d);
  bool FMINNMV_half(uint32_t q, uint32_t n, uint32_t d);
  bool FMLA_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                    uint32_t d);
  bool FMLS_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                    uint32_t d);
  bool FMUL_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                    uint32_t d);
  bool FMULX_elt_vec(uint32_t q, uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                     uint32_t d);
  bool FMLA_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                         uint32_t d);
  bool FMLS_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                         uint32_t d);
  bool FMUL_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                         uint32_t d);
  bool FMULX_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n,
                          uint32_t d);
  bool FMLA_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMLS_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMUL_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMULX_elt_scalar(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMLA_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMLS_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMUL_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMULX_elt_scalar_half(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FCMEQ_reg_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FCMEQ_reg_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FCMEQ_reg_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FCMEQ_reg_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FCMGE_reg_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FCMGE_reg_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FCMGE_reg_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FCMGE_reg_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FCMGT_reg_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FCMGT_reg_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FCMGT_reg_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FCMGT_reg_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FCMEQ_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCMEQ_zero_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCMEQ_zero_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCMEQ_zero_scalar_half(uint32_t n, uint32_t d);
  bool FCMGE_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCMGE_zero_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCMGE_zero_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCMGE_zero_scalar_half(uint32_t n, uint32_t d);
  bool FCMGT_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCMGT_zero_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCMGT_zero_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCMGT_zero_scalar_half(uint32_t n, uint32_t d);
  bool FCMLE_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCMLE_zero_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCMLE_zero_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCMLE_zero_scalar_half(uint32_t n, uint32_t d);
  bool FCMLT_zero_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCMLT_zero_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCMLT_zero_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCMLT_zero_scalar_half(uint32_t n, uint32_t d);
  bool FACGE_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FACGE_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FACGE_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FACGE_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FACGT_vec(uint32_t q, uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FACGT_vec_half(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FACGT_scalar(uint32_t z, uint32_t m, uint32_t n, uint32_t d);
  bool FACGT_scalar_half(uint32_t m, uint32_t n, uint32_t d);
  bool FRINTN_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTN_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTNS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTNS_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTNS_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTNS_scalar_half(uint32_t n, uint32_t d);
  bool FCVTNU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTNU_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTNU_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTNU_scalar_half(uint32_t n, uint32_t d);
  bool FRINTP_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTP_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTPS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTPS_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTPS_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTPS_scalar_half(uint32_t n, uint32_t d);
  bool FCVTPU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTPU_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTPU_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTPU_scalar_half(uint32_t n, uint32_t d);
  bool FRINTM_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTM_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTMS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTMS_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTMS_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTMS_scalar_half(uint32_t n, uint32_t d);
  bool FCVTMU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTMU_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTMU_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTMU_scalar_half(uint32_t n, uint32_t d);
  bool FRINTZ_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTZ_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTZS_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTZS_int_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTZS_int_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTZS_int_scalar_half(uint32_t n, uint32_t d);
  bool FCVTZU_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTZU_int_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTZU_int_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTZU_int_scalar_half(uint32_t n, uint32_t d);
  bool FRINTA_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTA_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTAS_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTAS_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTAS_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTAS_scalar_half(uint32_t n, uint32_t d);
  bool FCVTAU_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTAU_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTAU_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool FCVTAU_scalar_half(uint32_t n, uint32_t d);
  bool FRINTX_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTX_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FRINTI_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINTI_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool FRINT32Z_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINT32X_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINT64Z_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FRINT64X_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool SCVTF_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool SCVTF_int_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool SCVTF_int_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool SCVTF_int_scalar_half(uint32_t n, uint32_t d);
  bool SCVTF_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SCVTF_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool FCVTZS_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool FCVTZS_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool SCVTF_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SCVTF_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d);
  bool FCVTZS_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool FCVTZS_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d);
  bool UCVTF_int_vec(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool UCVTF_int_vec_half(uint32_t q, uint32_t n, uint32_t d);
  bool UCVTF_int_scalar(uint32_t z, uint32_t n, uint32_t d);
  bool UCVTF_int_scalar_half(uint32_t n, uint32_t d);
  bool UCVTF_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UCVTF_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool FCVTZU_fix_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool FCVTZU_fix_vec_half(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool UCVTF_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UCVTF_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d);
  bool FCVTZU_fix_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool FCVTZU_fix_scalar_half(uint32_t imm, uint32_t n, uint32_t d);
  bool URECPE(uint32_t q, uint32_t n, uint32_t d);
  bool URSQRTE(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTN(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTL(uint32_t q, uint32_t z, uint32_t n, uint32_t d);
  bool FCVTXN_vec(uint32_t q, uint32_t n, uint32_t d);
  bool FCVTXN_scalar(uint32_t n, uint32_t d);

  // fp_complex.cpp: FEAT_FCMA
  bool FCMLA_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t rotation, uint32_t n, uint32_t d);
  bool FCADD_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t rotation, uint32_t n, uint32_t d);
  bool FCMLA_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t rotation, uint32_t h,
                     uint32_t n, uint32_t d);
  bool FCMLA_elt_vec_half(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t rotation, uint32_t h,
                          uint32_t n, uint32_t d);

  // fp_narrow_products.cpp: FEAT_FHM, FEAT_BF16
  bool FMLAL_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMLSL_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMLAL2_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMLSL2_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool FMLAL_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMLSL_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMLAL2_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool FMLSL2_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool BFCVT(uint32_t n, uint32_t d);
  bool BFCVTN(uint32_t q, uint32_t n, uint32_t d);
  bool BFDOT_vec(uint32_t q, uint32_t m, uint32_t n, uint32_t d);
  bool BFDOT_elt_vec(uint32_t q, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool BFMLAL_vec(uint32_t top, uint32_t m, uint32_t n, uint32_t d);
  bool BFMLAL_elt_vec(uint32_t top, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h, uint32_t n, uint32_t d);
  bool BFMMLA(uint32_t m, uint32_t n, uint32_t d);

 protected:
  using FpHandlers::FpHandlers;
  ~FpVectorHandlers() = default;

 private:
  /// One element of a vector register, as the "by element" encodings name it.
  struct Element {
    uint32_t reg;
    uint32_t index;
  };
  /// In the place of Q where an instruction works on a SIMD scalar.
  static constexpr uint32_t kScalar = 2;

  static FpShape wide_scalar(uint32_t z) { return {z != 0 ? Type::F64 : Type::F32}; }
  static FpShape half_scalar() { return {Type::F16}; }
  static FpShape wide_vector(uint32_t q, uint32_t z) { return {z != 0 ? Type::V2F64 : Type::V4F32, q != 0}; }
  static FpShape half_vector(uint32_t q) { return {Type::V8F16, q != 0}; }
  static FpShape fixed_shape(uint32_t q, uint32_t immh);
  static uint64_t fixed_bits(uint32_t immh, uint32_t immb);
  static Element wide_element(uint32_t z, uint32_t l, uint32_t mhi, uint32_t m, uint32_t h) {
    return {mhi << 4 | m, z != 0 ? h : h << 1 | l};
  }
  static Element half_element(uint32_t l, uint32_t mhi, uint32_t m, uint32_t h) {
    return {m, h << 2 | l << 1 | mhi};
  }

  bool absolute_difference(FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  bool pairwise(Op op, FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  bool pairwise_scalar(Op op, FpShape shape, uint32_t n, uint32_t d);
  Value reduce(Op op, Type type, uint32_t n, unsigned first, unsigned count);
  bool across(Op op, FpShape shape, uint32_t n, uint32_t d);
  Value element(FpShape shape, Element e);
  bool multiply_add_element(FpShape shape, Element e, uint32_t n, uint32_t d, Negated negated);
  bool multiply_element(FpShape shape, Element e, uint32_t n, uint32_t d);
  bool mulx_element(FpShape shape, Element e, uint32_t n, uint32_t d);
  Value compare_operand(FpShape shape, uint32_t n);
  bool compare_values(FloatCond cond, bool signalling, FpShape shape, Value a, Value b, uint32_t d);
  bool compare(FloatCond cond, bool signalling, FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  bool compare_zero(FloatCond cond, bool signalling, FpShape shape, uint32_t n, uint32_t d);
  bool compare_absolute(FloatCond cond, FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  bool to_integer(Op op, Rounding rounding, FpShape shape, uint64_t fraction_bits, uint32_t n, uint32_t d);
  bool from_integer(Op op, FpShape shape, uint64_t fraction_bits, uint32_t n, uint32_t d);
  bool put_narrow(uint32_t q, uint32_t d, Value low);

  static FpShape complex_shape(uint32_t q, uint32_t size) {
    return size == 1 ? half_vector(q) : wide_vector(q, size == 3 ? 1 : 0);
  }
  /// Changes the sign of the real and imaginary parts, as FPNeg.
  Value negate_parts(FpShape shape, Value value, bool real, bool imaginary);
  bool complex_multiply_add(FpShape shape, Value factor, uint32_t rotation, uint32_t n, uint32_t d);
  bool half_products(bool negate, uint32_t part, uint32_t q, Value factor, uint32_t n, uint32_t d);
  Value half_factor(uint32_t part, uint32_t q, uint32_t m);
  Value to_bfloat(Value singles);
  Value bfloat_dot(Value sum, Value a, Value b);
  /// BFloat16s as singles, whose high halves they are: lane i is number number_at(i) of Vn.
  template <typename NumberAt>
  Value widen_bfloats(uint32_t n, NumberAt number_at) {
    const Value from = v(n);
    return pick(Type::V8I16, from, from,
                [&](unsigned i) { return i % 2 != 0 ? number_at(i / 2) : kZeroLane; });
  }
  bool bfloat_products(uint32_t top, Value factor, uint32_t n, uint32_t d);
};

}  // namespace ferry::arm64
