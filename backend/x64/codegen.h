#pragma once

#include <memory>

#include "backend/codegen.h"
#include "backend/engine.h"
#include "backend/x64/host_features.h"

namespace ferry::backend::x64 {

/// The fast one-pass code generator of the baseline tier. It uses chain-independent link slots throughout;
/// of the options it reads `kind` (Auto: counters on loop and call edges), `hot_threshold`, `jump_cache`,
/// `return_stack` and `host_extensions` (without: whatever `features` says, the floor).
std::unique_ptr<Codegen> make_x64_codegen(const EngineOptions& options,
                                          const HostFeatures& features = HostFeatures::detect());

}  // namespace ferry::backend::x64
