#pragma once

#define XBYAK_NO_EXCEPTION
#define XBYAK_NO_OP_NAMES
#include <xbyak/xbyak.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backend/runtime/context.h"

namespace ferry::backend::x64 {

enum class VecPrefix : uint8_t { None, P66, Pf3, Pf2 };
enum class VecMap : uint8_t { M0f = 1, M0f38 = 2, M0f3a = 3 };

/// A vector instruction, of which the legacy SSE form and the three-operand AVX form differ in encoding only.
struct VecOpcode {
  VecPrefix prefix = VecPrefix::None;
  VecMap map = VecMap::M0f;
  uint8_t code = 0;
  bool commutes = false;
  bool wide = false;  ///< VEX.W

  constexpr explicit operator bool() const { return code != 0 || map != VecMap::M0f; }
};

/// A lane shift by an immediate: 66 0F code /extension.
struct VecShift {
  uint8_t code;
  uint8_t extension;
};

/// A place in guest memory: base + (index << scale) + disp, without base (-1) an absolute address below 2
/// GiB.
struct Memory {
  int8_t base = -1;
  int8_t index = -1;
  uint8_t scale = 0;
  int32_t disp = 0;

  operator Xbyak::RegExp() const {
    if (base < 0) return Xbyak::RegExp(static_cast<size_t>(disp));
    const Xbyak::RegExp at = Xbyak::Reg64(base) + disp;
    return index < 0 ? at : at + Xbyak::Reg64(index) * (1 << scale);
  }
};

/// The encoder, with the few idioms of translated code that are not one instruction.
class Assembler : public Xbyak::CodeGenerator {
 public:
  Assembler(size_t size, void* buffer) : Xbyak::CodeGenerator(size, buffer) {}

  /// A RuntimeArea field (or any other place) at `offset` from the state register.
  static Xbyak::Address area(int32_t offset) { return Xbyak::util::qword[Xbyak::util::r12 + offset]; }
  static Xbyak::Address area32(int32_t offset) { return Xbyak::util::dword[Xbyak::util::r12 + offset]; }
  static Xbyak::Address area8(int32_t offset) { return Xbyak::util::byte[Xbyak::util::r12 + offset]; }

  /// index = the byte offset into the jump cache of the line for the guest address in `pc`
  /// (jump_cache_index()).
  void jump_cache_index(const Xbyak::Reg32& index, const Xbyak::Reg64& pc) {
    static_assert(sizeof(JumpCacheEntry) == 16);
    imul(index, pc.cvt32(), static_cast<int>(kJumpCacheFactor));
    shr(index, 32 - kJumpCacheBits - 4);
    and_(index, ((1u << kJumpCacheBits) - 1) << 4);
  }

  void set_buffer(size_t size, void* buffer) {
    top_ = static_cast<uint8_t*>(buffer);
    maxSize_ = size;
  }

  /// Starts again at the buffer's beginning.
  void rewind() {
    setSize(0);
    pool_.clear();
    pool_uses_.clear();
  }
  uint32_t offset() const { return static_cast<uint32_t>(getSize()); }

  // -- the forms that make up most code, encoded here without the library's general operands and checks; the
  // buffer has room for any instruction (Emitter::compile). Widths are 32 and 64, bytes where named so.

  /// opcode reg, r/m with a register as r/m (or opcode r/m, reg: the opcode decides).
  void op_reg(uint8_t opcode, int width, int reg, int rm) {
    uint8_t* at = top_ + size_;
    const int rex = (width == 64 ? 8 : 0) | (reg >> 3) << 2 | rm >> 3;
    if (rex != 0) *at++ = static_cast<uint8_t>(0x40 | rex);
    *at++ = opcode;
    *at++ = static_cast<uint8_t>(0xc0 | (reg & 7) << 3 | (rm & 7));
    size_ = static_cast<size_t>(at - top_);
  }
  /// 0F opcode reg, r/m with a register as r/m; `bytes`: they are byte registers.
  void op0f_reg(uint8_t opcode, int width, int reg, int rm, bool bytes = false) {
    uint8_t* at = top_ + size_;
    const int rex = (width == 64 ? 8 : 0) | (reg >> 3) << 2 | rm >> 3;
    if (rex != 0 || (bytes && rm >= 4)) *at++ = static_cast<uint8_t>(0x40 | rex);
    *at++ = 0x0f;
    *at++ = opcode;
    *at++ = static_cast<uint8_t>(0xc0 | (reg & 7) << 3 | (rm & 7));
    size_ = static_cast<size_t>(at - top_);
  }
  /// The same with memory at `offset` from the state register.
  void op_state(uint8_t opcode, int width, int reg, int32_t offset) {
    uint8_t* at = top_ + size_;
    *at++ = static_cast<uint8_t>(0x41 | (width == 64 ? 8 : 0) | (reg >> 3) << 2);
    *at++ = opcode;
    size_ = static_cast<size_t>(state_operand(at, reg, offset) - top_);
  }
  /// op r/m, imm of the add group (`extension`: 0 add, 1 or, 4 and, 5 sub, 6 xor, 7 cmp).
  void op_imm(int extension, int width, int rm, int32_t imm) {
    const bool is_short = imm == static_cast<int8_t>(imm);
    op_reg(is_short ? 0x83 : 0x81, width, extension, rm);
    is_short ? put8(static_cast<uint8_t>(imm)) : put32(static_cast<uint32_t>(imm));
  }
  void move(int to, int from, int width) { op_reg(0x89, width, from, to); }
  void move_constant(int to, uint64_t value) {
    const int high = to >> 3;
    if (value <= UINT32_MAX) {
      if (high) put8(0x41);
      put8(static_cast<uint8_t>(0xb8 | (to & 7)));
      return put32(static_cast<uint32_t>(value));
    }
    if (static_cast<int64_t>(value) == static_cast<int32_t>(value)) {
      op_reg(0xc7, 64, 0, to);
      return put32(static_cast<uint32_t>(value));
    }
    put8(static_cast<uint8_t>(0x48 | high));
    put8(static_cast<uint8_t>(0xb8 | (to & 7)));
    put64(value);
  }
  void load_state(int to, int32_t offset, int width) { op_state(0x8b, width, to, offset); }
  void store_state(int32_t offset, int from, int width) { op_state(0x89, width, from, offset); }
  /// jmp [r12 + offset]
  void jump_state(int32_t offset) { op_state(0xff, 32, 4, offset); }
  /// dword [r12 + offset] = value
  void set_state32(int32_t offset, uint32_t value) {
    op_state(0xc7, 32, 0, offset);
    put32(value);
  }
  /// movups between a vector register and [r12 + offset]; `opcode` 0x10 loads, 0x11 stores.
  void move_vector_state(uint8_t opcode, int reg, int32_t offset) { op0f_state(opcode, reg, offset); }
  /// 0F opcode reg, [r12 + offset]
  void op0f_state(uint8_t opcode, int reg, int32_t offset) {
    uint8_t* at = top_ + size_;
    *at++ = static_cast<uint8_t>(0x41 | (reg >> 3) << 2);
    *at++ = 0x0f;
    *at++ = opcode;
    size_ = static_cast<size_t>(state_operand(at, reg, offset) - top_);
  }
  /// opcode reg, [place]; `opcode` may have 0x0f in its second byte. Prefixes such as 66 go before the call.
  void op_memory(unsigned opcode, int width, int reg, const Memory& place) {
    uint8_t* at = top_ + size_;
    const int base = place.base & 15;
    const int index = place.index & 15;
    const int rex = (width == 64 ? 8 : 0) | (width == 8 && reg >= 4 ? 0x40 : 0) | (reg >> 3) << 2 |
                    (place.index >= 0 ? index >> 3 << 1 : 0) | (place.base >= 0 ? base >> 3 : 0);
    if (rex != 0) *at++ = static_cast<uint8_t>(0x40 | rex);
    if (opcode > 0xff) *at++ = static_cast<uint8_t>(opcode >> 8);
    *at++ = static_cast<uint8_t>(opcode);
    const int field = (reg & 7) << 3;
    const bool is_short = place.disp == static_cast<int8_t>(place.disp);
    const bool has_disp = place.disp != 0 || (base & 7) == 5;
    const bool sib = place.index >= 0 || place.base < 0 || (base & 7) == 4;
    const int mod = place.base < 0 ? 0 : !has_disp ? 0 : is_short ? 0x40 : 0x80;
    *at++ = static_cast<uint8_t>(mod | field | (sib ? 4 : base & 7));
    if (sib) {
      const int scaled = place.index < 0 ? 4 << 3 : place.scale << 6 | (index & 7) << 3;
      *at++ = static_cast<uint8_t>(scaled | (place.base < 0 ? 5 : base & 7));
    }
    std::memcpy(at, &place.disp, 4);
    at += place.base < 0 || mod == 0x80 ? 4 : mod == 0x40 ? 1 : 0;
    size_ = static_cast<size_t>(at - top_);
  }
  void leave_room(size_t bytes) { size_ += bytes; }
  void put8(uint8_t byte) { top_[size_++] = byte; }
  void put32(uint32_t value) { put(value); }
  void put64(uint64_t value) { put(value); }

  /// A jump whose target is set later by bind(); returns what bind() needs.
  uint32_t jump_later() {
    put8(0xe9);
    put32(0);
    return offset();
  }
  /// The same, taken on `condition` (the low four bits of the Jcc opcode).
  uint32_t jump_later(uint8_t condition) {
    put8(0x0f);
    put8(0x80 | condition);
    put32(0);
    return offset();
  }
  void bind(uint32_t jump) { bind(jump, offset()); }
  void bind(uint32_t jump, uint32_t target) { set32(jump - 4, target - jump); }
  void set32(uint32_t at, uint32_t value) { std::memcpy(top_ + at, &value, sizeof(value)); }
  void jump_to(uint32_t target) {
    put8(0xe9);
    put32(target - (offset() + 4));
  }

  /// `op` on vector registers: to = a op b with AVX, to = to op b without. A negative `a`: the instruction
  /// has one source. An immediate byte is for the caller to append.
  void vec(const VecOpcode& op, bool avx, int to, int a, int b);
  /// The same with b in memory at `offset` from the state register.
  void vec_state(const VecOpcode& op, bool avx, int to, int a, int32_t offset);
  /// The same with a constant as b; `trailing` bytes are going to be appended.
  void vec_pool(const VecOpcode& op, bool avx, int to, int a, uint64_t low, uint64_t high,
                unsigned trailing = 0);
  void vec_shift(const VecShift& op, bool avx, int to, int from, uint8_t amount);

  /// The operand of an instruction that reads a 16-byte constant; call pool_constant() right after the
  /// instruction.
  Xbyak::Address pool_address() const { return ptr[rip]; }
  /// The constant of the instruction whose displacement was just written; `trailing` bytes of it are to come.
  void pool_constant(uint64_t low, uint64_t high, unsigned trailing = 0);
  /// Writes the constants, aligned, and makes their users point at them.
  void emit_pool();

 private:
  template <typename T>
  void put(T value) {
    std::memcpy(top_ + size_, &value, sizeof(value));
    size_ += sizeof(value);
  }
  static uint8_t* state_operand(uint8_t* at, int reg, int32_t offset) {
    const bool is_short = offset == static_cast<int8_t>(offset);
    *at++ = static_cast<uint8_t>((is_short ? 0x44 : 0x84) | (reg & 7) << 3);
    *at++ = 0x24;  // SIB: r12 alone
    std::memcpy(at, &offset, 4);
    return at + (is_short ? 1 : 4);
  }

  /// Prefixes and opcode; `b_extended`: VEX.B, REX.B.
  void vec_opcode(const VecOpcode& op, bool avx, int to, int a, bool b_extended);

  struct PoolUse {
    uint32_t end;  ///< of the instruction
    uint8_t trailing;
    uint32_t constant;
  };

  std::vector<std::array<uint64_t, 2>> pool_;
  std::vector<PoolUse> pool_uses_;
};

}  // namespace ferry::backend::x64
