#include "frontend/arm64/decode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "frontend/arm64/patterns.h"

// The lookup tables are made by the compiler and lie in read-only data. A word's bits 31..21 choose an entry
// of level 1; it names a list of candidates or, where more than a few rows share those bits (Advanced SIMD,
// scalar floating point, register loads), a table of level 2 that bits 15..10 choose from. Lists are ordered:
// holes first, then rows with more fixed bits before rows with fewer.

namespace ferry::arm64 {
namespace {

using frontend::BitPattern;

constexpr Row kRows[] = {
#define INSN(handler, names, pattern, feature) \
  {InsnId::handler, Feature::feature, #handler, names, pattern, kPattern<InsnId::handler>},
#include "frontend/arm64/a64.def"
};
constexpr std::size_t kRowCount = std::size(kRows);
static_assert(kRowCount == static_cast<std::size_t>(InsnId::kCount));

constexpr BitPattern kHoles[] = {
#define HOLE(reason, pattern) frontend::parse_bit_pattern(pattern, 32),
#include "frontend/arm64/a64_holes.def"
};
constexpr std::size_t kHoleCount = std::size(kHoles);

/// What the search reads of a row (or of a hole).
struct Probe {
  uint32_t mask;
  uint32_t value;
  uint32_t nonzero;
  uint16_t row;  ///< kNoRow for holes
};
constexpr uint16_t kNoRow = 0xffff;
constexpr std::size_t kProbeCount = kRowCount + kHoleCount;
using Probes = std::array<Probe, kProbeCount>;

constexpr bool well_formed() {
  for (const Row& row : kRows) {
    if (row.pattern.width != 32) return false;
  }
  for (const BitPattern& hole : kHoles) {
    if (hole.width != 32) return false;
  }
  return true;
}
static_assert(well_formed(), "every pattern has 32 characters of 0, 1, - and letters, and at most 8 fields");

/// Holes, then rows by descending number of fixed bits.
constexpr Probes make_probes() {
  Probes probes{};
  std::size_t count = 0;
  for (const BitPattern& hole : kHoles) probes[count++] = {hole.mask, hole.value, hole.nonzero, kNoRow};
  for (int fixed = 32; fixed >= 0; --fixed) {
    for (const Row& row : kRows) {
      const BitPattern& p = row.pattern;
      if (std::popcount(p.mask) == fixed) {
        probes[count++] = {p.mask, p.value, p.nonzero, static_cast<uint16_t>(row.id)};
      }
    }
  }
  return probes;
}
constexpr Probes kProbes = make_probes();

/// A run of bits of the word that a table is indexed by.
struct Key {
  unsigned lsb;
  unsigned width;
  constexpr uint32_t size() const { return uint32_t{1} << width; }
  constexpr uint32_t of(uint32_t word) const { return (word >> lsb) & (size() - 1); }
};
constexpr Key kKey1{21, 11};
constexpr Key kKey2{10, 6};

/// Calls `visit` with every value of `key` that words matching `probe` can have.
template <typename Visit>
constexpr void for_each_key(const Probe& probe, Key key, Visit visit) {
  const uint32_t free = ~key.of(probe.mask) & (key.size() - 1);
  const uint32_t fixed = key.of(probe.value);
  uint32_t subset = 0;
  do {
    visit(fixed | subset);
    subset = (subset - free) & free;
  } while (subset != 0);
}

/// The numbers 0..n-1 of probes, distributed over the values of a key: members of k are at
/// items[start[k]] .. items[start[k + 1]].
template <std::size_t kKeys, std::size_t kCapacity>
struct Buckets {
  std::array<uint32_t, kKeys + 1> start{};
  std::array<uint16_t, kCapacity> items{};
};

template <std::size_t kKeys, std::size_t kCapacity>
constexpr Buckets<kKeys, kCapacity> distribute(const uint16_t* first, const uint16_t* last, Key key) {
  Buckets<kKeys, kCapacity> buckets;
  for (const uint16_t* it = first; it != last; ++it) {
    for_each_key(kProbes[*it], key, [&](uint32_t k) { ++buckets.start[k + 1]; });
  }
  for (std::size_t k = 0; k < kKeys; ++k) buckets.start[k + 1] += buckets.start[k];
  std::array<uint32_t, kKeys> next{};
  for (std::size_t k = 0; k < kKeys; ++k) next[k] = buckets.start[k];
  for (const uint16_t* it = first; it != last; ++it) {
    for_each_key(kProbes[*it], key, [&](uint32_t k) { buckets.items[next[k]++] = *it; });
  }
  return buckets;
}

constexpr uint16_t kListEnd = 0xffff;
constexpr uint16_t kToLevel2 = 0x8000;
constexpr std::size_t kShortList = 4;
constexpr std::size_t kMaxLists = 0x7fff;
constexpr std::size_t kMaxLevel2 = 400;

/// The tables before they are cut to size.
struct Tables {
  std::array<uint16_t, kKey1.size()> level1{};  ///< offset of a list, or kToLevel2 + number of a table
  std::array<uint16_t, kMaxLevel2 * kKey2.size()> level2{};  ///< offsets of lists
  std::array<uint16_t, kMaxLists> lists{};  ///< numbers of probes, each list ended by kListEnd
  std::size_t level2_count = 0;
  std::size_t lists_size = 0;

  constexpr uint16_t add_list(const uint16_t* first, const uint16_t* last) {
    const std::size_t offset = lists_size;
    for (; first != last; ++first) lists[lists_size++] = *first;
    lists[lists_size++] = kListEnd;
    return static_cast<uint16_t>(offset);
  }

  constexpr uint16_t add_level2(const uint16_t* first, const uint16_t* last) {
    const auto buckets = distribute<kKey2.size(), 1024>(first, last, kKey2);
    const std::size_t base = level2_count * kKey2.size();
    for (uint32_t k = 0; k < kKey2.size(); ++k) {
      const uint16_t* begin = &buckets.items[buckets.start[k]];
      const uint16_t* end = &buckets.items[buckets.start[k + 1]];
      const bool same = k > 0 && std::equal(begin, end, &buckets.items[buckets.start[k - 1]], begin);
      level2[base + k] = same ? level2[base + k - 1] : add_list(begin, end);
    }
    return static_cast<uint16_t>(kToLevel2 + level2_count++);
  }
};

constexpr Tables make_tables() {
  std::array<uint16_t, kProbeCount> all{};
  for (std::size_t i = 0; i < kProbeCount; ++i) all[i] = static_cast<uint16_t>(i);
  const auto buckets = distribute<kKey1.size(), 40000>(all.data(), all.data() + all.size(), kKey1);
  Tables tables;
  for (uint32_t k = 0; k < kKey1.size(); ++k) {
    const uint16_t* begin = &buckets.items[buckets.start[k]];
    const uint16_t* end = &buckets.items[buckets.start[k + 1]];
    if (k > 0 && std::equal(begin, end, &buckets.items[buckets.start[k - 1]], begin)) {
      tables.level1[k] = tables.level1[k - 1];
    } else if (static_cast<std::size_t>(end - begin) <= kShortList) {
      tables.level1[k] = tables.add_list(begin, end);
    } else {
      tables.level1[k] = tables.add_level2(begin, end);
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

template <std::size_t kSize, std::size_t kFullSize>
constexpr std::array<uint16_t, kSize> cut(const std::array<uint16_t, kFullSize>& full) {
  std::array<uint16_t, kSize> result{};
  for (std::size_t i = 0; i < kSize; ++i) result[i] = full[i];
  return result;
}
constexpr auto kLevel1 = kTables.level1;
constexpr auto kLevel2 = cut<kTables.level2_count * kKey2.size()>(kTables.level2);
constexpr auto kLists = cut<kTables.lists_size>(kTables.lists);

constexpr BitPattern pattern_of(const Probe& probe) {
  BitPattern pattern;
  pattern.mask = probe.mask;
  pattern.value = probe.value;
  pattern.nonzero = probe.nonzero;
  return pattern;
}

/// Two rows are disjoint or one is a strict subset of the other; no row lies wholly inside one hole. Rows
/// that share a word share a list, so looking inside lists is enough.
constexpr bool unambiguous() {
  std::size_t begin = 0;
  for (std::size_t end = 0; end < kLists.size(); ++end) {
    if (kLists[end] != kListEnd) continue;
    for (std::size_t b = begin + 1; b < end; ++b) {
      const BitPattern second = pattern_of(kProbes[kLists[b]]);
      if (kProbes[kLists[b]].row == kNoRow) continue;
      for (std::size_t a = begin; a < b; ++a) {
        const BitPattern first = pattern_of(kProbes[kLists[a]]);
        const bool is_hole = kProbes[kLists[a]].row == kNoRow;
        if (is_hole && (second.mask & first.mask) == first.mask && first.matches(second.value)) return false;
        if (!is_hole && !second.disjoint(first) && !first.strict_subset_of(second)) return false;
      }
    }
    begin = end + 1;
  }
  return true;
}
static_assert(unambiguous(), "two rows overlap and neither is the special case of the other");

constexpr const char* kFeatureNames[] = {
#define FEATURE(name, manual_name) manual_name,
#include "frontend/arm64/features.def"
};

}  // namespace

const Row* decode(uint32_t word) {
  uint16_t entry = kLevel1[kKey1.of(word)];
  if ((entry & kToLevel2) != 0) {
    entry = kLevel2[(entry & ~unsigned{kToLevel2}) * kKey2.size() + kKey2.of(word)];
  }
  for (const uint16_t* item = &kLists[entry]; *item != kListEnd; ++item) {
    const Probe& probe = kProbes[*item];
    if ((word & probe.mask) != probe.value) continue;
    if (probe.nonzero != 0 && (word & probe.nonzero) == 0) continue;
    return probe.row == kNoRow ? nullptr : &kRows[probe.row];
  }
  return nullptr;
}

std::span<const Row> rows() { return kRows; }

const Row& row(InsnId id) { return kRows[static_cast<std::size_t>(id)]; }

Feature required_feature(const Row& row, uint32_t word) {
  constexpr uint32_t kHalf = 3;
  if (row.feature != Feature::FP) return row.feature;
  for (unsigned i = 0; i < row.pattern.field_count; ++i) {
    const frontend::BitField& field = row.pattern.fields[i];
    if (field.letter == 'y' && field.extract(word) == kHalf) return Feature::FP16;
  }
  return row.feature;
}

const char* feature_name(Feature feature) { return kFeatureNames[static_cast<std::size_t>(feature)]; }

}  // namespace ferry::arm64
