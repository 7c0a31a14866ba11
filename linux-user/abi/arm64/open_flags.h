#pragma once

#include <cstdint>

namespace ferry::linux_user::arm64 {

// The O_ flags whose numbers AArch64 has for itself (arch/arm64/include/uapi/asm/fcntl.h).
inline constexpr uint32_t kDirectory = 040000;
inline constexpr uint32_t kNofollow = 0100000;
inline constexpr uint32_t kDirect = 0200000;
inline constexpr uint32_t kLargefile = 0400000;
inline constexpr uint32_t kTmpfile = 020000000 | kDirectory;

}  // namespace ferry::linux_user::arm64
