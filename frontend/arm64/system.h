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
  bool WFET(uint32_t d);
  bool WFIT(uint32_t d);

  bool CLREX(uint32_t crm);
  bool DSB(uint32_t crm);
  bool DMB(uint32_t crm);
  bool ISB(uint32_t crm);
  bool SB();

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
};

}  // namespace ferry::arm64
