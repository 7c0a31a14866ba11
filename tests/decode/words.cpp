#include "tests/decode/words.h"

#include <cstdlib>

namespace ferry::decode_test {
namespace {

uint32_t random_bits(Random& random) { return static_cast<uint32_t>(random()); }

uint32_t random_bit(Random& random) { return uint32_t{1} << (random() % 32); }

/// The masks of the row's fields, and that of the bits that belong to none.
std::vector<uint32_t> field_masks(const arm64::Row& row) {
  std::vector<uint32_t> masks;
  uint32_t rest = ~row.pattern.mask;
  for (unsigned i = 0; i < row.pattern.field_count; ++i) {
    masks.push_back(row.pattern.fields[i].mask());
    rest &= ~masks.back();
  }
  if (rest != 0) masks.push_back(rest);
  return masks;
}

/// The edges of a field, in their place: 0, max, max-1, and single bits (1 among them).
std::vector<uint32_t> edges(uint32_t mask) {
  const uint32_t lowest = mask & (~mask + 1);
  std::vector<uint32_t> values = {0, mask, mask & ~lowest};
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) values.push_back(rest & (~rest + 1));
  return values;
}

}  // namespace

uint32_t random_instance(const frontend::BitPattern& pattern, Random& random) {
  for (;;) {
    const uint32_t word = (random_bits(random) & ~pattern.mask) | pattern.value;
    if (pattern.matches(word)) return word;
  }
}

std::vector<uint32_t> edge_words(const arm64::Row& row, Random& random) {
  std::vector<uint32_t> words;
  const auto add = [&](uint32_t mask, uint32_t bits) {
    words.push_back(row.pattern.value | bits);
    words.push_back((random_instance(row.pattern, random) & ~mask) | bits);
  };
  const std::vector<uint32_t> masks = field_masks(row);
  if (masks.empty()) add(0, 0);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    for (const uint32_t first : edges(masks[i])) {
      add(masks[i], first);
      for (std::size_t k = 0; k < i; ++k) {
        for (const uint32_t second : edges(masks[k])) add(masks[i] | masks[k], first | second);
      }
    }
  }
  return words;
}

std::vector<uint32_t> near_words(std::size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<uint32_t> words(count);
  std::size_t row = 0;
  for (uint32_t& word : words) {
    word = random_instance(arm64::rows()[row].pattern, random) ^ random_bit(random);
    if (random() % 2 == 0) word ^= random_bit(random);
    row = (row + 1) % arm64::rows().size();
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
