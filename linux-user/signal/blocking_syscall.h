#pragma once

#include <cstdint>

namespace ferry::linux_user {

struct Task;

// safe_syscall() for calls of the guest's. Signals that the guest blocks or ignores do not cut them short,
// and those that look for blocked ones find them: kHostFaults included, which the host's kernel knows as
// neither.

/// For calls that may block: made again when such a signal came meanwhile.
int64_t blocking_syscall(Task& task, long number, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0,
                         uint64_t a3 = 0, uint64_t a4 = 0, uint64_t a5 = 0);

/// For calls that wait for a time that begins with them, and so cannot be made again; slower where the guest
/// blocks or ignores one of kHostFaults.
int64_t waiting_syscall(Task& task, long number, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0,
                        uint64_t a3 = 0, uint64_t a4 = 0, uint64_t a5 = 0);

}  // namespace ferry::linux_user
