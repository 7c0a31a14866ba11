#pragma once

#include <span>

#include "linux-user/abi/syscall_table.h"

namespace ferry::linux_user {

/// AArch64's system calls, sorted by number: the rows of syscalls_*.def.
std::span<const SyscallRow> arm64_syscalls();
/// The row of a number, or nullptr.
const SyscallRow* find_arm64_syscall(uint64_t number);

}  // namespace ferry::linux_user
