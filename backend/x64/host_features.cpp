#include "backend/x64/host_features.h"

#include <cpuid.h>

namespace ferry::backend::x64 {

std::string missing_of_floor(uint32_t features) {
  constexpr struct {
    uint32_t bit;
    const char* name;
  } kFloor[] = {{bit_SSE4_2, "SSE4.2"}, {bit_POPCNT, "POPCNT"}, {bit_CMPXCHG16B, "CMPXCHG16B"}};
  std::string missing;
  for (const auto& feature : kFloor) {
    if ((features & feature.bit) == 0) missing += (missing.empty() ? "" : ", ") + std::string(feature.name);
  }
  return missing;
}

uint32_t floor_features() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  __get_cpuid(1, &eax, &ebx, &ecx, &edx);
  return ecx;
}

HostFeatures HostFeatures::detect() {
  __builtin_cpu_init();
  return {
      .avx = __builtin_cpu_supports("avx") != 0,
      .fma = __builtin_cpu_supports("fma") != 0,
      .bmi1 = __builtin_cpu_supports("bmi") != 0,
      .bmi2 = __builtin_cpu_supports("bmi2") != 0,
      .lzcnt = __builtin_cpu_supports("lzcnt") != 0,
      .f16c = __builtin_cpu_supports("f16c") != 0,
      .gfni = __builtin_cpu_supports("gfni") != 0,
      .avx2 = __builtin_cpu_supports("avx2") != 0,
      .aes = __builtin_cpu_supports("aes") != 0,
      .pclmul = __builtin_cpu_supports("pclmul") != 0,
      .sha = __builtin_cpu_supports("sha") != 0,
  };
}

}  // namespace ferry::backend::x64
