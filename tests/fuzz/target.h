// What a fuzz target provides; one per program. libFuzzer calls the first function with inputs of its own
// making (FERRY_FUZZ=ON), smoke_main.cpp with the seeds and random changes of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

/// One input. Returns 0; ends the process on a mistake.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace ferry::fuzz {

using Random = std::mt19937_64;
using Input = std::vector<uint8_t>;

/// Inputs that the target gets far with, to start from; the same ones at every call.
std::vector<Input> seeds();

/// Ends the process with one line (and `details`, where it helps) unless `holds`.
inline void require(bool holds, const char* what, const std::string& details = {}) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: not so: %s\n%s\n", what, details.c_str());
  std::abort();
}

}  // namespace ferry::fuzz
