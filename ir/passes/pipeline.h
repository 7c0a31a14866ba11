#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ir/passes/pass_context.h"
#include "ir/verify.h"

namespace ferry::ir {

/// Which tier's list of passes: quick ones for code that may run once, more for code that is hot.
enum class PassTier : uint8_t { Baseline, Optimizing };

/// One row of pipeline.def.
struct Pass {
  std::string_view name;
  void (*run)(Function& function, PassContext& context);
  bool baseline;
  bool optimizing;
};

/// All passes in the order in which they run. A pass's index here is its bit in PipelineOptions::disabled.
std::span<const Pass> all_passes();

/// The bit of the pass called `name`, or 0 when there is none.
uint32_t pass_bit(std::string_view name);

struct PipelineOptions {
  PassTier tier = PassTier::Baseline;
  uint32_t disabled = 0;  ///< pass_bit()s of passes that are left out
#ifdef FERRY_CHECKED
  bool verify = true;  ///< verify the function before the first and after every pass
#else
  bool verify = false;
#endif
  /// Where not null, called with `dump_cookie` after every pass ("input" before the first).
  void (*dump)(void* dump_cookie, std::string_view stage, const Function& function) = nullptr;
  void* dump_cookie = nullptr;
};

/// What the verifier found: a mistake of the front end ("input") or of the pass named.
struct PipelineError {
  std::string_view stage;
  VerifyError error;
};

/// Runs the tier's passes on `function`. Nothing is returned unless options.verify found an error; the
/// function is then not to be compiled.
std::optional<PipelineError> run_passes(Function& function, PassContext& context,
                                        const PipelineOptions& options);

}  // namespace ferry::ir
