#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ferry::decode_test {

/// Whether the tests were configured with an llvm-mc.
bool have_llvm_mc();

/// What llvm-mc says of each word: the disassembly, e.g. "add x0, x1, x2", or an empty string where it finds
/// no instruction of the features that a64.def names. One process disassembles all words.
std::vector<std::string> llvm_disassemble(std::span<const uint32_t> words);

}  // namespace ferry::decode_test
