#include "frontend/arm64/fp_state.h"

#include <xmmintrin.h>

namespace ferry::arm64 {
namespace {

constexpr uint32_t kMxcsrFlags = 0x3f;

/// MXCSR's flags and FPSR's, pairwise: invalid, division by zero, overflow, underflow, precision. (Denormal
/// operand has no counterpart: FPSR.IDC is about flushing, which only the helpers do.)
constexpr struct {
  uint32_t mxcsr;
  uint32_t fpsr;
} kFlagPairs[] = {
    {1u << 0, 1u << 0}, {1u << 2, 1u << 1}, {1u << 3, 1u << 2}, {1u << 4, 1u << 3}, {1u << 5, 1u << 4}};

}  // namespace

uint32_t mxcsr_for_fpcr(uint32_t fpcr) {
  constexpr uint32_t kAllMasked = 0x1f80;
  // FPCR.RMode: nearest, +inf, -inf, zero. MXCSR.RC: nearest, -inf, +inf, zero.
  constexpr uint32_t kRounding[] = {0, 2, 1, 3};
  return kAllMasked | kRounding[fpcr >> 22 & 3] << 13;
}

uint32_t fpsr_from_mxcsr(uint32_t mxcsr) {
  uint32_t fpsr = 0;
  for (const auto& pair : kFlagPairs) fpsr |= (mxcsr & pair.mxcsr) != 0 ? pair.fpsr : 0;
  return fpsr;
}

uint32_t read_fpsr(const State& state) {
  return state.fpsr | state.fpsr_qc() | fpsr_from_mxcsr(_mm_getcsr());
}

void write_fpsr(State& state, uint32_t value) {
  state.fpsr = value & kFpsrMask & ~State::kFpsrQc;
  state.set_fpsr_qc(value);
  _mm_setcsr(_mm_getcsr() & ~kMxcsrFlags);
}

void write_fpcr(State& state, uint32_t value) {
  state.fpcr = value & kFpcrMask;
  _mm_setcsr(mxcsr_for_fpcr(state.fpcr) | (_mm_getcsr() & kMxcsrFlags));
}

}  // namespace ferry::arm64
