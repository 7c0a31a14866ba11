#pragma once

#include <array>
#include <string_view>

#include "ir/fp/softfloat.h"
#include "ir/inst.h"

namespace ferry::ir {

// The words of the text form, by enumerator; print.cpp and parse.cpp share them. An empty entry has no word.

/// An op's word: its C++ name without the underscore that keeps clear of a keyword.
constexpr std::string_view text_of(Op op) {
  if (op == Op::konst) return "const";
  std::string_view name = info(op).name;
  if (name.back() == '_') name.remove_suffix(1);
  return name;
}

inline constexpr std::string_view kIntCondText[] = {
#define INT_COND(name, text) text,
#include "ir/enums.def"
};

inline constexpr auto kFloatCondText = [] {
  std::array<std::string_view, 16> words{};
#define FLOAT_COND(name, relations, text) words[relations] = text;
#include "ir/enums.def"
  return words;
}();

inline constexpr std::string_view kAtomicKindText[] = {
#define ATOMIC_KIND(name, text) text,
#include "ir/enums.def"
};

inline constexpr std::string_view kFenceKindText[] = {
#define FENCE_KIND(name, text) text,
#include "ir/enums.def"
};

inline constexpr std::string_view kTrapKindText[] = {
#define TRAP_KIND(name, text) text,
#include "ir/enums.def"
};

/// By fp::Rounding; kRoundCurrent is kRoundCurrentText.
inline constexpr std::string_view kRoundingText[] = {"nearest_even", "toward_plus_inf", "toward_minus_inf",
                                                     "toward_zero",  "nearest_away",    "to_odd"};
static_assert(static_cast<unsigned>(fp::Rounding::ToOdd) + 1 == std::size(kRoundingText));
inline constexpr std::string_view kRoundCurrentText = "current";

inline constexpr std::string_view kHalfText[] = {"low", "high"};

/// True where the op's text carries `.type`: the signature's result does not fix it, or a store's value.
constexpr bool has_type_suffix(Op op) {
  return op == Op::store || (info(op).signature[0] != '-' && info(op).signature[0] != 'b');
}

}  // namespace ferry::ir
