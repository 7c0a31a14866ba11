#pragma once

#include <span>
#include <string_view>

#include "ir/function.h"
#include "ir/support/result.h"

namespace ferry::ir {

/// What the names in a text may refer to; must outlive the function.
struct ParseNames {
  std::span<const StateLayout* const> layouts;
  std::span<const HelperInfo> helpers;
};

/// Reads one function in the form that print() writes; `#` starts a comment. Value numbers in the text are
/// labels: values are numbered by position. The result is not verified: call verify(). Errors begin with
/// "line N: ", counted from `first_line`. Any text is safe; memory is bounded by a small multiple of the
/// text's size.
support::Result<Function> parse(std::string_view text, const ParseNames& names, unsigned first_line = 1);

}  // namespace ferry::ir
