#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "frontend/arm64/decode.h"

extern "C" {
#include "tests/diff/case.h"
}

namespace ferry::diff {

/// Draws random instruction sequences and operands from the decoder's table.
class Generator {
 public:
  /// Draws from the rows given, all alike.
  Generator(std::vector<const arm64::Row*> rows, uint64_t seed);
  /// A case of 1 to `max_words` instructions.
  DiffCase next(unsigned max_words);

 private:
  uint64_t random() { return engine_(); }
  unsigned below(unsigned bound) { return static_cast<unsigned>(random() % bound); }
  bool one_in(unsigned n) { return below(n) == 0; }
  uint32_t word_of(const arm64::Row& row, bool last);
  uint32_t random_word(const arm64::Row& row, bool memory);
  uint64_t integer();
  uint64_t lanes(unsigned width, const std::vector<uint64_t>& special);
  void fill_vector(uint64_t* halves);
  uint64_t fpcr();

  std::vector<const arm64::Row*> rows_;
  std::mt19937_64 engine_;
};

/// Whether the row reads or writes memory through a base register.
bool is_memory(const arm64::Row& row);

}  // namespace ferry::diff
