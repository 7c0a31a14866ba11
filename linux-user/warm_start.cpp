#include "linux-user/warm_start.h"

#include <malloc.h>

#include <cstddef>

#include "ir/support/populate.h"

extern "C" {
extern const char image_entry[] asm("_start");
/// Where LLVM's code begins, behind ours (cmake/static_image/llvm_apart.ld).
extern const char ferry_llvm_code_begin[] __attribute__((weak));
}

namespace ferry::linux_user {

namespace {

constexpr size_t kHeapBytes = 448 * 1024;  ///< of a static hello world

/// Blocks up to here come from the heap, and stay there when they are freed: what was populated is used
/// again.
constexpr int kLargeBlock = 4 << 20;

}  // namespace

void warm_start() {
  if (ferry_llvm_code_begin != nullptr) support::populate_read(image_entry, ferry_llvm_code_begin);
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kLargeBlock);
  support::populate_heap(kHeapBytes);
}

}  // namespace ferry::linux_user
