#pragma once

#include <cstdint>

#include "frontend/arm64/decode.h"

namespace ferry::arm64 {

/// Whether ferry's CPU has `feature`.
constexpr bool cpu_has(Feature feature) {
  switch (feature) {
#define CPU_FEATURE(name) \
  case Feature::name:     \
    return true;
#include "frontend/arm64/cpu_features.def"
    default:
      return false;
  }
}

/// AT_HWCAP (word 1) or AT_HWCAP2 (word 2) of the auxiliary vector.
constexpr uint64_t hwcap(unsigned word) {
  uint64_t caps = 0;
#define CPU_HWCAP(feature, in_word, bit) caps |= (in_word) == word ? uint64_t{1} << (bit) : 0;
#include "frontend/arm64/cpu_features.def"
  return caps;
}

/// A system register's name as MRS and MSR encode it (without the top bit of op0, which is always set).
constexpr uint32_t system_register(uint32_t op0, uint32_t op1, uint32_t crn, uint32_t crm, uint32_t op2) {
  return (op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

/// The ID registers with fields that user space sees.
enum class IdRegister : uint32_t {
  ID_AA64PFR0_EL1 = system_register(3, 0, 0, 4, 0),
  ID_AA64PFR1_EL1 = system_register(3, 0, 0, 4, 1),
  ID_AA64ZFR0_EL1 = system_register(3, 0, 0, 4, 4),
  ID_AA64DFR0_EL1 = system_register(3, 0, 0, 5, 0),
  ID_AA64ISAR0_EL1 = system_register(3, 0, 0, 6, 0),
  ID_AA64ISAR1_EL1 = system_register(3, 0, 0, 6, 1),
  ID_AA64ISAR2_EL1 = system_register(3, 0, 0, 6, 2),
  ID_AA64MMFR0_EL1 = system_register(3, 0, 0, 7, 0),
};

/// Whether Linux lets a program read system register `reg` by emulating MRS: the ID space op0 = 3, op1 = 0,
/// CRn = 0 (arch/arm64/kernel/cpufeature.c, emulate_mrs).
constexpr bool is_id_register(uint32_t reg) { return (reg & ~0x7fu) == system_register(3, 0, 0, 0, 0); }

/// What such a register reads as.
uint64_t id_register_value(uint32_t reg);

}  // namespace ferry::arm64
