#include "backend/runtime/host_access.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

namespace ferry::backend {

namespace {

enum class Map : uint8_t { Primary, Of, Of38, Of3a };  ///< no second byte, 0F, 0F 38, 0F 3A

bool is_one_of(uint8_t value, std::initializer_list<uint8_t> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}
constexpr bool in(uint8_t value, uint8_t first, uint8_t last) { return value >= first && value <= last; }

/// Whether the opcode takes a ModRM operand that is read or written as data.
bool accesses_data(Map map, uint8_t op, uint8_t extension) {
  switch (map) {
    case Map::Primary:
      if (op < 0x40) return (op & 7) < 4;
      if (op == 0xff) return extension < 2;  // the others call, jump and push
      return is_one_of(op, {0x63, 0x69, 0x6b, 0xc0, 0xc1, 0xc6, 0xc7, 0xf6, 0xf7, 0xfe}) ||
             in(op, 0x80, 0x8b) || in(op, 0xd0, 0xd3);
    case Map::Of:
      return in(op, 0x10, 0x17) || in(op, 0x28, 0x2f) || in(op, 0x40, 0x76) || in(op, 0x7c, 0x7f) ||
             in(op, 0x90, 0x9f) || is_one_of(op, {0xa3, 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xaf, 0xb3}) ||
             in(op, 0xb0, 0xb1) || in(op, 0xb6, 0xc7) || op >= 0xd0;
    case Map::Of38:
    case Map::Of3a:
      return true;
  }
  return false;
}

unsigned immediate_bytes(Map map, uint8_t op, uint8_t extension, bool half_operands) {
  const unsigned full = half_operands ? 2 : 4;
  switch (map) {
    case Map::Primary:
      if (is_one_of(op, {0x69, 0x81, 0xc7})) return full;
      if (is_one_of(op, {0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6})) return 1;
      if (op == 0xf6) return extension < 2 ? 1 : 0;
      if (op == 0xf7) return extension < 2 ? full : 0;
      return 0;
    case Map::Of:
      return is_one_of(op, {0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6}) ? 1 : 0;
    case Map::Of38:
      return 0;
    case Map::Of3a:
      return 1;
  }
  return 0;
}

/// Prefixes and opcode, then the operand.
class Decoder {
 public:
  Decoder(const uint8_t* code, HostAccess& out) : start_(code), at_(code), out_(out) {}

  bool run() {
    read_prefixes();
    if (!read_opcode()) return false;
    out_.modrm_at = offset();
    const uint8_t modrm = *at_;
    const auto extension = static_cast<uint8_t>(modrm >> 3 & 7);
    if (!accesses_data(map_, opcode_, extension) || !read_operand(modrm)) return false;
    out_.operand_size = static_cast<uint8_t>(offset() - out_.modrm_at);
    out_.other_regs[0] = static_cast<uint8_t>(extension | (rex_r_ ? 8 : 0));
    out_.length = static_cast<uint8_t>(offset() + immediate_bytes(map_, opcode_, extension, half_operands_));
    return true;
  }

 private:
  uint8_t offset() const { return static_cast<uint8_t>(at_ - start_); }

  void read_prefixes() {
    for (; is_one_of(*at_, {0x66, 0xf0, 0xf2, 0xf3}); ++at_) half_operands_ |= *at_ == 0x66;
    if ((*at_ & 0xf0) != 0x40) return;
    out_.rex_at = static_cast<int8_t>(offset());
    take_rex(*at_);
    if ((*at_ & 8) != 0) half_operands_ = false;
    ++at_;
  }

  void take_rex(uint8_t bits) {
    rex_r_ = (bits & 4) != 0;
    rex_x_ = (bits & 2) != 0;
    rex_b_ = (bits & 1) != 0;
  }

  bool read_opcode() {
    if (*at_ == 0xc4 || *at_ == 0xc5) return out_.rex_at < 0 && read_vex();
    if (*at_ == 0x62) return false;  // EVEX
    opcode_ = *at_++;
    if (opcode_ != 0x0f) return true;
    map_ = *at_ == 0x38 ? Map::Of38 : *at_ == 0x3a ? Map::Of3a : Map::Of;
    if (map_ != Map::Of) ++at_;
    opcode_ = *at_++;
    return true;
  }

  bool read_vex() {
    out_.vex_at = static_cast<int8_t>(offset());
    const bool is_long = *at_ == 0xc4;
    const uint8_t maps = is_long ? at_[1] & 31 : 1;
    if (maps < 1 || maps > 3) return false;
    map_ = static_cast<Map>(maps);
    take_rex(static_cast<uint8_t>(~at_[1] >> 5 & (is_long ? 7 : 4)));
    const uint8_t last = at_[is_long ? 2 : 1];
    out_.other_regs[1] = static_cast<uint8_t>(~last >> 3 & 15);
    at_ += is_long ? 3 : 2;
    opcode_ = *at_++;
    return true;
  }

  bool read_operand(uint8_t modrm) {
    const uint8_t mod = modrm >> 6, rm = modrm & 7;
    if (mod == 3 || (mod == 0 && rm == 5)) return false;  // a register, or relative to rip
    ++at_;
    unsigned disp_bytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (rm == 4) {
      const uint8_t sib = *at_++;
      const auto index = static_cast<int8_t>((sib >> 3 & 7) | (rex_x_ ? 8 : 0));
      out_.scale = sib >> 6;
      if (index != 4) out_.index = index;
      if (mod == 0 && (sib & 7) == 5) {
        disp_bytes = 4;
      } else {
        out_.base = static_cast<int8_t>((sib & 7) | (rex_b_ ? 8 : 0));
      }
    } else {
      out_.base = static_cast<int8_t>(rm | (rex_b_ ? 8 : 0));
    }
    if (disp_bytes == 1) out_.disp = static_cast<int8_t>(*at_);
    if (disp_bytes == 4) std::memcpy(&out_.disp, at_, 4);
    at_ += disp_bytes;
    return true;
  }

  const uint8_t* start_;
  const uint8_t* at_;
  HostAccess& out_;
  Map map_ = Map::Primary;
  uint8_t opcode_ = 0;
  bool half_operands_ = false;
  bool rex_r_ = false, rex_x_ = false, rex_b_ = false;
};

/// A register that no such instruction uses implicitly and that needs no prefix: rsi, rdi or rbp.
unsigned free_register(const HostAccess& access) {
  for (const unsigned candidate : {6u, 7u}) {
    if (access.other_regs[0] != candidate && access.other_regs[1] != candidate) return candidate;
  }
  return 5;
}

}  // namespace

bool decode_host_access(const uint8_t* code, HostAccess& out) {
  out = {};
  return Decoder(code, out).run();
}

unsigned relocate_host_access(const uint8_t* code, const HostAccess& access,
                              std::span<const uint64_t, 16> registers, std::byte* to) {
  const unsigned reg = free_register(access);
  auto* at = reinterpret_cast<uint8_t*>(to);
  std::memcpy(at, code, access.modrm_at);
  if (access.rex_at >= 0) at[access.rex_at] &= static_cast<uint8_t>(~3u);                // X and B
  if (access.vex_at >= 0 && code[access.vex_at] == 0xc4) at[access.vex_at + 1] |= 0x60;  // the same, inverted
  at += access.modrm_at;
  *at++ = static_cast<uint8_t>(0x40 | (code[access.modrm_at] & 0x38) | reg);  // [reg + disp8]
  *at++ = 0;
  const size_t before_immediate = size_t{access.modrm_at} + access.operand_size;
  const size_t immediate = access.length - before_immediate;
  std::memcpy(at, code + before_immediate, immediate);
  at += immediate;

  // mov reg, [rip + 6]; jmp [rip + 8]; the register's value; the address to go on at
  const uint8_t go_on[] = {0x48, 0x8b, static_cast<uint8_t>(0x05 | reg << 3), 6, 0, 0, 0, 0xff, 0x25, 8, 0,
                           0,    0};
  std::memcpy(at, go_on, sizeof(go_on));
  at += sizeof(go_on);
  const uint64_t values[] = {registers[reg], reinterpret_cast<uintptr_t>(code) + access.length};
  std::memcpy(at, values, sizeof(values));
  return reg;
}

}  // namespace ferry::backend
