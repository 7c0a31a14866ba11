#pragma once

#include "frontend/arm64/branch.h"

namespace ferry::arm64 {

/// Hints, barriers, system registers and instructions that work at EL0 (Arm ARM C4.1.93).
class SystemHandlers : public BranchHandlers {
 public:
  bool HINT(uint32_t crm, uint32_t op2);
  bool NOP();
  bool YIELD();
  bool WFE();
  bool WFI();
  bool SEV();
  bool SEVL();
  bool CSDB();
  bool BTI(uint32_t targets);
  bool DGH();
  bool CHKFEAT();
  bool WFET(uint32_t d);
  bool WFIT(uint32_t d);

  bool CLREX(uint32_t crm);
  bool DSB(uint32_t crm);
  bool DSB_nXS(uint32_t domain);
  bool DMB(uint32_t crm);
  bool ISB(uint32_t crm);
  bool SB();

  bool MSR_imm(uint32_t op1, uint32_t crm, uint32_t op2);
  bool CFINV();
  bool XAFLAG();
  bool AXFLAG();

  bool SYS(uint32_t operation, uint32_t t);
  bool MSR_reg(uint32_t reg, uint32_t t);
  bool MRS(uint32_t reg, uint32_t t);

 protected:
  using BranchHandlers::BranchHandlers;
  ~SystemHandlers() = default;

 private:
  bool zero_line(uint32_t t);
  bool tag_line(uint32_t t);
  bool maintain_tag_caches(uint32_t operation);
  /// The bits of `mask` in the PSTATE row become those of `bits`.
  bool write_pstate(uint32_t mask, Value bits);
  bool read_pstate(uint32_t mask, uint32_t t);
  bool watch_fpsr();
  bool read_random(uint32_t t);
  /// MRS of a register that not every CPU has.
  bool read_register_of_feature(uint32_t reg, uint32_t t);
};

}  // namespace ferry::arm64
