#pragma once

#include <xmmintrin.h>

#include "frontend/arm64/state.h"
#include "tests/guest/run_abi.h"

namespace ferry::guest_test {

/// The host's MXCSR while guest code runs; restored at the end.
class GuestFpEnvironment {
 public:
  GuestFpEnvironment() : saved_(_mm_getcsr()) {}
  ~GuestFpEnvironment() { _mm_setcsr(saved_); }
  GuestFpEnvironment(const GuestFpEnvironment&) = delete;
  GuestFpEnvironment& operator=(const GuestFpEnvironment&) = delete;

 private:
  unsigned saved_;
};

/// To be called with a GuestFpEnvironment in force. All tags are allowed and no access is checked.
void load_state(const GuestCpu& cpu, arm64::MemoryTags& tags, arm64::State& state);
void save_state(const arm64::State& state, GuestCpu& cpu);

}  // namespace ferry::guest_test
