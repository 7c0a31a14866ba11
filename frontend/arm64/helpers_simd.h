#pragma once

#include "frontend/arm64/helper_types.h"

namespace ferry::arm64::helpers {

}  // namespace ferry::arm64::helpers
