#include "frontend/arm64/cpu_features.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace ferry::arm64 {
namespace {

using support::Error;
using support::Result;

/// Sets the field at `lsb` to `value` unless it is greater already.
constexpr void raise_field(uint64_t& fields, unsigned lsb, uint64_t value) {
  const uint64_t mask = uint64_t{0xf} << lsb;
  if ((fields & mask) >> lsb < value) fields = (fields & ~mask) | value << lsb;
}

/// Register fields derived from the feature list.
uint64_t feature_fields(IdRegister wanted, const Cpu& cpu) {
  uint64_t fields = 0;
#define CPU_ID_FIELD(feature, id_register, lsb, value) \
  if (wanted == IdRegister::id_register && cpu.has(Feature::feature)) raise_field(fields, lsb, value);
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

// ---- models

struct Model {
  std::string_view name;
  uint32_t midr;
  std::string_view description;
  FeatureSet features;
};

namespace models {
using enum Feature;  // for the rows

constexpr Model kModels[] = {
#define CPU_MODEL(name, midr, description, ...) {name, midr, description, {__VA_ARGS__}},
#include "frontend/arm64/cpu_models.def"
};
}  // namespace models
using models::kModels;

std::string_view name_of(Feature feature) {
  static constexpr std::string_view kNames[] = {
#define FEATURE(name, manual_name) #name,
#include "frontend/arm64/features.def"
  };
  return kNames[static_cast<size_t>(feature)];
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

/// What every CPU of ours has: programs cannot do without.
constexpr FeatureSet kAlwaysOn = {Feature::Base, Feature::FP, Feature::SIMD};

std::optional<Feature> find_switchable(std::string_view name) {
  for (unsigned i = 0; i < static_cast<unsigned>(Feature::kCount); ++i) {
    const auto feature = static_cast<Feature>(i);
    const bool can_be = kImplemented.has(feature) && !kAlwaysOn.has(feature) && feature != Feature::MOPS_MTE;
    if (can_be && in_small_letters(name_of(feature)) == name) return feature;
  }
  return {};
}

std::string switchable_features() {
  std::string names;
  for (unsigned i = 0; i < static_cast<unsigned>(Feature::kCount); ++i) {
    const std::string name = in_small_letters(name_of(static_cast<Feature>(i)));
    if (find_switchable(name)) names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

/// Switches that QEMU's command lines have for what is the same on every CPU of ours: without effect.
bool is_already_so(std::string_view name, bool on) {
  return on ? name == "pauth-impdef" : name == "sve" || name == "sme";
}

/// Applies NAME=on or NAME=off; answers what is wrong, or nothing.
std::string apply_switch(std::string_view word, FeatureSet& features) {
  const size_t equals = std::min(word.find('='), word.size());
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = word.substr(std::min(equals + 1, word.size()));
  if (value != "on" && value != "off") {
    return "wants FEATURE=on or FEATURE=off after the model, not '" + std::string(word) + "'";
  }
  if (is_already_so(name, value == "on")) return {};
  const std::optional<Feature> feature = find_switchable(name);
  if (!feature) return "has no feature '" + std::string(name) + "'; --cpu help lists them";
  value == "on" ? features.add(*feature) : features.remove(*feature);
  return {};
}

}  // namespace

Result<Cpu> Cpu::parse(std::string_view text) {
  const std::string_view model = text.substr(0, text.find(','));
  Cpu cpu;
  if (model != cpu.model_) {
    const Model* found =
        std::find_if(std::begin(kModels), std::end(kModels), [&](const Model& m) { return m.name == model; });
    if (found == std::end(kModels)) {
      return Error{"knows no model '" + std::string(model) + "'; --cpu help lists those it knows"};
    }
    cpu.model_ = model;
    cpu.midr_ = found->midr;
    cpu.features_ = found->features & kImplemented;
  }
  std::string_view rest = text.substr(model.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find(','));
    if (std::string problem = apply_switch(word, cpu.features_); !problem.empty()) return Error{problem};
    rest.remove_prefix(word.size());
  }
  if (!__builtin_cpu_supports("avx")) cpu.features_.remove(Feature::LSE2);
  if (!cpu.has(Feature::MOPS) || !cpu.has(Feature::MTE)) cpu.features_.remove(Feature::MOPS_MTE);
  return cpu;
}

// Complex numbers of half precision (size 01) need two.
std::optional<Feature> Cpu::lacks(const Row& row, uint32_t word) const {
  const Feature feature = required_feature(row, word);
  if (!has(feature)) return feature;
  const bool complex_half = feature == Feature::FCMA && (word >> 22 & 3) == 1;
  if (complex_half && !has(Feature::FP16)) return Feature::FP16;
  return std::nullopt;
}

uint64_t Cpu::hwcap(unsigned word) const {
  uint64_t caps = 0;
#define CPU_HWCAP(feature, in_word, bit) \
  if ((in_word) == word && has(Feature::feature)) caps |= uint64_t{1} << (bit);
#include "frontend/arm64/cpu_features.def"
  return caps;
}

uint64_t Cpu::id_register(uint32_t reg) const {
  if (reg == kMidr) return midr_;
  if (reg == kMpidr) return uint64_t{1} << 31;
  const auto id = static_cast<IdRegister>(reg);
  return feature_fields(id, *this) | hidden_fields(id);
}

std::string list_cpus() {
  std::string text = "CPUs of AArch64 guests:\n  max           all that ferry implements (default)\n";
  for (const Model& model : kModels) {
    std::string line = "  " + std::string(model.name);
    line.resize(std::max<size_t>(line.size() + 1, 16), ' ');
    text += line + std::string(model.description) + "\n";
  }
  return text + "Features that FEATURE=on or FEATURE=off after a model and a comma changes:\n  " +
         switchable_features() + "\n";
}

}  // namespace ferry::arm64
