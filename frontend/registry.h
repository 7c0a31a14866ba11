#pragma once

#include <string_view>

#include "ir/guest_arch.h"

namespace ferry::frontend {

/// The guest architecture called `name` as `uname -m` says it ("aarch64"), or nullptr.
const ir::GuestArch* find_guest(std::string_view name);

}  // namespace ferry::frontend
