#pragma once

#include "frontend/arm64/alu.h"

namespace ferry::arm64 {

/// Branches and exception generation (Arm ARM C4.1.93).
class BranchHandlers : public AluHandlers {
 public:
  bool B_cond(uint32_t imm, uint32_t cond);
  bool BC_cond(uint32_t imm, uint32_t cond);
  bool B_uncond(uint32_t imm);
  bool BL(uint32_t imm);
  bool CBZ(uint32_t sf, uint32_t imm, uint32_t t);
  bool CBNZ(uint32_t sf, uint32_t imm, uint32_t t);
  bool TBZ(uint32_t bit, uint32_t imm, uint32_t t);
  bool TBNZ(uint32_t bit, uint32_t imm, uint32_t t);
  bool BR(uint32_t n);
  bool BLR(uint32_t n);
  bool RET(uint32_t n);

  bool UDF(uint32_t imm);
  bool SVC(uint32_t imm);
  bool BRK(uint32_t imm);

 protected:
  using AluHandlers::AluHandlers;
  ~BranchHandlers() = default;

  /// BR by register `n` to `target`, and BLR.
  bool branch_to(uint32_t n, Value target);
  bool call_to(Value target);

 private:
  Value typed_target(Value target, BranchType type);
  Value register_bit(uint32_t t, uint32_t bit);
};

}  // namespace ferry::arm64
