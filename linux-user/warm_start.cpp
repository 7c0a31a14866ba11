#include "linux-user/warm_start.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "ir/support/bits.h"
#include "ir/support/populate.h"

extern "C" {
extern char _start[];
/// Where LLVM's code begins, behind ours (cmake/static_image/llvm_apart.ld).
extern char __start_ferry_llvm_code[] __attribute__((weak));
}

namespace ferry::linux_user {

namespace {

constexpr uint64_t kPage = 4096;
constexpr int kHeapBytes = 448 * 1024;  ///< of a static hello world
constexpr int kLargeBlock = 4 << 20;

void warm_code() {
  if (__start_ferry_llvm_code == nullptr) return;
  const uint64_t begin = support::align_down(reinterpret_cast<uint64_t>(_start), kPage);
  const uint64_t end = reinterpret_cast<uint64_t>(__start_ferry_llvm_code);
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ);
}

/// The heap grows by a block that is populated and given back to it at once.
void warm_heap() {
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kLargeBlock);
  void* block = std::malloc(kHeapBytes);
  if (block == nullptr) return;
  support::populate(block, kHeapBytes);
  std::free(block);
}

}  // namespace

void warm_start() {
  warm_code();
  warm_heap();
}

}  // namespace ferry::linux_user
