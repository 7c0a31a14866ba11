#pragma once

#include "frontend/arm64/translator_core.h"

namespace ferry::arm64 {

/// Data processing, immediate and register (Arm ARM C4.1.92, C4.1.95).
class AluHandlers : public TranslatorCore {
 public:
  bool ADR(uint32_t immlo, uint32_t immhi, uint32_t d);
  bool ADRP(uint32_t immlo, uint32_t immhi, uint32_t d);

  bool ADD_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d);
  bool ADDS_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d);
  bool SUB_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d);
  bool SUBS_imm(uint32_t sf, uint32_t sh, uint32_t imm, uint32_t n, uint32_t d);
  bool SMAX_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d);
  bool UMAX_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d);
  bool SMIN_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d);
  bool UMIN_imm(uint32_t sf, uint32_t imm, uint32_t n, uint32_t d);

  bool AND_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool ORR_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool EOR_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool ANDS_imm(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);

  bool MOVN(uint32_t sf, uint32_t hw, uint32_t imm, uint32_t d);
  bool MOVZ(uint32_t sf, uint32_t hw, uint32_t imm, uint32_t d);
  bool MOVK(uint32_t sf, uint32_t hw, uint32_t imm, uint32_t d);

  bool SBFM(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool BFM(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool UBFM(uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool EXTR(uint32_t sf, uint32_t wide, uint32_t m, uint32_t imms, uint32_t n, uint32_t d);

  bool UDIV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool SDIV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool LSLV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool LSRV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool ASRV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool RORV(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool CRC32(uint32_t sf, uint32_t m, uint32_t size, uint32_t n, uint32_t d);
  bool CRC32C(uint32_t sf, uint32_t m, uint32_t size, uint32_t n, uint32_t d);
  bool SMAX_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool UMAX_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool SMIN_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool UMIN_reg(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);

  bool RBIT_int(uint32_t sf, uint32_t n, uint32_t d);
  bool REV16_int(uint32_t sf, uint32_t n, uint32_t d);
  bool CLZ_int(uint32_t sf, uint32_t n, uint32_t d);
  bool CLS_int(uint32_t sf, uint32_t n, uint32_t d);
  bool CTZ_reg(uint32_t sf, uint32_t n, uint32_t d);
  bool CNT_reg(uint32_t sf, uint32_t n, uint32_t d);
  bool ABS_reg(uint32_t sf, uint32_t n, uint32_t d);
  bool REV_w(uint32_t n, uint32_t d);
  bool REV_x(uint32_t n, uint32_t d);
  bool REV32_int(uint32_t n, uint32_t d);

  bool AND_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool BIC_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool ORR_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool ORN_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool EOR_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool EON_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool ANDS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool BICS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);

  bool ADD_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool ADDS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool SUB_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool SUBS_shift(uint32_t sf, uint32_t shift, uint32_t m, uint32_t amount, uint32_t n, uint32_t d);
  bool ADD_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n, uint32_t d);
  bool ADDS_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n, uint32_t d);
  bool SUB_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n, uint32_t d);
  bool SUBS_ext(uint32_t sf, uint32_t m, uint32_t option, uint32_t amount, uint32_t n, uint32_t d);

  bool ADC(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool ADCS(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool SBC(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool SBCS(uint32_t sf, uint32_t m, uint32_t n, uint32_t d);
  bool RMIF(uint32_t amount, uint32_t n, uint32_t mask);
  bool SETF8(uint32_t n);
  bool SETF16(uint32_t n);

  bool CCMN_reg(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv);
  bool CCMN_imm(uint32_t sf, uint32_t imm, uint32_t cond, uint32_t n, uint32_t nzcv);
  bool CCMP_reg(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv);
  bool CCMP_imm(uint32_t sf, uint32_t imm, uint32_t cond, uint32_t n, uint32_t nzcv);
  bool CSEL(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d);
  bool CSINC(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d);
  bool CSINV(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d);
  bool CSNEG(uint32_t sf, uint32_t m, uint32_t cond, uint32_t n, uint32_t d);

  bool MADD(uint32_t sf, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool MSUB(uint32_t sf, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool SMADDL(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool SMSUBL(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool UMADDL(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool UMSUBL(uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool SMULH(uint32_t m, uint32_t n, uint32_t d);
  bool UMULH(uint32_t m, uint32_t n, uint32_t d);

 protected:
  using TranslatorCore::TranslatorCore;
  ~AluHandlers() = default;

  /// Rm extended by `option` (UXTB ... SXTX) to `sf`'s width, not yet shifted.
  Value extended(uint32_t sf, uint32_t m, uint32_t option);

 private:
  enum class Flags : bool { Keep, Set };

  Value shifted(uint32_t sf, uint32_t m, uint32_t shift, uint32_t amount);
  bool add(Flags flags, Value a, Value b, uint32_t d, bool d_may_be_sp);
  bool sub(Flags flags, Value a, Value b, uint32_t d, bool d_may_be_sp);
  bool add_with_carry(Flags flags, Value a, Value b, uint32_t d);
  bool logical_imm(Op op, uint32_t sf, uint32_t wide, uint32_t immr, uint32_t imms, uint32_t n, uint32_t d);
  bool logical(Op op, uint32_t sf, Value b, uint32_t n, uint32_t d);
  bool min_max(Op op, Value a, Value b, uint32_t d);
  bool conditional_compare(bool negate, Value a, Value b, uint32_t cond, uint32_t nzcv);
  bool extend_bits(Op op, Value bits, unsigned from, uint32_t d);
  bool set_narrow_flags(uint32_t n, unsigned bits);
  bool make_vdso_call();
  bool multiply_long(Op extend, Op combine, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
};

}  // namespace ferry::arm64
