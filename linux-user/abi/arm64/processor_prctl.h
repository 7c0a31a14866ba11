#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/state.h"
#include "linux-user/guest_task.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user::arm64_abi_detail {

/// New random keys, all enabled: what execve(2) gives a program (arch/arm64/kernel/pointer_auth.c,
/// ptrauth_thread_init_user). Threads and children inherit them with the other registers.
void start_pointer_keys(ferry::arm64::State& state);

/// Abi::processor_prctl.
std::optional<SysResult> processor_prctl(const ferry::arm64::Cpu& cpu, Task& task, int option,
                                         const std::array<uint64_t, 4>& args);

}  // namespace ferry::linux_user::arm64_abi_detail
