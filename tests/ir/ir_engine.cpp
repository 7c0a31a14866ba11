#include "tests/ir/ir_engine.h"

#include <xmmintrin.h>

#include <string>
#include <utility>

#include "backend/engine.h"
#include "backend/x64/codegen.h"
#include "ir/passes/passes.h"
#include "ir/passes/pipeline.h"
#include "tests/ir/code_engine.h"

namespace ferry::ir_test {
namespace {

using support::Error;
using support::Result;

/// The interpreter, after the passes that `options` leaves.
class InterpEngine : public IrEngine {
 public:
  InterpEngine(std::string name, const ir::PipelineOptions& options)
      : name_(std::move(name)), options_(options) {
    options_.verify = true;
  }

  std::string_view name() const override { return name_; }
  bool tells_calls() const override { return true; }

  Result<ir::InterpResult> run(const ir::Function& function, void* state, uint32_t& mxcsr) override {
    ir::Function copy = function;
    if (auto error = ir::run_passes(copy, passes_, options_)) {
      return Error{std::string(error->stage) + ": " + error->error.message};
    }
    const uint32_t host_mxcsr = _mm_getcsr();
    _mm_setcsr(mxcsr);
    const ir::InterpResult result = ir::run(copy, state, interp_);
    mxcsr = _mm_getcsr();
    _mm_setcsr(host_mxcsr);
    return result;
  }

 private:
  std::string name_;
  ir::PipelineOptions options_;
  ir::PassContext passes_;
  ir::InterpContext interp_;
};

constexpr uint32_t kAllPasses = ~uint32_t{0};

}  // namespace

std::vector<std::unique_ptr<IrEngine>> make_engines() {
  using ir::PassTier;
  std::vector<std::unique_ptr<IrEngine>> engines;
  const auto add = [&](std::string name, PassTier tier, uint32_t disabled) {
    ir::PipelineOptions options;
    options.tier = tier;
    options.disabled = disabled;
    engines.push_back(std::make_unique<InterpEngine>(std::move(name), options));
  };
  add("interp", PassTier::Baseline, kAllPasses);
  add("interp after the baseline's passes", PassTier::Baseline, 0);
  add("interp after the optimizer's passes", PassTier::Optimizing, 0);
  for (const ir::Pass& pass : ir::all_passes()) {
    add("interp after " + std::string(pass.name), PassTier::Optimizing,
        kAllPasses & ~ir::pass_bit(pass.name));
  }
  const auto options = [](PassTier tier, uint32_t disabled) {
    ir::PipelineOptions out;
    out.tier = tier;
    out.disabled = disabled;
    return out;
  };
  backend::EngineOptions engine;
  const auto add_baseline = [&](std::string name, const ir::PipelineOptions& passes,
                                const backend::x64::HostFeatures& host) {
    engines.push_back(
        make_code_engine(std::move(name), backend::x64::make_x64_codegen(engine, host), passes));
  };
  add_baseline("x64", options(PassTier::Baseline, kAllPasses), backend::x64::HostFeatures::detect());
  add_baseline("x64 after the passes", options(PassTier::Baseline, 0), backend::x64::HostFeatures::detect());
  add_baseline("x64 on the oldest host", options(PassTier::Baseline, 0), {});
#ifdef FERRY_LLVM
  engine.verify = true;
  engines.push_back(make_code_engine("llvm", backend::make_llvm_codegen(engine),
                                     options(PassTier::Optimizing, kAllPasses)));
  engines.push_back(make_code_engine("llvm after the passes", backend::make_llvm_codegen(engine),
                                     options(PassTier::Optimizing, 0)));
#endif
  return engines;
}

}  // namespace ferry::ir_test
