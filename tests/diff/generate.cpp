#include "tests/diff/generate.h"

#include <cstring>
#include <string_view>

#include "frontend/arm64/cpu_features.h"

namespace ferry::diff {

namespace {

// Memory operands: the base lies in the window's middle, the index is small; the code under test never writes
// either but by write-back.
constexpr uint32_t kNop = 0xd503201f;
constexpr unsigned kBase = 10;
constexpr unsigned kIndex = 11;
constexpr unsigned kFirstDriverRegister = 29;

const std::vector<uint64_t> kHalfs = {0,      0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7d00,
                                      0xfe01, 0x0001, 0x83ff, 0x7bff, 0x0400, 0x03ff, 0x0401, 0x3bff};
const std::vector<uint64_t> kSingles = {
    0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7fa00000,
    0xff800001, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x5f000000,
    0x3f000000, 0x4b000001, 0x33800000,
    // Around what rounding makes the smallest normal number of them and of halfs.
    0x00800001, 0x3f7fffff, 0x3f800001, 0x387fffff};
const std::vector<uint64_t> kDoubles = {
    0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
    0x7ff8000000000000, 0xfff8000000000001, 0x7ff4000000000000, 0xfff0000000000001, 0x0000000000000001,
    0x800fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x41dfffffffc00000, 0x41e0000000000000,
    0x43e0000000000000, 0xc3e0000000000000, 0x3fe0000000000000, 0x4340000000000001, 0x36a0000000000000,
    0x47efffffffffffff,
    // Around what rounding makes the smallest normal number of them and of singles.
    0x0010000000000001, 0x3fefffffffffffff, 0x3ff0000000000001, 0x380fffffffffffff};

constexpr uint64_t kIntegers[] = {0,
                                  1,
                                  2,
                                  7,
                                  8,
                                  31,
                                  32,
                                  63,
                                  64,
                                  0x7f,
                                  0x80,
                                  0xff,
                                  0x7fff,
                                  0x8000,
                                  0x7fffffff,
                                  0x80000000,
                                  0xffffffff,
                                  0x100000000,
                                  0x7fffffffffffffff,
                                  0x8000000000000000,
                                  ~uint64_t{0},
                                  ~uint64_t{1},
                                  0xffffffff80000000,
                                  0x0123456789abcdef};

uint32_t ignored_bits(const arm64::Row& row) {
  uint32_t ignored = 0;
  unsigned bit = 32;
  for (const char* c = row.layout; *c != 0; ++c) {
    if (*c == ' ') continue;
    --bit;
    if (*c == '-') ignored |= 1u << bit;
  }
  return ignored;
}

unsigned register_field(uint32_t word, unsigned lsb) { return word >> lsb & 31; }
uint32_t with_register(uint32_t word, unsigned lsb, unsigned reg) {
  return (word & ~(31u << lsb)) | reg << lsb;
}

}  // namespace

bool is_memory(const arm64::Row& row) {
  // Loads and stores are the encodings with op0 = x1x0 (bit 27 set, bit 25 clear; Arm ARM C4.1).
  return (row.pattern.mask >> 27 & 1) != 0 && (row.pattern.value >> 27 & 1) != 0 &&
         (row.pattern.mask >> 25 & 1) != 0 && (row.pattern.value >> 25 & 1) == 0;
}

// Exclusives, ordered accesses and atomics (Arm ARM C4.1.94): misaligned ones raise SIGBUS where ferry, like
// a CPU with FEAT_LSE2, lets them be.
static bool is_atomic(const arm64::Row& row) {
  const auto value = static_cast<uint32_t>(row.pattern.value);
  const auto mask = static_cast<uint32_t>(row.pattern.mask);
  const bool exclusive_or_ordered = (mask & 0x3f000000) == 0x3f000000 && (value & 0x3f000000) == 0x08000000;
  const bool atomic = (mask & 0x3f200c00) == 0x3f200c00 && (value & 0x3f200c00) == 0x38200000;
  return exclusive_or_ordered || atomic;
}

Generator::Generator(std::vector<const arm64::Row*> rows, uint64_t seed)
    : rows_(std::move(rows)), engine_(seed) {}

uint32_t Generator::random_word(const arm64::Row& row, bool memory) {
  auto word = static_cast<uint32_t>(random());
  // Bits that no row looks at should be ones in loads and stores, zeros elsewhere: other values are
  // CONSTRAINED UNPREDICTABLE.
  const uint32_t ignored = ignored_bits(row);
  word = memory ? word | ignored : word & ~ignored;
  if (memory) {
    word = with_register(word, 5, kBase);
    if ((ignored >> 16 & 31) == 0) word = with_register(word, 16, one_in(4) ? 31 : kIndex);
  }
  return (word & ~static_cast<uint32_t>(row.pattern.mask)) | static_cast<uint32_t>(row.pattern.value);
}

// The word must decode to the row, leave the driver's registers and the memory operands alone, and be free of
// choices that the architecture leaves to the implementation (Rt = Rn with write-back, Rt = Rt2).
uint32_t Generator::word_of(const arm64::Row& row, bool last) {
  const bool memory = is_memory(row);
  for (int attempt = 0; attempt < 200; ++attempt) {
    const uint32_t word = random_word(row, memory);
    if (arm64::decode(word) != &row || !arm64::kImplemented.has(arm64::required_feature(row, word))) continue;
    const unsigned lowest = register_field(word, 0);
    bool usable = true;
    for (const unsigned lsb : {0u, 5u, 10u, 16u}) {
      if (register_field(static_cast<uint32_t>(row.pattern.mask), lsb) == 31) continue;  // not a register
      const unsigned reg = register_field(word, lsb);
      if (reg == kFirstDriverRegister || reg == kFirstDriverRegister + 1) usable = false;
    }
    if (lowest == kBase || lowest == kIndex || (lowest == 31 && !last)) usable = false;
    if (memory) {
      const unsigned second = register_field(word, 10), third = register_field(word, 16);
      if (register_field(word, 5) != kBase) usable = false;
      if (lowest == second || lowest == third || second == third || second == kBase || third == kBase)
        usable = false;
      if (second == kIndex) usable = false;
    }
    if (usable) return word;
  }
  return kNop;  // no usable form was drawn
}

uint64_t Generator::integer() {
  switch (below(6)) {
    case 0:
      return kIntegers[below(sizeof kIntegers / sizeof kIntegers[0])];
    case 1:
      return below(130);
    case 2:
      return static_cast<uint32_t>(random());
    case 3:
      return kIntegers[below(sizeof kIntegers / sizeof kIntegers[0])] + below(3) - 1;
    default:
      return random();
  }
}

uint64_t Generator::lanes(unsigned width, const std::vector<uint64_t>& special) {
  uint64_t result = 0;
  for (unsigned at = 0; at < 64; at += width) {
    const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
    const uint64_t lane = one_in(3) ? random() : special[below(static_cast<unsigned>(special.size()))];
    result |= (lane & mask) << at;
  }
  return result;
}

void Generator::fill_vector(uint64_t* halves) {
  const unsigned kind = below(6);
  for (int h = 0; h < 2; ++h) {
    switch (kind) {
      case 0:
        halves[h] = lanes(16, kHalfs);
        break;
      case 1:
        halves[h] = lanes(32, kSingles);
        break;
      case 2:
        halves[h] = lanes(64, kDoubles);
        break;
      case 3:
        halves[h] = integer();
        break;
      case 4:
        halves[h] = lanes(8, {0, 1, 0x7f, 0x80, 0xff, 15, 16, 31, 63, 64});
        break;
      default: {
        // Ordinary numbers: exponents near each other, so that sums neither vanish nor overflow.
        const double number =
            (static_cast<double>(static_cast<int64_t>(random())) / 9.2e18) * (1 << below(24));
        std::memcpy(&halves[h], &number, sizeof number);
        break;
      }
    }
  }
}

// FPCR: the default in every second case; else the rounding modes, flush-to-zero, default NaN, alternative
// half precision, FZ16.
uint64_t Generator::fpcr() {
  if (one_in(2)) return 0;
  uint64_t value = uint64_t{below(4)} << 22;
  if (one_in(3)) value |= uint64_t{1} << 24;
  if (one_in(3)) value |= uint64_t{1} << 25;
  if (one_in(4)) value |= uint64_t{1} << 26;
  if (one_in(4)) value |= uint64_t{1} << 19;
  return value;
}

DiffCase Generator::next(unsigned max_words) {
  DiffCase test{};
  bool wrote_base = false;
  test.word_count = 1 + below(max_words);
  for (unsigned i = 0; i < test.word_count; ++i) {
    const auto& row = *rows_[below(static_cast<unsigned>(rows_.size()))];
    // Write-back leaves any alignment behind.
    const bool may_be_misaligned = is_atomic(row) && wrote_base;
    test.words[i] = may_be_misaligned ? kNop : word_of(row, i + 1 == test.word_count);
    wrote_base |= is_memory(row);
  }
  for (uint64_t& x : test.in.x) x = integer();
  test.in.x[kBase] = DIFF_WINDOW_ADDRESS + (one_in(2) ? 0 : below(8) * 16);
  test.in.x[kIndex] = static_cast<uint64_t>(int64_t{below(17)} - 8);
  test.in.sp = DIFF_WINDOW_ADDRESS;
  test.in.nzcv = random() & 0xf0000000;
  for (unsigned i = 0; i < 32; ++i) fill_vector(&test.in.v[2 * i]);
  test.fpcr = fpcr();
  test.memory_seed = random();
  return test;
}

}  // namespace ferry::diff
