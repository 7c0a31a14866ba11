#pragma once

#include "frontend/arm64/helper_types.h"

namespace ferry::arm64::helpers {

// The calls of vdso_calls.def, as vdso_call.h describes them. As in the kernel's vDSO a bad pointer is a
// fault.
#define VDSO_CALL(name, number) void vdso_##name(State* state);
#include "frontend/arm64/vdso_calls.def"

}  // namespace ferry::arm64::helpers
