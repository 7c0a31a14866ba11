#include "tests/decode/words.h"

#include <cstdlib>

namespace ferry::decode_test {
namespace {

uint32_t random_bits(Random& random) { return static_cast<uint32_t>(random()); }

/// `mask`'s bits set to a value that is interesting for a field: edges more often than the middle.
uint32_t interesting_field(uint32_t mask, Random& random) {
  const uint32_t lowest = mask & (~mask + 1);
  switch (random() % 8) {
    case 0:
      return 0;
    case 1:
      return mask;
    case 2:
      return lowest;
    case 3:
      return mask & ~lowest;
    default:
      return random_bits(random) & mask;
  }
}

uint32_t interesting_instance(const arm64::Row& row, Random& random) {
  uint32_t word = random_instance(row, random);
  for (unsigned i = 0; i < row.pattern.field_count; ++i) {
    const uint32_t mask = row.pattern.fields[i].mask();
    word = (word & ~mask) | interesting_field(mask, random);
  }
  return row.pattern.matches(word) ? word : random_instance(row, random);
}

uint32_t flip_one_fixed_bit(const arm64::Row& row, uint32_t word, Random& random) {
  for (;;) {
    const uint32_t bit = uint32_t{1} << (random() % 32);
    if ((row.pattern.mask & bit) != 0) return word ^ bit;
  }
}

}  // namespace

uint32_t random_instance(const arm64::Row& row, Random& random) {
  for (;;) {
    const uint32_t word = (random_bits(random) & ~row.pattern.mask) | row.pattern.value;
    if (row.pattern.matches(word)) return word;
  }
}

std::vector<uint32_t> stratified_words(std::size_t per_row, uint64_t seed) {
  Random random(seed);
  std::vector<uint32_t> words;
  words.reserve(arm64::rows().size() * per_row * 2);
  for (const arm64::Row& row : arm64::rows()) {
    for (std::size_t i = 0; i < per_row; ++i) {
      const uint32_t word = interesting_instance(row, random);
      words.push_back(word);
      words.push_back(flip_one_fixed_bit(row, word, random));
    }
  }
  return words;
}

std::vector<uint32_t> random_words(std::size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) word = random_bits(random);
  return words;
}

std::size_t word_budget(std::size_t fallback) {
  const char* text = std::getenv("FERRY_DECODE_WORDS");
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

}  // namespace ferry::decode_test
