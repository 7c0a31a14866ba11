#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "frontend/arm64/decode.h"
#include "ir/support/result.h"

namespace ferry::arm64 {

/// A set of architectural features.
class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr FeatureSet(std::initializer_list<Feature> features) {
    for (const Feature feature : features) add(feature);
  }

  constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  constexpr void add(Feature feature) { bits_ |= bit(feature); }
  constexpr void remove(Feature feature) { bits_ &= ~bit(feature); }
  constexpr FeatureSet operator&(FeatureSet other) const {
    other.bits_ &= bits_;
    return other;
  }

 private:
  static constexpr uint64_t bit(Feature feature) { return uint64_t{1} << static_cast<unsigned>(feature); }
  static_assert(static_cast<unsigned>(Feature::kCount) <= 64);

  uint64_t bits_ = 0;
};

/// What ferry implements.
inline constexpr FeatureSet kImplemented = {
#define CPU_FEATURE(feature) Feature::feature,
#include "frontend/arm64/cpu_features.def"
};

/// A CPU as a program sees it. Its HWCAP words, its ID registers and the instructions that work tell one
/// story.
class Cpu {
 public:
  /// `max`: all that ferry implements.
  Cpu() = default;

  /// The CPU that `--cpu` names: MODEL[,FEATURE=on|off]..., as QEMU spells it; features by their names in
  /// features.def, in small letters. An Error is what is wrong with it.
  static support::Result<Cpu> parse(std::string_view text);

  std::string_view model() const { return model_; }
  bool has(Feature feature) const { return features_.has(feature); }
  /// A feature without which this instruction is undefined, if the CPU does not have it.
  std::optional<Feature> lacks(const Row& row, uint32_t word) const;
  /// AT_HWCAP (word 1) or AT_HWCAP2 (word 2) of the auxiliary vector.
  uint64_t hwcap(unsigned word) const;
  uint64_t midr() const { return midr_; }
  /// What an ID register (see is_id_register()) reads as at EL0.
  uint64_t id_register(uint32_t reg) const;

 private:
  std::string model_ = "max";
  uint64_t midr_ = 0x000f'fe01;  ///< implementer 0: reserved for software; any part number is free
  FeatureSet features_ = kImplemented;
};

/// `--cpu help`: a line per model, then the names of features.
std::string list_cpus();

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
  ID_AA64MMFR2_EL1 = system_register(3, 0, 0, 7, 2),
};

/// Whether Linux lets a program read system register `reg` by emulating MRS: the ID space op0 = 3, op1 = 0,
/// CRn = 0 (arch/arm64/kernel/cpufeature.c, emulate_mrs).
constexpr bool is_id_register(uint32_t reg) { return (reg & ~0x7fu) == system_register(3, 0, 0, 0, 0); }

}  // namespace ferry::arm64
