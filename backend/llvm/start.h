#pragma once

namespace ferry::backend::llvm_tier {

/// Runs LLVM's static initializers where the executable has put them off (docs/adr/0001-static-image.md);
/// elsewhere they have run already and this does nothing. Must come before any other use of LLVM.
/// Thread-safe; only the first call works.
void start_llvm();

}  // namespace ferry::backend::llvm_tier
