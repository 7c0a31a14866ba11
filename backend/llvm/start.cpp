#include "backend/llvm/start.h"

#include <mutex>
#include <span>

#include "ir/support/populate.h"

namespace {
using Initializer = void (*)(int argc, char** argv, char** envp);
}  // namespace

// The linker defines these where cmake/static_image/llvm_apart.ld is in use.
extern "C" {
extern const Initializer ferry_llvm_initializers_begin[] __attribute__((weak));
extern const Initializer ferry_llvm_initializers_end[] __attribute__((weak));
extern const char ferry_llvm_code_begin[] __attribute__((weak));
extern const char ferry_llvm_code_end[] __attribute__((weak));
extern const char ferry_llvm_constants_begin[] __attribute__((weak));
extern const char ferry_llvm_constants_end[] __attribute__((weak));
}

namespace ferry::backend::llvm_tier {

namespace {

// LLVM's first compile touches a thousand pages: half of its time went into those page faults.
void warm() {
  constexpr size_t kHeapBytes = size_t{3} << 20;
  if (ferry_llvm_code_begin != nullptr) {
    support::populate_read(ferry_llvm_code_begin, ferry_llvm_code_end);
    support::populate_read(ferry_llvm_constants_begin, ferry_llvm_constants_end);
  }
  support::populate_heap(kHeapBytes);
}

}  // namespace

void start_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    warm();
    for (const Initializer* run = ferry_llvm_initializers_begin; run != ferry_llvm_initializers_end; ++run) {
      (*run)(0, nullptr, nullptr);
    }
  });
}

}  // namespace ferry::backend::llvm_tier
