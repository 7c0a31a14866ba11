#include "backend/runtime/source.h"

#include <cstdio>
#include <string>

#include "ir/print.h"
#include "ir/verify.h"

namespace ferry::backend {

namespace {

constexpr uint32_t kRegionBlocks = 256;
constexpr uint32_t kInlinedInsts = 48;

void print_stage(std::string_view stage, const ir::Function& function) {
  const std::string text = ir::print(function);
  std::fprintf(stderr, "-- %.*s\n%s", static_cast<int>(stage.size()), stage.data(), text.c_str());
}

void report(std::string_view stage, const ir::VerifyError& error, const ir::Function& function) {
  std::fprintf(stderr, "ferry: internal error: invalid IR for guest code at 0x%llx after %.*s: %s\n",
               static_cast<unsigned long long>(function.pc.value), static_cast<int>(stage.size()),
               stage.data(), error.message.c_str());
}

}  // namespace

CaughtFault take_fault(CpuImpl& cpu) {
  const RuntimeArea& area = cpu.area();
  return {static_cast<int>(area.fault_signal), static_cast<int>(area.fault_code), area.fault_address,
          area.fault_write};
}

bool Source::dumps(std::string_view stage) const {
  const std::string_view list = options_.dump;
  for (size_t from = 0; from <= list.size();) {
    const size_t to = std::min(list.find(',', from), list.size());
    if (list.substr(from, to - from) == stage) return true;
    from = to + 1;
  }
  return false;
}

ir::TranslateLimits Source::block_limits() const {
  ir::TranslateLimits limits;
  limits.max_insts = options_.max_block_insts;
  limits.code = &access_;
  return limits;
}

ir::TranslateLimits Source::region_limits(bool precise, const ir::CodeView& code) const {
  ir::TranslateLimits limits;
  limits.max_insts = options_.region_insts;
  limits.max_blocks = kRegionBlocks;
  limits.max_inlined_insts = options_.inline_calls ? kInlinedInsts : 0;
  limits.precise = precise;
  limits.code = &code;
  return limits;
}

CaughtFault Source::translate(CpuImpl& cpu, ir::BlockKey key, const ir::TranslateLimits& limits,
                              ir::Function& out) const {
  const GuestAddr code = arch_.code_address(key);
  if (!may_execute(code))
    return {SIGSEGV, options_.access->mapped(code) ? SEGV_ACCERR : SEGV_MAPERR, code.value};
  if (CaughtFault fault = run_guarded(cpu, [&] { arch_.translate(key, limits, out); })) return fault;
  out.exact_underflow &= options_.exact_underflow;
  if (dumps("ir")) print_stage("ir", out);
  return {};
}

bool Source::optimize(ir::Function& function, ir::PassTier tier, ir::PassContext& passes) const {
  ir::PipelineOptions pipeline;
  pipeline.tier = tier;
  pipeline.verify |= options_.verify;
  if (!options_.optimize) {
    if (!pipeline.verify) return true;
    const auto error = ir::verify(function);
    if (error) report("input", *error, function);
    return !error;
  }
  if (const auto error = ir::run_passes(function, passes, pipeline)) {
    report(error->stage, error->error, function);
    return false;
  }
  if (dumps("opt")) print_stage("opt", function);
  return true;
}

void Source::dump_code(const CodeImage& image, const PlacedCode& placed) const {
  if (!options_.list_host_code || !dumps("asm")) return;
  const std::string text =
      options_.list_host_code(placed.code, reinterpret_cast<uintptr_t>(placed.code.data()));
  std::fprintf(stderr, "-- asm (%s) of guest code at 0x%llx\n%s",
               image.tier == Tier::Llvm ? "llvm" : "baseline",
               static_cast<unsigned long long>(image.key.pc.value), text.c_str());
}

}  // namespace ferry::backend
