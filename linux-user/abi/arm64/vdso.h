#pragma once

#include "linux-user/abi/abi.h"

namespace ferry::linux_user::arm64_abi_detail {

/// Abi::vdso() for AArch64: the symbols and the version of arch/arm64/kernel/vdso of the kernel.
Vdso vdso();

}  // namespace ferry::linux_user::arm64_abi_detail
