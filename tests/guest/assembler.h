#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ferry::guest_test {

/// Assembles A64 source texts (instructions separated by ';') with one run of llvm-mc. Returns each text's
/// words; on a failure nothing, and what llvm-mc said in `error`.
std::vector<std::vector<uint32_t>> assemble(const std::vector<std::string>& texts, std::string& error);

}  // namespace ferry::guest_test
