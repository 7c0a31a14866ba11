#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "linux-user/abi/abi.h"

namespace ferry::linux_user::arm64_abi_detail {

// What Abi's functions of these names do, for AArch64 (arch/arm64/kernel/signal.c of the kernel).

[[nodiscard]] bool push_signal_frame(Task& task, const SignalDelivery& delivery);
[[nodiscard]] bool signal_frame_mask(const Task& task, uint64_t& mask);
[[nodiscard]] bool pop_signal_frame(Task& task, uint64_t& mask);

/// AT_MINSIGSTKSZ: the frame, the frame record above it and alignment.
uint64_t min_signal_stack();
/// arch/arm64/include/uapi/asm/signal.h's MINSIGSTKSZ.
inline constexpr uint64_t kMinAlternateStack = 5120;

}  // namespace ferry::linux_user::arm64_abi_detail
