#pragma once

#include <utility>

#include "frontend/arm64/pauth.h"

namespace ferry::arm64 {

/// Loads and stores of general and of whole SIMD&FP registers, exclusives, atomics (Arm ARM C4.1.94).
/// Structure loads and stores (LD1 ... ST4) are SimdHandlers'.
class LoadStoreHandlers : public PauthHandlers {
 public:
  // load_store.cpp: general registers
  bool LDR_lit_gen(uint32_t wide, uint32_t imm, uint32_t t);
  bool LDRSW_lit(uint32_t imm, uint32_t t);
  bool PRFM_lit(uint32_t imm, uint32_t t);
  bool STNP_gen(uint32_t wide, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool LDNP_gen(uint32_t wide, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool STP_gen(uint32_t wide, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool LDP_gen(uint32_t wide, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool LDPSW(uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool STR_uimm_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDR_uimm_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDRS_uimm_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t);
  bool PRFM_uimm(uint32_t imm, uint32_t n, uint32_t t);
  bool STR_imm_gen(uint32_t size, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t);
  bool LDR_imm_gen(uint32_t size, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t);
  bool LDRS_imm_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t);
  bool STUR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDUR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDURS_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t);
  bool PRFUM(uint32_t imm, uint32_t n, uint32_t t);
  bool STTR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDTR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDTRS_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t);
  bool STR_reg_gen(uint32_t size, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n, uint32_t t);
  bool LDR_reg_gen(uint32_t size, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n, uint32_t t);
  bool LDRS_reg_gen(uint32_t size, uint32_t narrow, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n,
                    uint32_t t);
  bool PRFM_reg(uint32_t m, uint32_t option, uint32_t scaled, uint32_t n, uint32_t t);

  // load_store_fpsimd.cpp: SIMD&FP registers
  bool LDR_lit_fpsimd(uint32_t size, uint32_t imm, uint32_t t);
  bool STNP_fpsimd(uint32_t size, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool LDNP_fpsimd(uint32_t size, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool STP_fpsimd(uint32_t size, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool LDP_fpsimd(uint32_t size, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);
  bool STR_uimm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t);
  bool LDR_uimm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t);
  bool STR_imm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t);
  bool LDR_imm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t);
  bool STUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t);
  bool LDUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t);
  bool STR_reg_fpsimd(uint32_t size, uint32_t quad, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n,
                      uint32_t t);
  bool LDR_reg_fpsimd(uint32_t size, uint32_t quad, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n,
                      uint32_t t);

  // atomics.cpp: exclusives, acquire and release, LSE
  bool STXR(uint32_t size, uint32_t s, uint32_t n, uint32_t t);
  bool STLXR(uint32_t size, uint32_t s, uint32_t n, uint32_t t);
  bool LDXR(uint32_t size, uint32_t n, uint32_t t);
  bool LDAXR(uint32_t size, uint32_t n, uint32_t t);
  bool STXP(uint32_t wide, uint32_t s, uint32_t t2, uint32_t n, uint32_t t);
  bool STLXP(uint32_t wide, uint32_t s, uint32_t t2, uint32_t n, uint32_t t);
  bool LDXP(uint32_t wide, uint32_t t2, uint32_t n, uint32_t t);
  bool LDAXP(uint32_t wide, uint32_t t2, uint32_t n, uint32_t t);
  bool STLLR(uint32_t size, uint32_t n, uint32_t t);
  bool STLR(uint32_t size, uint32_t n, uint32_t t);
  bool LDLAR(uint32_t size, uint32_t n, uint32_t t);
  bool LDAR(uint32_t size, uint32_t n, uint32_t t);
  bool LDAPR(uint32_t size, uint32_t n, uint32_t t);
  bool STLUR(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDAPUR(uint32_t size, uint32_t imm, uint32_t n, uint32_t t);
  bool LDAPURS(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t);
  bool CASP(uint32_t wide, uint32_t acquire, uint32_t s, uint32_t release, uint32_t n, uint32_t t);
  bool CAS(uint32_t size, uint32_t acquire, uint32_t s, uint32_t release, uint32_t n, uint32_t t);
  bool LDADD(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDCLR(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDEOR(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDSET(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDSMAX(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDSMIN(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDUMAX(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDUMIN(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool SWP(uint32_t size, uint32_t acquire, uint32_t release, uint32_t s, uint32_t n, uint32_t t);
  bool LDCLRP(uint32_t acquire, uint32_t release, uint32_t t2, uint32_t n, uint32_t t);
  bool LDSETP(uint32_t acquire, uint32_t release, uint32_t t2, uint32_t n, uint32_t t);
  bool SWPP(uint32_t acquire, uint32_t release, uint32_t t2, uint32_t n, uint32_t t);
  bool STILP(uint32_t wide, uint32_t t2, uint32_t plain, uint32_t n, uint32_t t);
  bool LDIAPP(uint32_t wide, uint32_t t2, uint32_t plain, uint32_t n, uint32_t t);
  bool STLR_pre(uint32_t wide, uint32_t n, uint32_t t);
  bool LDAPR_post(uint32_t wide, uint32_t n, uint32_t t);
  bool STLUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t);
  bool LDAPUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t);
  bool STL1(uint32_t index, uint32_t n, uint32_t t);
  bool LDAP1(uint32_t index, uint32_t n, uint32_t t);

  // memory_copy.cpp: FEAT_MOPS
  bool CPYFP(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool CPYFM(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool CPYFE(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool CPYP(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool CPYM(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool CPYE(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool SETP(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool SETM(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool SETE(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool SETGP(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool SETGM(uint32_t s, uint32_t options, uint32_t n, uint32_t d);
  bool SETGE(uint32_t s, uint32_t options, uint32_t n, uint32_t d);

 protected:
  using PauthHandlers::PauthHandlers;
  ~LoadStoreHandlers() = default;

  /// Where an access goes and what the base register becomes after it.
  struct Target {
    Address address;
    Value written_back = {};  ///< absent: the base register stays
  };
  Target offset_target(uint32_t n, int64_t offset);
  /// `mode` as the encoding's P field: 01 post-indexed, 10 offset, 11 pre-indexed.
  Target indexed_target(uint32_t n, int64_t offset, uint32_t mode);
  Target literal_target();
  void write_back(uint32_t n, const Target& target);

 private:
  /// Of both registers of 1 << size bytes each.
  std::pair<Address, Address> pair_addresses(const Target& target, uint32_t size, bool write);
  Address register_address(uint32_t n, uint32_t m, uint32_t option, unsigned shift);
  bool load_general(const Target& target, uint32_t n, uint32_t t, uint32_t size);
  bool load_signed(const Target& target, uint32_t n, uint32_t t, uint32_t size, uint32_t narrow);
  bool store_general(const Target& target, uint32_t n, uint32_t t, uint32_t size);
  /// Whether a pair of registers of 1 << size bytes is accessed as one.
  bool is_whole(uint32_t size) const;
  bool load_whole_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2);
  bool store_whole_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2);
  bool load_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2, uint32_t size, bool sign_extend);
  bool store_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2, uint32_t size);
  bool load_vector(const Target& target, uint32_t n, uint32_t t, uint32_t size);
  bool store_vector(const Target& target, uint32_t n, uint32_t t, uint32_t size);
  bool load_vector_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2, uint32_t size);
  bool store_vector_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2, uint32_t size);
  bool load_ordered(Address address, uint32_t t, uint32_t size);
  bool store_ordered(Address address, uint32_t t, uint32_t size);
  /// Xn|SP, where an atomic or exclusive access of `bytes` may be.
  Value atomic_address(uint32_t n, unsigned bytes);
  bool load_exclusive(uint32_t size, uint32_t n, uint32_t t);
  bool load_exclusive_pair(uint32_t wide, uint32_t t2, uint32_t n, uint32_t t);
  bool store_exclusive(uint32_t size, uint32_t s, uint32_t n, uint32_t t);
  bool store_exclusive_pair(uint32_t wide, uint32_t s, uint32_t t2, uint32_t n, uint32_t t);
  bool atomic(ir::AtomicKind kind, uint32_t size, uint32_t s, uint32_t n, uint32_t t);
  bool atomic_pair(Helper helper, uint32_t t2, uint32_t n, uint32_t t);
  bool set_prologue(uint64_t greatest, uint32_t s, uint32_t n, uint32_t d);
  /// Whether something is left to do, Xn bytes, and the registers are in the format of option B.
  Value has_option_b(uint32_t n);
  /// At most `limit` bytes, if not `mismatch`; then goes on, or here again, or at the prologue.
  bool do_stage(Helper helper, uint32_t registers, Value mismatch, uint64_t limit);
  bool copy_stage(uint32_t s, uint32_t n, uint32_t d, uint64_t limit);
  bool set_stage(Helper helper, uint32_t s, uint32_t n, uint32_t d, uint64_t limit);
};

}  // namespace ferry::arm64
