#include "frontend/arm64/helpers_base.h"

#include <immintrin.h>
#include <sched.h>
#include <sys/random.h>

#include <array>
#include <atomic>
#include <ctime>

#include "frontend/arm64/fp_state.h"
#include "frontend/arm64/guest_access.h"

namespace ferry::arm64::helpers {
namespace {

// ---- exclusives

/// Versions of guest memory, by a hash of the address; an odd one is locked. A load-exclusive reads the
/// version, then memory. A store-exclusive locks the slot by compare-and-swap from that version, swaps memory
/// only if it still holds the loaded value, and leaves the next version: so it fails after any other
/// store-exclusive to the slot, although memory may hold the same value again (ABA). The lock is needed: with
/// versions alone, a thread that is held up between the check and the swap would swap memory that went from A
/// to B and back meanwhile.
///
/// One table per process, for all guest threads; the one piece of shared state that a helper needs, and its
/// reason to be here: helpers get nothing but the CPU's state. Processes that share memory do not share it:
/// there compare-and-swap is all.
struct alignas(64) VersionSlot {
  std::atomic<uint64_t> version{0};
};
constinit VersionSlot version_slots[256];
constexpr uint64_t kLocked = 1;

std::atomic<uint64_t>& version_of(uint64_t address) {
  const uint64_t granule = address >> 4;
  return version_slots[(granule ^ granule >> 8 ^ granule >> 16) & 255].version;
}

uint64_t read_memory(uint64_t address, uint32_t size) {
  const void* p = reinterpret_cast<const void*>(address);
  switch (size) {
    case 0:
      return __atomic_load_n(static_cast<const uint8_t*>(p), __ATOMIC_ACQUIRE);
    case 1:
      return __atomic_load_n(static_cast<const uint16_t*>(p), __ATOMIC_ACQUIRE);
    case 2:
      return __atomic_load_n(static_cast<const uint32_t*>(p), __ATOMIC_ACQUIRE);
    default:
      return __atomic_load_n(static_cast<const uint64_t*>(p), __ATOMIC_ACQUIRE);
  }
}

template <typename T>
bool swap_if_equal(uint64_t address, uint64_t expected, uint64_t desired) {
  T old = static_cast<T>(expected);
  return __atomic_compare_exchange_n(reinterpret_cast<T*>(address), &old, static_cast<T>(desired), false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool swap_if_equal(uint64_t address, uint64_t expected, uint64_t desired, uint32_t size) {
  switch (size) {
    case 0:
      return swap_if_equal<uint8_t>(address, expected, desired);
    case 1:
      return swap_if_equal<uint16_t>(address, expected, desired);
    case 2:
      return swap_if_equal<uint32_t>(address, expected, desired);
    default:
      return swap_if_equal<uint64_t>(address, expected, desired);
  }
}

/// Begins a load-exclusive: the monitor is armed by watch(), after memory was read.
void read_version(State& state, uint64_t address) {
  constexpr unsigned kPatience = 100;
  state.exclusive_address = kNoExclusive;
  const std::atomic<uint64_t>& slot = version_of(address);
  uint64_t version = slot.load(std::memory_order_seq_cst);
  for (unsigned i = 0; (version & kLocked) != 0 && i < kPatience; ++i) {
    _mm_pause();
    version = slot.load(std::memory_order_seq_cst);
  }
  if ((version & kLocked) != 0) sched_yield();  // its owner was interrupted; this store-exclusive will fail
  state.exclusive_version = version & ~kLocked;
}

void watch(State& state, uint64_t address, const Vec& value) {
  state.exclusive_value = value;
  state.exclusive_address = address;
}

/// Whether the monitor watches `address` and no store-exclusive came between; then the slot is locked, which
/// an odd State::exclusive_version says. Otherwise the monitor is disarmed.
bool lock(State& state, uint64_t address) {
  uint64_t version = state.exclusive_version;
  if (state.exclusive_address == address &&
      version_of(address).compare_exchange_strong(version, version | kLocked)) {
    state.exclusive_version |= kLocked;
    return true;
  }
  state.exclusive_address = kNoExclusive;
  return false;
}

void unlock(State& state, bool stored) {
  const uint64_t version = (state.exclusive_version & ~kLocked) + (stored ? 2 : 0);
  version_of(state.exclusive_address).store(version, std::memory_order_release);
  state.exclusive_version = version;
  state.exclusive_address = kNoExclusive;
}

}  // namespace

uint64_t load_exclusive(State* state, uint64_t address, uint32_t size) {
  address = strip_tag(address);
  read_version(*state, address);
  const uint64_t value = read_memory(address, size);
  watch(*state, address, {value, 0});
  return value;
}

void load_exclusive_pair(State* state, uint64_t address, uint32_t size) {
  address = strip_tag(address);
  read_version(*state, address);
  // A pair of doublewords is read atomically only if the store-exclusive succeeds (Arm ARM B2.2.1); it
  // compares both.
  const uint64_t low = read_memory(address, size);
  const uint64_t high = read_memory(address + (uint64_t{1} << size), size);
  watch(*state, address, {low, high});
}

uint32_t store_exclusive(State* state, uint64_t address, uint64_t value, uint32_t size) {
  address = strip_tag(address);
  if (!lock(*state, address)) return 1;
  const bool stored = swap_if_equal(address, state->exclusive_value.lo, value, size);
  unlock(*state, stored);
  return stored ? 0 : 1;
}

uint32_t store_exclusive_pair(State* state, uint64_t address, uint64_t low, uint64_t high, uint32_t size) {
  address = strip_tag(address);
  if (!lock(*state, address)) return 1;
  Vec expected = state->exclusive_value;
  const uint64_t old = (expected.lo & 0xffffffff) | expected.hi << 32;
  const bool stored = size == 3 ? swap_pair_if_equal(address, expected, {low, high})
                                : swap_if_equal<uint64_t>(address, old, (low & 0xffffffff) | high << 32);
  unlock(*state, stored);
  return stored ? 0 : 1;
}

void give_up_exclusive(State& state) {
  if ((state.exclusive_version & kLocked) != 0) unlock(state, false);
}

void reset_exclusives() {
  for (VersionSlot& slot : version_slots) {
    if ((slot.version & kLocked) != 0) ++slot.version;
  }
}

uint64_t counter_nanoseconds(State*) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t random_number(State*) {
  uint64_t number;
  const bool whole = getrandom(&number, sizeof(number), 0) == static_cast<ssize_t>(sizeof(number));
  return whole ? number : 0;
}

uint32_t get_fpsr(State* state) {
  state->watches_fpsr = 1;
  return read_fpsr(*state);
}
void set_fpsr(State* state, uint32_t value) {
  state->watches_fpsr = 1;
  write_fpsr(*state, value);
}
void set_fpcr(State* state, uint32_t value) { write_fpcr(*state, value); }

bool system_call(State* state, uint64_t next_pc) {
  if (state->system_call == nullptr) return false;
  state->pc = next_pc;
  return state->system_call(state);
}

}  // namespace ferry::arm64::helpers
