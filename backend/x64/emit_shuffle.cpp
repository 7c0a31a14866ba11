#include <cstring>

#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"

// Byte permutations: the cheapest host instruction that does it, else PSHUFB with selectors from memory.
namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::ValueId;

namespace {

constexpr uint8_t kZeroByte = 0x80;

uint64_t low_half(const uint8_t (&bytes)[16]) {
  uint64_t half;
  std::memcpy(&half, bytes, 8);
  return half;
}

uint64_t high_half(const uint8_t (&bytes)[16]) {
  uint64_t half;
  std::memcpy(&half, bytes + 8, 8);
  return half;
}

/// The permutation in units of `unit` bytes; false when it splits a unit or zeroes.
bool in_units(const uint8_t (&bytes)[16], unsigned unit, uint8_t (&units)[16]) {
  for (unsigned i = 0; i < 16 / unit; ++i) {
    const uint8_t first = bytes[i * unit];
    if (first == kZeroByte || first % unit != 0) return false;
    for (unsigned k = 1; k < unit; ++k) {
      if (bytes[i * unit + k] != first + k) return false;
    }
    units[i] = static_cast<uint8_t>(first / unit);
  }
  return true;
}

uint8_t immediate_of(const uint8_t* lanes) {
  return static_cast<uint8_t>((lanes[0] & 3) | (lanes[1] & 3) << 2 | (lanes[2] & 3) << 4 |
                              (lanes[3] & 3) << 6);
}

/// Whether bytes[i] == start + i for every i in [from, to).
bool runs(const uint8_t (&bytes)[16], unsigned from, unsigned to, unsigned start) {
  for (unsigned i = from; i < to; ++i) {
    if (bytes[i] != start + (i - from)) return false;
  }
  return true;
}

bool zeros(const uint8_t (&bytes)[16], unsigned from, unsigned to) {
  for (unsigned i = from; i < to; ++i) {
    if (bytes[i] != kZeroByte) return false;
  }
  return true;
}

}  // namespace

void Emitter::on_tbl(const Inst& in, ValueId id) {
  // PSHUFB looks at bits 7 and 3:0 of a selector: make everything above 15 have bit 7.
  const int table = vx(in.args[0]);
  const int index = vx(in.args[1]);
  const int selector = ra_.scratch_xmm();
  constexpr uint64_t kBias = 0x7070707070707070;
  vec3_pool(vop::kPaddusB, selector, index, kBias, kBias);
  vec3(vop::kPshufB, ra_.define(id, in.args[0]), table, selector);
}

/// Permutations of one vector that bring in zeros.
bool Emitter::shuffle_zeroing(const uint8_t (&bytes)[16], ValueId v, ValueId id) {
  unsigned lead = 0;
  unsigned tail = 0;
  while (lead < 16 && bytes[lead] == kZeroByte) ++lead;
  while (tail < 16 && bytes[15 - tail] == kZeroByte) ++tail;
  if (lead == 16) {
    vec_zero(ra_.define(id));
    return true;
  }
  if (lead > 0 && runs(bytes, lead, 16, 0)) {
    const int from = vx(v);
    vec_shift_imm(vop::kSllBytes, ra_.define(id, v), from, static_cast<int>(lead));
    return true;
  }
  if (tail > 0 && runs(bytes, 0, 16 - tail, tail)) {
    const int from = vx(v);
    vec_shift_imm(vop::kSrlBytes, ra_.define(id, v), from, static_cast<int>(tail));
    return true;
  }
  if (runs(bytes, 0, 8, 0) && zeros(bytes, 8, 16)) {
    const int from = vx(v);
    vec1(vop::kMovq, ra_.define(id, v), from);
    return true;
  }
  return false;
}

bool Emitter::shuffle_one(const uint8_t (&bytes)[16], ValueId v, ValueId id) {
  uint8_t units[16];
  if (runs(bytes, 0, 16, 0)) {
    ra_.alias(id, v, true);
    return true;
  }
  if (shuffle_zeroing(bytes, v, id)) return true;
  const int from = vx(v);
  if (in_units(bytes, 4, units)) {
    vec1(vop::kPshufD, ra_.define(id, v), from, immediate_of(units));
    return true;
  }
  if (in_units(bytes, 2, units)) {
    const auto within = [&units](unsigned first) {
      for (unsigned i = 0; i < 4; ++i) {
        if (units[first + i] / 4 != first / 4) return false;
      }
      return true;
    };
    if (within(0) && runs(bytes, 8, 16, 8)) {
      vec1(vop::kPshufLW, ra_.define(id, v), from, immediate_of(units));
      return true;
    }
    if (within(4) && runs(bytes, 0, 8, 0)) {
      vec1(vop::kPshufHW, ra_.define(id, v), from, immediate_of(units + 4));
      return true;
    }
  }
  vec3_pool(vop::kPshufB, ra_.define(id, v), from, low_half(bytes), high_half(bytes));
  return true;
}

bool Emitter::shuffle_two(const uint8_t (&bytes)[16], ValueId a, ValueId b, ValueId id) {
  const auto emit = [&](const VecOpcode& op, bool swapped) {
    const int first = vx(swapped ? b : a);
    const int second = vx(swapped ? a : b);
    const int to = ra_.define(id, swapped ? b : a, host_.avx ? 0 : mask_of(second));
    vec3(op, to, first, second);
  };
  uint8_t units[16];
  for (unsigned log = 0; log < 4; ++log) {
    const unsigned unit = 1u << log;
    const unsigned count = 16 / unit;
    if (!in_units(bytes, unit, units)) continue;
    for (const bool high : {false, true}) {
      for (const bool swapped : {false, true}) {
        bool match = true;
        for (unsigned i = 0; i < count && match; ++i) {
          const unsigned source = (i % 2 == 0) == swapped ? count : 0;
          match = units[i] == source + (high ? count / 2 : 0) + i / 2;
        }
        if (!match) continue;
        emit(high ? vop::kPunpckh[log] : vop::kPunpckl[log], swapped);
        return true;
      }
    }
  }
  // Adjacent bytes of a:b or b:a.
  for (const bool swapped : {false, true}) {
    const auto source = [swapped](unsigned i) { return swapped ? i ^ 16u : i; };
    const unsigned start = source(bytes[0]);
    bool match = start > 0 && start < 16;
    for (unsigned i = 0; i < 16 && match; ++i) match = bytes[i] != kZeroByte && source(bytes[i]) == start + i;
    if (!match) continue;
    emit(vop::kPalignr, !swapped);  // its first operand is the upper one
    as_.db(static_cast<int>(start));
    return true;
  }
  if (in_units(bytes, 2, units)) {
    unsigned from_second = 0;
    bool blend = true;
    for (unsigned i = 0; i < 8; ++i) {
      blend = blend && units[i] % 8 == i;
      if (units[i] >= 8) from_second |= 1u << i;
    }
    if (blend) {
      emit(vop::kPblendW, false);
      as_.db(static_cast<int>(from_second));
      return true;
    }
  }
  if (in_units(bytes, 4, units)) {
    const auto all_of = [&units](unsigned first, bool second) {
      return (units[first] >= 4) == second && (units[first + 1] >= 4) == second;
    };
    for (const bool swapped : {false, true}) {
      if (!all_of(0, swapped) || !all_of(2, !swapped)) continue;
      emit(vop::kShufps, swapped);
      as_.db(immediate_of(units));
      return true;
    }
  }
  return false;
}

void Emitter::on_shuffle(const Inst& in, ValueId id) {
  const ValueId a = in.args[0];
  const ValueId b = in.args[1];
  uint8_t bytes[16];
  std::memcpy(bytes, &in.imm, 8);
  std::memcpy(bytes + 8, &in.imm2, 8);
  bool uses_a = false;
  bool uses_b = false;
  for (uint8_t& byte : bytes) {
    if (byte & kZeroByte) {
      byte = kZeroByte;
      continue;
    }
    if (ra_.same(a, b)) byte &= 15;
    (byte < 16 ? uses_a : uses_b) = true;
  }
  if (!uses_b) return void(shuffle_one(bytes, a, id));
  if (!uses_a) {
    for (uint8_t& byte : bytes) {
      if (byte != kZeroByte) byte &= 15;
    }
    return void(shuffle_one(bytes, b, id));
  }
  if (shuffle_two(bytes, a, b, id)) return;
  uint8_t from_a[16];
  uint8_t from_b[16];
  for (unsigned i = 0; i < 16; ++i) {
    from_a[i] = bytes[i] < 16 ? bytes[i] : kZeroByte;
    from_b[i] = bytes[i] >= 16 && bytes[i] < 32 ? bytes[i] & 15 : kZeroByte;
  }
  const int first = vx(a);
  const int second = vx(b);
  const int temp = ra_.scratch_xmm();
  vec3_pool(vop::kPshufB, temp, second, low_half(from_b), high_half(from_b));
  const int to = ra_.define(id, a);
  vec3_pool(vop::kPshufB, to, first, low_half(from_a), high_half(from_a));
  vec3(vop::kPor, to, to, temp);
}

}  // namespace ferry::backend::x64
