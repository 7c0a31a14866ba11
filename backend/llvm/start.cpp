#include "backend/llvm/start.h"

#include <mutex>
#include <span>

#include "ir/support/populate.h"

namespace {
using Initializer = void (*)(int argc, char** argv, char** envp);
}  // namespace

// The linker defines these where cmake/static_image/llvm_apart.ld is in use.
extern "C" {
extern const Initializer __start_ferry_llvm_initializers[] __attribute__((weak));
extern const Initializer __stop_ferry_llvm_initializers[] __attribute__((weak));
extern const char __start_ferry_llvm_code[] __attribute__((weak));
extern const char __stop_ferry_llvm_code[] __attribute__((weak));
extern const char __start_ferry_llvm_constants[] __attribute__((weak));
extern const char __stop_ferry_llvm_constants[] __attribute__((weak));
}

namespace ferry::backend::llvm_tier {

namespace {

// LLVM's first compile touches a thousand pages: half of its time went into those page faults.
void warm() {
  constexpr size_t kHeapBytes = size_t{3} << 20;
  if (__start_ferry_llvm_code != nullptr) {
    support::populate_read(__start_ferry_llvm_code, __stop_ferry_llvm_code);
    support::populate_read(__start_ferry_llvm_constants, __stop_ferry_llvm_constants);
  }
  support::populate_heap(kHeapBytes);
}

}  // namespace

void start_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    warm();
    for (const Initializer* run = __start_ferry_llvm_initializers; run != __stop_ferry_llvm_initializers;
         ++run) {
      (*run)(0, nullptr, nullptr);
    }
  });
}

}  // namespace ferry::backend::llvm_tier
