#include "tests/unit/fp/operands.h"

#include <algorithm>

namespace ferry::ir::fp::test {

Layout layout_of(Format format) {
  switch (format) {
    case Format::Half:
      return {16, 10};
    case Format::BFloat16:
      return {16, 7};
    case Format::Single:
      return {32, 23};
    case Format::Double:
      break;
  }
  return {64, 52};
}

namespace {

void add_few(const Layout& layout, std::vector<Bits>& out) {
  const Bits one = layout.bias() << layout.fraction_bits;
  const Bits infinity = layout.max_exponent() << layout.fraction_bits;
  const Bits quiet = Bits{1} << (layout.fraction_bits - 1);
  out.insert(out.end(), {Bits{0}, Bits{1}, layout.fraction_mask(), layout.fraction_mask() + 1, one, one + 1,
                         one | quiet, infinity - 1, infinity, infinity | quiet | 5, infinity | 3});
}

void add_some(const Layout& layout, std::vector<Bits>& out) {
  const Bits ulp = Bits{1} << layout.fraction_bits;
  const Bits one = layout.bias() << layout.fraction_bits;
  const Bits infinity = layout.max_exponent() << layout.fraction_bits;
  const Bits quiet = ulp >> 1;
  out.insert(out.end(),
             {Bits{2}, quiet, quiet | 1, quiet >> 1, ulp + 1, 2 * ulp, one - 1, one - ulp, one + ulp,
              one + ulp + quiet, infinity - ulp, infinity - ulp - 1, infinity - 2 * ulp, infinity | quiet,
              infinity | layout.fraction_mask(), infinity | (quiet - 1), one / 2, one + one / 2});
}

void add_many(const Layout& layout, std::vector<Bits>& out) {
  const Bits ulp = Bits{1} << layout.fraction_bits;
  const Bits one = layout.bias() << layout.fraction_bits;
  const Bits infinity = layout.max_exponent() << layout.fraction_bits;
  for (const unsigned power :
       {0u, 1u, 2u, 14u, 15u, 16u, 30u, 31u, 32u, 33u, 52u, 53u, 62u, 63u, 64u, 83u, 84u, 85u}) {
    const Bits value = one + power * ulp;
    if (value + ulp >= infinity) break;
    out.insert(out.end(), {value - 1, value, value + 1, value + ulp / 2, value + ulp / 4 * 3});
    // Halves, and just beside them.
    if (power > 0 && power <= layout.fraction_bits) {
      const Bits half = value + (ulp >> (power + 1));
      out.insert(out.end(), {half - 1, half, half + 1, half + (ulp >> power)});
    }
  }
  for (const unsigned back : {1u, 2u, 3u, 24u, 25u, 32u, 33u, 64u, 65u}) {
    if (back * ulp < one) out.insert(out.end(), {one - back * ulp, one - back * ulp + 1});
  }
}

}  // namespace

std::vector<Bits> edge_values(Format format, Amount amount) {
  const Layout layout = layout_of(format);
  std::vector<Bits> values;
  add_few(layout, values);
  if (amount != Amount::Few) add_some(layout, values);
  if (amount == Amount::Many) add_many(layout, values);
  const size_t positive = values.size();
  for (size_t i = 0; i < positive; ++i) values.push_back(values[i] | layout.sign());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

std::vector<uint64_t> edge_integers() {
  std::vector<uint64_t> values{0, 1, 2, 3, 5, 7, 100, 0xffff, 0x7fff, 0x8001};
  for (unsigned power = 7; power < 64; ++power) {
    const uint64_t value = uint64_t{1} << power;
    for (const uint64_t near : {value - 1, value, value + 1, value + (value >> 11), value + (value >> 12),
                                value + (value >> 24), value + (value >> 25) + 1, value + (value >> 53)}) {
      values.push_back(near);
      values.push_back(0 - near);
    }
  }
  return values;
}

Bits RandomOperands::next() {
  const Bits raw = random_();
  const auto choice = static_cast<unsigned>(random_() & 15);
  Bits exponent = random_() % (layout_.max_exponent() + 1);
  Bits fraction = raw & layout_.fraction_mask();
  if (choice < 6)
    exponent = (last_exponent_ + (raw >> 56) % 5 + layout_.max_exponent() - 1) % (layout_.max_exponent() + 1);
  if (choice == 6) exponent = 0;
  if (choice == 7) exponent = layout_.max_exponent() - 1 - (raw >> 60) % 2;
  if (choice == 8) exponent = layout_.bias() + (raw >> 58);
  if (exponent > layout_.max_exponent()) exponent = layout_.max_exponent();
  // Few significant bits: exact results, ties.
  if (choice % 3 == 0) fraction &= ~(layout_.fraction_mask() >> ((raw >> 52) % layout_.fraction_bits));
  last_exponent_ = exponent;
  return (raw >> 63 != 0 ? layout_.sign() : 0) | (exponent << layout_.fraction_bits) | fraction;
}

}  // namespace ferry::ir::fp::test
