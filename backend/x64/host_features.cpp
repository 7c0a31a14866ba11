#include "backend/x64/host_features.h"

namespace ferry::backend::x64 {

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
