#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace ferry::frontend {

/// A named part of an instruction word: up to four runs of bits, joined from left to right.
struct BitField {
  struct Run {
    uint8_t lsb = 0;
    uint8_t width = 0;
  };
  char letter = 0;
  uint8_t run_count = 0;
  std::array<Run, 4> runs{};

  /// The field's value in `word`.
  constexpr uint32_t extract(uint32_t word) const {
    uint32_t value = 0;
    for (unsigned i = 0; i < run_count; ++i) {
      const Run run = runs[i];
      value = (value << run.width) | ((word >> run.lsb) & ((uint32_t{1} << run.width) - 1));
    }
    return value;
  }
  /// The field's width in bits.
  constexpr unsigned width() const {
    unsigned bits = 0;
    for (unsigned i = 0; i < run_count; ++i) bits += runs[i].width;
    return bits;
  }
  /// The bits of the word that belong to the field.
  constexpr uint32_t mask() const {
    uint32_t bits = 0;
    for (unsigned i = 0; i < run_count; ++i) bits |= ((uint32_t{1} << runs[i].width) - 1) << runs[i].lsb;
    return bits;
  }
};

/// One row of an instruction table, read from its text (the syntax is described in frontend/arm64/a64.def):
/// 0 and 1 are fixed, '-' is ignored, letters are fields, H is a field that must not be all zeros.
struct BitPattern {
  static constexpr unsigned kMaxFields = 8;

  uint32_t mask = 0;     ///< fixed bits
  uint32_t value = 0;    ///< their values
  uint32_t nonzero = 0;  ///< bits of which at least one is set; 0: no such rule
  uint8_t width = 0;     ///< characters read; 0 if the text is malformed
  uint8_t field_count = 0;
  std::array<BitField, kMaxFields> fields{};

  constexpr bool matches(uint32_t word) const {
    return (word & mask) == value && (nonzero == 0 || (word & nonzero) != 0);
  }
  constexpr bool disjoint(const BitPattern& other) const {
    if (((value ^ other.value) & mask & other.mask) != 0) return true;
    return other.forbids(*this) || forbids(other);
  }
  /// Every word that matches this matches `other` too, and `other` has fewer fixed bits.
  constexpr bool strict_subset_of(const BitPattern& other) const {
    const bool inside = (mask & other.mask) == other.mask && (value & other.mask) == other.value;
    const bool nonzero_implied = nonzero != 0 && (nonzero & ~other.nonzero) == 0;
    const bool nonzero_kept = other.nonzero == 0 || (value & other.nonzero) != 0 || nonzero_implied;
    return inside && nonzero_kept && std::popcount(mask) > std::popcount(other.mask);
  }

 private:
  /// The other pattern fixes all bits to zero of which this needs one set.
  constexpr bool forbids(const BitPattern& other) const {
    return nonzero != 0 && (other.mask & nonzero) == nonzero && (other.value & nonzero) == 0;
  }
};

namespace detail {

constexpr bool is_field_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Adds bit `bit` to the field `letter`; false if the pattern has too many fields or runs.
constexpr bool add_field_bit(BitPattern& pattern, char letter, unsigned bit) {
  unsigned index = 0;
  while (index < pattern.field_count && pattern.fields[index].letter != letter) ++index;
  if (index == BitPattern::kMaxFields) return false;
  if (index == pattern.field_count) pattern.fields[pattern.field_count++].letter = letter;
  BitField& field = pattern.fields[index];
  if (field.run_count > 0 && field.runs[field.run_count - 1u].lsb == bit + 1) {
    --field.runs[field.run_count - 1u].lsb;
    ++field.runs[field.run_count - 1u].width;
    return true;
  }
  if (field.run_count == field.runs.size()) return false;
  field.runs[field.run_count++] = {static_cast<uint8_t>(bit), 1};
  return true;
}

}  // namespace detail

/// Reads a pattern of `width` (at most 32) bits. The result's width is 0 if the text is not such a pattern:
/// tables check that with static_assert.
constexpr BitPattern parse_bit_pattern(std::string_view text, unsigned width) {
  BitPattern pattern;
  unsigned bit = width;
  for (const char c : text) {
    if (c == ' ') continue;
    if (bit == 0) return {};
    --bit;
    if (c == '0' || c == '1') {
      pattern.mask |= uint32_t{1} << bit;
      pattern.value |= static_cast<uint32_t>(c - '0') << bit;
    } else if (detail::is_field_letter(c)) {
      if (!detail::add_field_bit(pattern, c, bit)) return {};
      if (c == 'H') pattern.nonzero |= uint32_t{1} << bit;
    } else if (c != '-') {
      return {};
    }
  }
  if (bit != 0) return {};
  pattern.width = static_cast<uint8_t>(width);
  return pattern;
}

}  // namespace ferry::frontend
