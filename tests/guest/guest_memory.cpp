#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/guest/runner.h"

namespace ferry::guest_test {
namespace {

void map_at(uint64_t address, std::size_t size) {
  void* wanted = reinterpret_cast<void*>(address);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  if (mmap(wanted, size, PROT_READ | PROT_WRITE, kFlags, -1, 0) == wanted) return;
  std::fprintf(stderr, "cannot map the guest's memory at %#llx\n", static_cast<unsigned long long>(address));
  std::exit(1);
}

}  // namespace

GuestMemory::GuestMemory() : tags_([] {}) {
  map_at(GUEST_DATA_BASE, GUEST_DATA_SIZE);
  map_at(GUEST_CODE_BASE, GUEST_CODE_SIZE);
}

GuestMemory::~GuestMemory() {
  munmap(reinterpret_cast<void*>(uint64_t{GUEST_DATA_BASE}), GUEST_DATA_SIZE);
  munmap(reinterpret_cast<void*>(uint64_t{GUEST_CODE_BASE}), GUEST_CODE_SIZE);
}

void GuestMemory::load(const GuestRun& run) {
  auto* code = reinterpret_cast<uint32_t*>(uint64_t{GUEST_CODE_BASE});
  for (unsigned i = 0; i < GUEST_CODE_SIZE / 4; ++i) code[i] = GUEST_BRK;
  std::memcpy(reinterpret_cast<void*>(run.cpu.pc), run.words, run.word_count * 4);
  std::memcpy(reinterpret_cast<void*>(uint64_t{GUEST_DATA_BASE}), run.memory, sizeof(run.memory));
  constexpr GuestAddr kData{GUEST_DATA_BASE};
  if (!tags_.reset(kData, kData + GUEST_DATA_SIZE, true)) std::abort();
}

void GuestMemory::save(GuestRun& run) const {
  std::memcpy(run.memory, reinterpret_cast<const void*>(uint64_t{GUEST_DATA_BASE}), sizeof(run.memory));
}

}  // namespace ferry::guest_test
