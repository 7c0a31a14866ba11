#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ir/types.h"

namespace ferry::ir {

enum class Op : uint8_t {
#define OP(name, signature, immediate, traits) name,
#include "ir/ops.def"
#undef OP
};

enum class Immediate : uint8_t {
  None,
  Value,
  Reg,
  Cond,
  FCond,
  Amount,
  Mem,
  Atomic,
  Fence,
  Align,
  Round,
  Bytes,
  Half,
  Helper,
  Pc,
  Blocks,
  Call,
  Trap
};

enum class Trait : uint8_t { Pure, FlagsOnly, Marker, ReadsState, WritesState, Reads, Writes, Calls, Ends };

struct OpInfo {
  std::string_view name;
  std::string_view signature;
  Immediate immediate;
  Trait trait;
};

inline constexpr OpInfo kOpInfo[] = {
#define OP(name, signature, immediate, trait) {#name, signature, Immediate::immediate, Trait::trait},
#include "ir/ops.def"
#undef OP
};
inline constexpr unsigned kOpCount = sizeof(kOpInfo) / sizeof(kOpInfo[0]);

constexpr const OpInfo& info(Op op) { return kOpInfo[static_cast<unsigned>(op)]; }

enum class IntCond : uint8_t {
#define INT_COND(name, text) name,
#include "ir/enums.def"
};
/// Bit 0: less, bit 1: equal, bit 2: greater, bit 3: unordered; the condition holds if the relation's bit is
/// set.
enum class FloatCond : uint8_t {
#define FLOAT_COND(name, relations, text) name = relations,
#include "ir/enums.def"
};
enum class AtomicKind : uint8_t {
#define ATOMIC_KIND(name, text) name,
#include "ir/enums.def"
};
enum class FenceKind : uint8_t {
#define FENCE_KIND(name, text) name,
#include "ir/enums.def"
};
/// Why translated code was left by `trap`. InvalidateCode (handled by the engine): the 64-byte line at the
/// address in StateLayout::trap_arg was rewritten. Yield: look at the CPU's mode bits and pending events
/// again, then go on.
enum class TrapKind : uint8_t {
#define TRAP_KIND(name, text) name,
#include "ir/enums.def"
};

/// `imm` of ops with a Round immediate: a fp::Rounding, or this for the mode in force.
inline constexpr uint64_t kRoundCurrent = 0xff;

/// One memory access's shape; packed into `imm` of load, store and atomics.
struct MemAccess {
  int32_t disp = 0;   ///< bytes added to the address
  uint8_t bytes = 8;  ///< 1, 2, 4, 8 or 16
  uint8_t scale = 0;  ///< the index is shifted left by this, 0 to 4
  bool sign_extend = false;
  bool ordered =
      false;  ///< load: acquire; store: release and, with a later acquire, not reordered (store-load)
  bool whole =
      false;  ///< 16 bytes: one access where the address is a multiple of 16, even if only part is used

  constexpr uint64_t pack() const {
    return uint64_t{static_cast<uint32_t>(disp)} | uint64_t{bytes} << 32 | uint64_t{scale} << 40 |
           uint64_t{sign_extend} << 48 | uint64_t{ordered} << 49 | uint64_t{whole} << 50;
  }
  static constexpr MemAccess unpack(uint64_t imm) {
    return {static_cast<int32_t>(static_cast<uint32_t>(imm)),
            static_cast<uint8_t>(imm >> 32),
            static_cast<uint8_t>(imm >> 40),
            (imm >> 48 & 1) != 0,
            (imm >> 49 & 1) != 0,
            (imm >> 50 & 1) != 0};
  }
};

/// A value is the index of the instruction that defines it.
using ValueId = uint32_t;
inline constexpr ValueId kNoValue = ~ValueId{0};

/// One instruction. `args` holds its operands; a helper call's are in Function::call_args from args[0] on,
/// arg_count of them.
struct Inst {
  Op op;
  Type type = Type::Void;  ///< the result's type; for store the value's type, for fcmp/icmp I1
  uint8_t arg_count = 0;
  bool dead = false;  ///< removed by a pass; skipped by everybody
  std::array<ValueId, 3> args = {kNoValue, kNoValue, kNoValue};
  uint64_t imm = 0;
  uint64_t imm2 = 0;

  MemAccess mem() const { return MemAccess::unpack(imm); }
  IntCond cond() const { return static_cast<IntCond>(imm); }
  FloatCond float_cond() const { return static_cast<FloatCond>(imm); }
};

}  // namespace ferry::ir
