#pragma once

#include <cstdint>

#include "frontend/arm64/state.h"

namespace ferry::arm64 {

// FPCR and FPSR of a guest thread are kept in two places: State, and the MXCSR of the host thread that runs
// it (rounding mode, and the cumulative flags that host instructions raised). The functions below, called on
// that thread with the guest's MXCSR in force, see both.

/// FPCR bits that a guest can set (Arm ARM C5.2.8): AHP, DN, FZ, RMode, and FZ16.
inline constexpr uint32_t kFpcrMask = 0x07c80000;
/// FPSR bits: QC, IDC, IXC, UFC, OFC, DZC, IOC.
inline constexpr uint32_t kFpsrMask = 0x0800009f;

/// FPSR, the flags still in MXCSR included.
uint32_t read_fpsr(const State& state);
/// Sets FPSR; MXCSR's flags become clear.
void write_fpsr(State& state, uint32_t value);
/// Sets FPCR and MXCSR's rounding mode. The caller must run code of the block-key mode that it selects from
/// then on.
void write_fpcr(State& state, uint32_t value);

/// The MXCSR that guest code runs with under `fpcr`: rounding mode, all exceptions masked, no flags.
uint32_t mxcsr_for_fpcr(uint32_t fpcr);
/// The FPSR flags that stand for MXCSR's.
uint32_t fpsr_from_mxcsr(uint32_t mxcsr);

/// The block key's mode bit that says that FPCR asks for arithmetic that the host's FPU does not do (FZ, DN,
/// AHP, FZ16).
inline constexpr uint64_t kModeExactFp = 1;
/// The block key's mode bit that says that FPSR.UFC must be exact: State::watches_fpsr (ADR 12).
inline constexpr uint64_t kModeExactUnderflow = 8;
constexpr uint64_t mode_of_fpcr(uint32_t fpcr) { return (fpcr & 0x07080000) != 0 ? kModeExactFp : 0; }

}  // namespace ferry::arm64
