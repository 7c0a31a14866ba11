#pragma once

#include <string_view>

#include "frontend/arm64/decode.h"

namespace ferry::decode_test {

/// Whether a disassembler may call an instance of `row` by `mnemonic` (lower case): one of the row's names or
/// the manual's alias of one of them ("cmp" for SUBS).
bool is_mnemonic_of(const arm64::Row& row, std::string_view mnemonic);

/// The first word of a disassembly.
std::string_view mnemonic_of(std::string_view disassembly);

}  // namespace ferry::decode_test
