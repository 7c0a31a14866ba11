#pragma once

#include <memory>

#include "backend/codegen.h"
#include "backend/engine.h"

namespace ferry::backend {

/// The optimizing code generator: whole regions through LLVM, slow to compile, fast to run. LLVM itself is
/// set up by the first compile. compile() may run beside translated code and other threads' baseline
/// compiles; it touches its CodeSpace only at the end.
std::unique_ptr<Codegen> make_llvm_codegen(const EngineOptions& options);

}  // namespace ferry::backend
