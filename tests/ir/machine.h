#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "tests/ir/ir_engine.h"
#include "tests/ir/toy_guest.h"

namespace ferry::ir_test {

inline constexpr size_t kMemoryBytes = 4096;
/// MXCSR with all exceptions masked, rounding to nearest.
inline constexpr uint32_t kMxcsrStart = 0x1f80;
inline constexpr unsigned kMxcsrRoundingShift = 13;
/// The cumulative exception flags without the denormal-operand one: it has no place in an Arm guest, and back
/// ends leave it as the host's FPU does.
inline constexpr uint32_t kMxcsrFlags = 0x3d;

/// What a run starts from, or ends with.
struct Machine {
  ToyState state;
  std::array<std::byte, kMemoryBytes> memory{};
  uint32_t mxcsr = kMxcsrStart;
  ir::InterpResult left = {.how = ir::Leave::Goto, .target = {0x2000}};
};

/// The address that Machine::memory has while a function runs.
uint64_t guest_memory_address();

/// Runs `function` from what `machine` holds and puts there what is then. Returns the engine's complaint, or
/// nothing.
std::string run_on(IrEngine& engine, const ir::Function& function, Machine& machine);

/// What in `got` is not as in `wanted`, one line each; empty when nothing is. The pc row is left out: after a
/// run it is the engine's business.
std::string difference(const Machine& wanted, const Machine& got, const IrEngine& engine,
                       bool check_fp_flags = true);

}  // namespace ferry::ir_test
