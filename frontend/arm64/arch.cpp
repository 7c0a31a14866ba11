#include "frontend/arm64/arch.h"

#include <cstring>

#include "frontend/arm64/branch_type.h"
#include "frontend/arm64/decode.h"
#include "frontend/arm64/fp_state.h"
#include "frontend/arm64/helpers.h"
#include "frontend/arm64/helpers_base.h"
#include "frontend/arm64/memory_tags.h"
#include "frontend/arm64/state.h"
#include "frontend/arm64/translator.h"
#include "frontend/common/disassembler.h"

namespace ferry::arm64 {

const ir::StateLayout& Arch::layout() const { return state_layout(); }

std::span<const ir::HelperInfo> Arch::helpers() const { return helper_table(); }

uint64_t Arch::mode(const void* opaque) const {
  const State& state = *static_cast<const State*>(opaque);
  return mode_of_fpcr(state.fpcr) | (state.guards_branches != 0 ? kModeGuardBranches : 0) |
         (state.tags.checks != TagChecks::None ? kModeTagChecks : 0) |
         (state.watches_fpsr != 0 ? kModeExactUnderflow : 0);
}

GuestAddr Arch::code_address(ir::BlockKey key) const {
  return (key.mode & kModeGuardBranches) != 0 ? GuestAddr{key.pc.value & ~kBranchTypeMask} : key.pc;
}

void Arch::translate(ir::BlockKey key, const ir::TranslateLimits& limits, ir::Function& out) const {
  out.clear();
  out.layout = &state_layout();
  out.helpers = helper_table();
  out.pc = key.pc;
  out.mode = key.mode;
  out.nan_rule = ir::NanRule::Arm;
  out.exact_underflow = (key.mode & kModeExactUnderflow) != 0;
  out.precise = limits.precise;
  Translator(cpu_, key, limits, out).translate();
}

void Arch::after_fault(void* state) const { helpers::give_up_exclusive(*static_cast<State*>(state)); }

void Arch::after_fork_child() const { helpers::reset_exclusives(); }

std::string Arch::disassemble(GuestAddr pc, std::span<const std::byte> code) const {
  return frontend::disassemble(frontend::Guest::AArch64, pc.value, code);
}

std::string Arch::why_illegal(std::span<const std::byte> code) const {
  uint32_t word;
  if (code.size() < sizeof word) return {};
  std::memcpy(&word, code.data(), sizeof word);
  const Row* row = decode(word);
  if (row == nullptr) return {};
  const std::optional<Feature> feature = cpu_.lacks(*row, word);
  if (!feature) return {};
  const std::string name = feature_name(*feature);
  if (!kImplemented.has(*feature)) return "it needs " + name + ", which ferry does not have";
  return "it needs " + name + ", which the CPU " + std::string(cpu_.model()) + " lacks (see --cpu)";
}

}  // namespace ferry::arm64
