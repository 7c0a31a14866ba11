#pragma once

#include "linux-user/loader/stack.h"

namespace ferry::linux_user {

/// Tells the host's kernel where the guest's arguments and environment lie, so that ps, pgrep -f and
/// /proc/PID/cmdline show the guest's. Without effect where the kernel does not let it
/// (CONFIG_CHECKPOINT_RESTORE).
void show_to_kernel(const StackLayout& layout);

}  // namespace ferry::linux_user
