#pragma once

#include <string>

#include "backend/engine.h"

namespace ferry::backend {

/// All that code made from the same guest code depends on: this build of ferry, the host's instruction sets,
/// and the options. Empty if this build cannot be told from others.
std::string configuration(const EngineOptions& options);

}  // namespace ferry::backend
