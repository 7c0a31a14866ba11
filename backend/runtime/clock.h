#pragma once

#include <time.h>
#include <x86intrin.h>

#include <cstdint>

namespace ferry::backend {

/// What `clock` says, in nanoseconds.
inline uint64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

/// The processor's time stamp counter: what measures a block's translation must cost less than one.
inline uint64_t now_ticks() { return __rdtsc(); }

/// Turns ticks into nanoseconds by what passed of both since it was made.
class TickClock {
 public:
  uint64_t nanoseconds(uint64_t ticks) const {
    const auto passed = static_cast<double>(now_ticks() - start_ticks_);
    return passed <= 0 ? 0
                       : static_cast<uint64_t>(static_cast<double>(ticks) *
                                               static_cast<double>(now_ns() - start_ns_) / passed);
  }

 private:
  uint64_t start_ticks_ = now_ticks();
  uint64_t start_ns_ = now_ns();
};

}  // namespace ferry::backend
