#pragma once

#define XBYAK_NO_EXCEPTION
#define XBYAK_NO_OP_NAMES
#include <xbyak/xbyak.h>

#include <array>
#include <cstdint>
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

/// The encoder, with the few idioms of translated code that are not one instruction.
class Assembler : public Xbyak::CodeGenerator {
 public:
  Assembler(size_t size, void* buffer) : Xbyak::CodeGenerator(size, buffer) {}

  /// A RuntimeArea field (or any other place) at `offset` from the state register.
  static Xbyak::Address area(int32_t offset) { return Xbyak::util::qword[Xbyak::util::r12 + offset]; }
  static Xbyak::Address area32(int32_t offset) { return Xbyak::util::dword[Xbyak::util::r12 + offset]; }
  static Xbyak::Address area8(int32_t offset) { return Xbyak::util::byte[Xbyak::util::r12 + offset]; }

  /// index = the byte offset into the jump cache of the line for the guest address in `pc` (jump_cache_index()).
  void jump_cache_index(const Xbyak::Reg32& index, const Xbyak::Reg64& pc) {
    static_assert(sizeof(JumpCacheEntry) == 16);
    lea(index, ptr[pc * 4]);
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

  /// A jump whose target is set later by bind(); returns what bind() needs.
  uint32_t jump_later() {
    db(0xe9);
    dd(0);
    return offset();
  }
  /// The same, taken on `condition` (the low four bits of the Jcc opcode).
  uint32_t jump_later(uint8_t condition) {
    db(0x0f);
    db(0x80 | condition);
    dd(0);
    return offset();
  }
  void bind(uint32_t jump) { bind(jump, offset()); }
  void bind(uint32_t jump, uint32_t target) { rewrite(jump - 4, target - jump, 4); }
  void jump_to(uint32_t target) {
    db(0xe9);
    dd(target - (offset() + 4));
  }

  /// `op` on vector registers: to = a op b with AVX, to = to op b without. A negative `a`: the instruction has one source.
  /// An immediate byte is for the caller to append.
  void vec(const VecOpcode& op, bool avx, int to, int a, int b);
  /// The same with b in memory at `offset` from the state register.
  void vec_state(const VecOpcode& op, bool avx, int to, int a, int32_t offset);
  /// The same with a constant as b; `trailing` bytes are going to be appended.
  void vec_pool(const VecOpcode& op, bool avx, int to, int a, uint64_t low, uint64_t high, unsigned trailing = 0);
  void vec_shift(const VecShift& op, bool avx, int to, int from, uint8_t amount);

  /// The operand of an instruction that reads a 16-byte constant; call pool_constant() right after the instruction.
  Xbyak::Address pool_address() const { return ptr[rip]; }
  /// The constant of the instruction whose displacement was just written; `trailing` bytes of it are to come.
  void pool_constant(uint64_t low, uint64_t high, unsigned trailing = 0);
  /// Writes the constants, aligned, and makes their users point at them.
  void emit_pool();

 private:
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
