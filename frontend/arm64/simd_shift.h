#pragma once

#include <array>
#include <bit>

#include "frontend/arm64/simd_wide.h"

namespace ferry::arm64 {

/// Shifts by an immediate and by a register (Arm ARM C4.1.97).
class SimdShiftHandlers : public SimdWideHandlers {
 public:
  // ---- by an immediate, without saturation

  bool SSHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SSRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SRSHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SRSRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool USHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool USRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool URSHR_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool URSRA_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SRI_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SHL_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SLI_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SSHR_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SSRA_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SRSHR_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SRSRA_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool USHR_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool USRA_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool URSHR_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool URSRA_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SRI_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SHL_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SLI_scalar(uint32_t imm, uint32_t n, uint32_t d);
  bool SSHLL_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool USHLL_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);

  // ---- by an immediate, saturating

  bool SQSHL_imm_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UQSHL_imm_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHLU_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHL_imm_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UQSHL_imm_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHLU_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);

  // ---- by an immediate, narrowing

  bool SHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool RSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQRSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHRUN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQRSHRUN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UQSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UQRSHRN_vec(uint32_t q, uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQRSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQSHRUN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool SQRSHRUN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UQSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);
  bool UQRSHRN_scalar(uint32_t immh, uint32_t immb, uint32_t n, uint32_t d);

  // ---- by a register

  bool SSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool USHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SRSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool URSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQSHL_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQSHL_reg_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQRSHL_vec(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SSHL_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool USHL_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool SRSHL_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool URSHL_scalar(uint32_t m, uint32_t n, uint32_t d);
  bool SQSHL_reg_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQSHL_reg_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool SQRSHL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);
  bool UQRSHL_scalar(uint32_t size, uint32_t m, uint32_t n, uint32_t d);

 protected:
  using SimdWideHandlers::SimdWideHandlers;
  ~SimdShiftHandlers() = default;

 private:
  /// Lanes and amount, from immh:immb; `encoded` counts from the lanes' width.
  struct Shift {
    Lanes lanes;
    unsigned encoded;

    Type type() const { return lanes.type(); }
    unsigned left() const { return encoded - lanes.width; }
    unsigned right() const { return 2 * lanes.width - encoded; }
  };
  static Shift vector_shift(uint32_t q, uint32_t immh, uint32_t immb);
  static Shift scalar_shift(uint32_t immh, uint32_t immb);

  bool shift_right(Sign sign, Rounding rounding, Shift shift, uint32_t n, uint32_t d);
  bool shift_right_add(Sign sign, Rounding rounding, Shift shift, uint32_t n, uint32_t d);
  bool insert_right(Shift shift, uint32_t n, uint32_t d);
  bool shift_left(Shift shift, uint32_t n, uint32_t d);
  bool insert_left(Shift shift, uint32_t n, uint32_t d);
  bool shift_left_long(Sign sign, uint32_t q, Shift shift, uint32_t n, uint32_t d);
  bool shift_left_signed(Shift shift, uint32_t n, uint32_t d);
  bool shift_left_unsigned(Shift shift, Value a, Value before, uint32_t d);
  bool shift_left_positive(Shift shift, uint32_t n, uint32_t d);
  bool shift_right_narrow(Rounding rounding, uint32_t q, Shift shift, uint32_t n, uint32_t d);
  bool shift_right_narrow_saturating(Op op, Sign sign, Rounding rounding, uint32_t q, Shift shift, uint32_t n,
                                     uint32_t d);

  /// What an instruction that shifts by a register does.
  struct RegisterShift {
    Sign sign;
    Rounding rounding;
  };
  /// Lanes wider than bytes shifted by a register, each way where the amount says so and zero elsewhere.
  struct ByRegister {
    Value amount;    ///< as an unsigned byte; 128 and more to the right
    Value to_right;  ///< a mask
    Value left;
    Value right;
  };
  ByRegister both_ways(RegisterShift kind, Type type, Value a, Value m);
  /// Which lanes lost bits on their way to the left, a mask.
  Value cut_lanes(Sign sign, Type type, Value a, const ByRegister& ways);
  /// The same of bytes.
  Value shift_bytes(RegisterShift kind, Lanes lanes, Value a, Value m);
  Value cut_bytes(Sign sign, Value a, Value m);
  /// Each byte i below 16 becomes the low byte of at(i), others zero.
  template <typename At>
  Value look_up(Value index, At at) {
    std::array<uint8_t, 16> table;
    for (unsigned i = 0; i < table.size(); ++i) table[i] = static_cast<uint8_t>(at(i));
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(table);
    return b_.binary(Op::tbl, Type::V16I8, b_.konst(Type::V16I8, halves[0], halves[1]), index);
  }
  bool shift_by_register(RegisterShift kind, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
  bool shift_by_register_saturating(RegisterShift kind, Lanes lanes, uint32_t m, uint32_t n, uint32_t d);
};

}  // namespace ferry::arm64
