#include "frontend/arm64/arch.h"

#include "frontend/arm64/fp_state.h"
#include "frontend/arm64/helpers.h"
#include "frontend/arm64/helpers_base.h"
#include "frontend/arm64/state.h"
#include "frontend/arm64/translator.h"
#include "frontend/common/disassembler.h"

namespace ferry::arm64 {

const ir::StateLayout& Arch::layout() const { return state_layout(); }

std::span<const ir::HelperInfo> Arch::helpers() const { return helper_table(); }

uint64_t Arch::mode(const void* state) const { return mode_of_fpcr(static_cast<const State*>(state)->fpcr); }

void Arch::translate(ir::BlockKey key, const ir::TranslateLimits& limits, ir::Function& out) const {
  out.clear();
  out.layout = &state_layout();
  out.helpers = helper_table();
  out.pc = key.pc;
  out.mode = key.mode;
  out.nan_rule = ir::NanRule::Arm;
  out.precise = limits.precise;
  Translator(key, limits, out).translate();
}

void Arch::after_fault(void* state) const { helpers::give_up_exclusive(*static_cast<State*>(state)); }

void Arch::after_fork_child() const { helpers::reset_exclusives(); }

std::string Arch::disassemble(GuestAddr pc, std::span<const std::byte> code) const {
  return frontend::disassemble(frontend::Guest::AArch64, pc.value, code);
}

}  // namespace ferry::arm64
