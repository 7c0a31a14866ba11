#include "frontend/arm64/cpu_features.h"

namespace ferry::arm64 {
namespace {

/// Sets the field at `lsb` to `value` unless it is greater already.
constexpr void raise_field(uint64_t& fields, unsigned lsb, uint64_t value) {
  const uint64_t mask = uint64_t{0xf} << lsb;
  if ((fields & mask) >> lsb < value) fields = (fields & ~mask) | value << lsb;
}

/// Register fields derived from the feature list.
constexpr uint64_t feature_fields(IdRegister wanted) {
  uint64_t fields = 0;
#define CPU_ID_FIELD(feature, id_register, lsb, value) \
  if (wanted == IdRegister::id_register) raise_field(fields, lsb, value);
#include "frontend/arm64/cpu_features.def"
  return fields;
}

/// What Linux shows in fields that it hides: the "safe value" of its tables (cpufeature.c, ftr_id_aa64*).
constexpr uint64_t hidden_fields(IdRegister wanted) {
  switch (wanted) {
    case IdRegister::ID_AA64PFR0_EL1:
      return 0x11;  // EL1 and EL0: AArch64 only
    case IdRegister::ID_AA64DFR0_EL1:
      return 0x6;  // Armv8 debug
    case IdRegister::ID_AA64MMFR0_EL1:
      return 0xff000000;  // no 4K and 64K granules
    default:
      return 0;
  }
}

constexpr uint32_t kMidr = system_register(3, 0, 0, 0, 0);
constexpr uint32_t kMpidr = system_register(3, 0, 0, 0, 5);

}  // namespace

uint64_t id_register_value(uint32_t reg) {
  if (reg == kMidr) return 0x000f'fe01;  // implementer 0: reserved for software; any part number is free
  if (reg == kMpidr) return uint64_t{1} << 31;
  const auto id = static_cast<IdRegister>(reg);
  return feature_fields(id) | hidden_fields(id);
}

}  // namespace ferry::arm64
