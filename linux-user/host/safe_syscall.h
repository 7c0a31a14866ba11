#pragma once

#include <sys/syscall.h>

#include <atomic>
#include <cstdint>

#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// A host system call that may block, made so that a signal that arrives before the kernel sleeps makes it
/// return instead of sleeping on: the stub looks at `*interrupt` right before the system-call instruction,
/// and the host's signal handler calls rewind_safe_syscall(). Answers what the kernel answers, or
/// -kErestartnointr when it did not run (the signal came before the call), or -kErestartsys when the kernel
/// began it and wants it restarted. Host handlers must be installed with SA_RESTART: then the kernel itself
/// tells a call that may be restarted (the pc is back on the instruction: -kErestartsys) from one that may
/// not (-EINTR).
int64_t safe_syscall(const std::atomic<uint32_t>& interrupt, long number, uint64_t a0 = 0, uint64_t a1 = 0,
                     uint64_t a2 = 0, uint64_t a3 = 0, uint64_t a4 = 0, uint64_t a5 = 0);

/// For the host's signal handler: when `context` (a ucontext_t*) was interrupted in safe_syscall before the
/// call was made, makes it return -kErestartnointr; when the kernel wants the call restarted, -kErestartsys.
/// Async-signal-safe.
void rewind_safe_syscall(void* context);

/// For the host's signal handler: whether `context` (a ucontext_t*) was interrupted right behind the
/// system-call instruction of one of the calls here, which is where signals arrive that the call sent or let
/// in. The instruction there raises none. Async-signal-safe.
bool is_behind_system_call(const void* context);

/// A host system call that does not block; answers -errno.
int64_t raw_syscall(long number, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0,
                    uint64_t a4 = 0, uint64_t a5 = 0);

}  // namespace ferry::linux_user
