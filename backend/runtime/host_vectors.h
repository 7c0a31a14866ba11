#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace ferry::backend {

/// Reads the low bytes, at most 16, of the vector register xmm`number` (0 to 31) as a signal handler's
/// context holds it. Async-signal-safe.
void read_host_vector(const ucontext_t& context, unsigned number, std::span<std::byte> to);

}  // namespace ferry::backend
