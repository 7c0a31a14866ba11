#pragma once

namespace ferry::backend::x64 {

/// The instruction sets that the emitter may use beyond its floor, SSE4.2 with POPCNT.
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
