#include "backend/llvm/start.h"

#include <mutex>
#include <span>

namespace {
using Initializer = void (*)(int argc, char** argv, char** envp);
}  // namespace

// The linker defines these where cmake/static_image/llvm_apart.ld is in use.
extern "C" {
extern const Initializer __start_ferry_llvm_initializers[] __attribute__((weak));
extern const Initializer __stop_ferry_llvm_initializers[] __attribute__((weak));
}

namespace ferry::backend::llvm_tier {

void start_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const Initializer* run = __start_ferry_llvm_initializers; run != __stop_ferry_llvm_initializers;
         ++run) {
      (*run)(0, nullptr, nullptr);
    }
  });
}

}  // namespace ferry::backend::llvm_tier
