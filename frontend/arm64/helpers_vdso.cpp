#include "frontend/arm64/helpers_vdso.h"

#include <sys/time.h>

#include <cstring>
#include <ctime>

#include "frontend/arm64/guest_access.h"
#include "frontend/arm64/helpers_tags.h"

namespace ferry::arm64::helpers {
namespace {

/// Whether the host's vDSO reads it (lib/vdso/gettimeofday.c, VDSO_ALL); the others need the kernel.
bool is_in_vdso(clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
      return true;
    default:
      return false;
  }
}

clockid_t clock_argument(const State& state) { return static_cast<clockid_t>(state.x[0]); }

void store(const State& state, uint64_t address, int64_t value) {
  (void)checked_length(state, address, sizeof value, true);
  std::memcpy(reinterpret_cast<void*>(strip_tag(address)), &value, sizeof value);
}

/// A struct timespec or timeval.
void store(const State& state, uint64_t address, int64_t seconds, int64_t fraction) {
  store(state, address, seconds);
  store(state, address + sizeof seconds, fraction);
}

void succeed(State& state) {
  state.x[0] = 0;
  state.x[8] = 0;
}

}  // namespace

void vdso_clock_gettime(State* state) {
  timespec now;
  const clockid_t clock = clock_argument(*state);
  if (!is_in_vdso(clock) || ::clock_gettime(clock, &now) != 0) return;
  store(*state, state->x[1], now.tv_sec, now.tv_nsec);
  succeed(*state);
}

void vdso_clock_getres(State* state) {
  timespec resolution;
  const clockid_t clock = clock_argument(*state);
  if (!is_in_vdso(clock) || ::clock_getres(clock, &resolution) != 0) return;
  if (state->x[1] != 0) store(*state, state->x[1], resolution.tv_sec, resolution.tv_nsec);
  succeed(*state);
}

void vdso_gettimeofday(State* state) {
  timeval now;
  // The C library has no time zone to give.
  if (state->x[1] != 0 || ::gettimeofday(&now, nullptr) != 0) return;
  if (state->x[0] != 0) store(*state, state->x[0], now.tv_sec, now.tv_usec);
  succeed(*state);
}

}  // namespace ferry::arm64::helpers
