#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "frontend/arm64/decode.h"

namespace ferry::decode_test {

using Random = std::mt19937_64;

/// Random bits where the row leaves freedom; its fixed bits and its "not all zeros" rule are kept.
uint32_t random_instance(const arm64::Row& row, Random& random);

/// `per_row` words of every row: fields at their edges (all zeros, all ones, one, random), and as many with
/// one fixed bit of the row flipped, which is where unallocated encodings lie.
std::vector<uint32_t> stratified_words(std::size_t per_row, uint64_t seed);

/// `count` words of 32 random bits.
std::vector<uint32_t> random_words(std::size_t count, uint64_t seed);

/// The number in the environment variable FERRY_DECODE_WORDS, or `fallback`: how many words to compare.
std::size_t word_budget(std::size_t fallback);

}  // namespace ferry::decode_test
