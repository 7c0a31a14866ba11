#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/arm64/decode.h"

namespace ferry::decode_test {

/// What the two decoders say of a word.
struct Verdicts {
  const arm64::Row* row = nullptr;  ///< ferry's; null: unallocated
  std::string_view llvm;            ///< LLVM's text; empty: refused
};

enum class Kind {
  Same,     ///< both refuse the word, or both accept it under one name
  Absent,   ///< LLVM accepts what ferry refuses
  Surplus,  ///< ferry accepts what LLVM refuses
  Renamed,  ///< the names differ
};

Kind kind_of(const Verdicts& verdicts);

/// A line of differences.txt: what the decoders may disagree about.
struct Difference {
  unsigned line = 0;
  Kind kind = Kind::Same;
  frontend::BitPattern pattern;
  std::vector<std::string> equal_fields;  ///< pairs of letters of which one pair's fields must be equal
  std::vector<std::string> names;         ///< Surplus: ferry's rows; otherwise LLVM's mnemonics. Empty: any

  bool covers(uint32_t word, const Verdicts& verdicts) const;
};

/// The file's lines, in their order; a malformed one is put into `error`.
std::vector<Difference> read_differences(const std::string& path, std::string& error);

}  // namespace ferry::decode_test
