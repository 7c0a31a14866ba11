#include "ir/passes/pipeline.h"

#include "ir/passes/passes.h"

namespace ferry::ir {
namespace {

constexpr Pass kPasses[] = {
#define PASS(function, name, baseline, optimizing) {name, &function, baseline, optimizing},
#include "ir/passes/pipeline.def"
#undef PASS
};
static_assert(std::size(kPasses) <= 32, "PipelineOptions::disabled has 32 bits");

std::optional<PipelineError> report(std::string_view stage, const Function& function,
                                    const PipelineOptions& options) {
  if (options.dump != nullptr) options.dump(options.dump_cookie, stage, function);
  if (!options.verify) return std::nullopt;
  auto error = verify(function);
  if (!error) return std::nullopt;
  return PipelineError{stage, std::move(*error)};
}

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

uint32_t pass_bit(std::string_view name) {
  for (unsigned i = 0; i < std::size(kPasses); ++i) {
    if (kPasses[i].name == name) return uint32_t{1} << i;
  }
  return 0;
}

std::optional<PipelineError> run_passes(Function& function, PassContext& context,
                                        const PipelineOptions& options) {
  if (auto error = report("input", function, options)) return error;
  for (unsigned i = 0; i < std::size(kPasses); ++i) {
    const Pass& pass = kPasses[i];
    const bool in_tier = options.tier == PassTier::Baseline ? pass.baseline : pass.optimizing;
    if (!in_tier || (options.disabled >> i & 1) != 0) continue;
    pass.run(function, context);
    if (auto error = report(pass.name, function, options)) return error;
  }
  return std::nullopt;
}

}  // namespace ferry::ir
