#pragma once

#include "frontend/arm64/simd_shift.h"

namespace ferry::arm64 {

/// Moves of elements, permutations, table lookup, and immediates (Arm ARM C4.1.97).
class SimdPermuteHandlers : public SimdShiftHandlers {
 public:
  // ---- copies

  bool DUP_elt_vec(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool DUP_elt_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool DUP_gen(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool INS_gen(uint32_t imm, uint32_t n, uint32_t d);
  bool INS_elt(uint32_t imm, uint32_t imm4, uint32_t n, uint32_t d);
  bool SMOV(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);
  bool UMOV(uint32_t q, uint32_t imm, uint32_t n, uint32_t d);

  // ---- permutations

  bool ZIP1(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UZP1(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool TRN1(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool ZIP2(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UZP2(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool TRN2(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool EXT(uint32_t q, uint32_t m, uint32_t imm, uint32_t n, uint32_t d);
  bool REV16_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool REV32_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool REV64_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d);
  bool TBL(uint32_t q, uint32_t m, uint32_t len, uint32_t n, uint32_t d);
  bool TBX(uint32_t q, uint32_t m, uint32_t len, uint32_t n, uint32_t d);

  // ---- immediates

  bool MOVI_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool MOVI_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool MOVI_ones(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool MOVI_8(uint32_t q, uint32_t imm, uint32_t d);
  bool MOVI_64(uint32_t q, uint32_t imm, uint32_t d);
  bool MVNI_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool MVNI_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool MVNI_ones(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool ORR_vec_imm_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool BIC_vec_imm_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool ORR_vec_imm_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool BIC_vec_imm_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d);
  bool FMOV_vec_imm_half(uint32_t q, uint32_t imm, uint32_t d);
  bool FMOV_vec_imm_single(uint32_t q, uint32_t imm, uint32_t d);
  bool FMOV_vec_imm_double(uint32_t imm, uint32_t d);

 protected:
  using SimdShiftHandlers::SimdShiftHandlers;
  ~SimdPermuteHandlers() = default;

 private:
  /// An element as imm5 names it: the lowest bit that is set gives its size, the bits above its index.
  struct Part {
    uint32_t size;
    unsigned index;
  };
  static Part part_of(uint32_t imm5);
  /// The scalar type that keeps an element of 8 << size bits in a vector register where one exists.
  static Type scalar_type(uint32_t size) {
    return size < 2 ? ir::int_type(8u << size) : ir::float_type(8u << size);
  }
  /// Xn's low 8 << size bits.
  Value general(uint32_t n, uint32_t size) { return b_.trunc(ir::int_type(8u << size), x(n)); }
  bool set_v_all(uint32_t d, Value value) {
    set_v(d, value);
    return true;
  }
  bool insert(uint32_t d, Part part, Value element);
  bool transpose(Lanes lanes, unsigned part, uint32_t m, uint32_t n, uint32_t d);
  bool extract(uint32_t q, uint32_t m, uint32_t position, uint32_t n, uint32_t d);
  bool reverse(Lanes lanes, unsigned container, uint32_t n, uint32_t d);
  bool table(uint32_t q, uint32_t m, unsigned registers, uint32_t n, uint32_t d, Value otherwise);
  bool move_immediate(uint32_t q, uint32_t d, Type type, uint64_t value);
  static uint64_t shifting_ones(uint32_t imm, uint32_t shift);
  static uint64_t bits_to_bytes(uint32_t imm);
  static uint64_t expand_float(uint32_t imm, unsigned width);
};

}  // namespace ferry::arm64
