#pragma once

#include <cstdint>
#include <span>

#include "ir/helper.h"

namespace ferry::arm64 {

/// The C functions that translated code calls, in the order of helpers.def.
enum class Helper : ir::HelperId {
#define HELPER(function, effect) function,
#include "frontend/arm64/helpers.def"
  kCount
};

std::span<const ir::HelperInfo> helper_table();

}  // namespace ferry::arm64
