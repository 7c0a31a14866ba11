// Operands worth trying: edge values of each format, and random ones that lean towards trouble.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ir/fp/softfloat.h"

namespace ferry::ir::fp::test {

enum class Amount { Few, Some, Many };

struct Layout {
  unsigned width;
  unsigned fraction_bits;

  Bits fraction_mask() const { return (Bits{1} << fraction_bits) - 1; }
  Bits sign() const { return Bits{1} << (width - 1); }
  Bits max_exponent() const { return (sign() - 1) >> fraction_bits; }
  Bits bias() const { return max_exponent() / 2; }
};

Layout layout_of(Format format);

/// Zeros, denormals, normals near every border, infinities and NaNs of both kinds, in both signs.
/// Few: about 20, for three operands; Some: about 50, for two; Many adds the borders of the integer types.
std::vector<Bits> edge_values(Format format, Amount amount);

/// Integers whose conversion rounds, is exact or reaches a border of its type.
std::vector<uint64_t> edge_integers();

/// Random operands of one format. Consecutive ones often have close exponents, so that sums cancel.
class RandomOperands {
 public:
  RandomOperands(Format format, uint64_t seed) : layout_(layout_of(format)), random_(seed) {}

  Bits next();

 private:
  Layout layout_;
  std::mt19937_64 random_;
  Bits last_exponent_ = 0;
};

}  // namespace ferry::ir::fp::test
