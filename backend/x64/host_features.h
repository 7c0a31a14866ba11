#pragma once

#include <cstdint>
#include <string>

namespace ferry::backend::x64 {

/// What the host lacks of the floor, which all emitted code takes for granted: SSE4.2, POPCNT and CMPXCHG16B,
/// by name; empty if nothing. `features` is ECX of CPUID leaf 1 (Intel SDM volume 2, CPUID).
std::string missing_of_floor(uint32_t features);
/// CPUID leaf 1, ECX, of this host.
uint32_t floor_features();

/// The instruction sets that the emitter may use beyond its floor.
struct HostFeatures {
  bool avx = false;
  bool fma = false;
  bool bmi1 = false;
  bool bmi2 = false;
  bool lzcnt = false;
  bool f16c = false;
  bool gfni = false;
  bool avx2 = false;
  bool aes = false;
  bool pclmul = false;
  bool sha = false;

  static HostFeatures detect();
};

}  // namespace ferry::backend::x64
