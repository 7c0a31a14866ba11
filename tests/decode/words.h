#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "frontend/arm64/decode.h"

namespace ferry::decode_test {

using Random = std::mt19937_64;

/// Random bits where the pattern leaves freedom; its fixed bits and its "not all zeros" rule are kept.
uint32_t random_instance(const frontend::BitPattern& pattern, Random& random);

/// Every field of the row, and every pair of its fields, at its edges (0, 1, max, max-1, single bits), the
/// bits around it once zeros and once random; the bits that the row does not look at count as one more field.
std::vector<uint32_t> edge_words(const arm64::Row& row, Random& random);

/// `count` words that differ from an instance of a row, each row in its turn, in one or two bits: where
/// unallocated encodings lie.
std::vector<uint32_t> near_words(std::size_t count, uint64_t seed);

/// `count` words of 32 random bits.
std::vector<uint32_t> random_words(std::size_t count, uint64_t seed);

/// The number in the environment variable FERRY_DECODE_WORDS, or `fallback`: how many words to compare.
std::size_t word_budget(std::size_t fallback);

}  // namespace ferry::decode_test
