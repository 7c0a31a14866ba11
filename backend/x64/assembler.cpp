#include "backend/x64/assembler.h"

#include <algorithm>

namespace ferry::backend::x64 {

void Assembler::vec_opcode(const VecOpcode& op, bool avx, int to, int a, bool b_extended) {
  const auto pp = static_cast<unsigned>(op.prefix);
  if (!avx) {
    static constexpr uint8_t kPrefixes[] = {0, 0x66, 0xf3, 0xf2};
    if (pp != 0) put8(kPrefixes[pp]);
    const unsigned rex = (to >= 8 ? 4u : 0u) | (b_extended ? 1u : 0u);
    if (rex != 0) put8(static_cast<uint8_t>(0x40 | rex));
    put8(0x0f);
    if (op.map == VecMap::M0f38) put8(0x38);
    if (op.map == VecMap::M0f3a) put8(0x3a);
    return put8(op.code);
  }
  const unsigned vvvv = a < 0 ? 15u : ~static_cast<unsigned>(a) & 15u;
  const unsigned not_r = to >= 8 ? 0u : 0x80u;
  if (op.map == VecMap::M0f && !b_extended && !op.wide) {
    put8(0xc5);
    put8(static_cast<uint8_t>(not_r | vvvv << 3 | pp));
  } else {
    put8(0xc4);
    put8(static_cast<uint8_t>(not_r | 0x40u | (b_extended ? 0u : 0x20u) | static_cast<unsigned>(op.map)));
    put8(static_cast<uint8_t>((op.wide ? 0x80u : 0u) | vvvv << 3 | pp));
  }
  put8(op.code);
}

void Assembler::vec(const VecOpcode& op, bool avx, int to, int a, int b) {
  vec_opcode(op, avx, to, a, b >= 8);
  put8(static_cast<uint8_t>(0xc0 | (to & 7) << 3 | (b & 7)));
}

void Assembler::vec_state(const VecOpcode& op, bool avx, int to, int a, int32_t offset) {
  vec_opcode(op, avx, to, a, true);
  size_ = static_cast<size_t>(state_operand(top_ + size_, to, offset) - top_);
}

void Assembler::vec_pool(const VecOpcode& op, bool avx, int to, int a, uint64_t low, uint64_t high,
                         unsigned trailing) {
  vec_opcode(op, avx, to, a, false);
  put8(static_cast<uint8_t>(0x05 | (to & 7) << 3));
  put32(0);
  pool_constant(low, high, trailing);
}

void Assembler::vec_shift(const VecShift& op, bool avx, int to, int from, uint8_t amount) {
  if (avx) {
    vec_opcode({VecPrefix::P66, VecMap::M0f, op.code}, true, 0, to, from >= 8);
    db(0xc0 | op.extension << 3 | (from & 7));
  } else {
    if (to != from) movaps(Xbyak::Xmm(to), Xbyak::Xmm(from));
    vec_opcode({VecPrefix::P66, VecMap::M0f, op.code}, false, 0, -1, to >= 8);
    db(0xc0 | op.extension << 3 | (to & 7));
  }
  db(amount);
}

void Assembler::pool_constant(uint64_t low, uint64_t high, unsigned trailing) {
  const std::array<uint64_t, 2> bits = {low, high};
  const auto found = std::find(pool_.begin(), pool_.end(), bits);
  const auto index = static_cast<uint32_t>(found - pool_.begin());
  if (found == pool_.end()) pool_.push_back(bits);
  pool_uses_.push_back({offset() + trailing, static_cast<uint8_t>(trailing), index});
}

void Assembler::emit_pool() {
  if (pool_.empty()) return;
  while (offset() % 16 != 0) db(0xcc);
  const uint32_t start = offset();
  for (const auto& constant : pool_) {
    dq(constant[0]);
    dq(constant[1]);
  }
  for (const PoolUse& use : pool_uses_)
    set32(use.end - use.trailing - 4, start + 16 * use.constant - use.end);
}

}  // namespace ferry::backend::x64
