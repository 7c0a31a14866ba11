#pragma once

#include <cstdint>

#include "ir/builder.h"

namespace ferry::arm64 {

/// The condition field of an instruction (Arm ARM C1.2.4). Bit 0 inverts, except in Al and Nv, which are both
/// "always".
enum class Cond : uint8_t { Eq, Ne, Cs, Cc, Mi, Pl, Vs, Vc, Hi, Ls, Ge, Lt, Gt, Le, Al, Nv };

/// Whether `cond` holds for the flags `nzcv` (bit 3: N ... bit 0: V).
constexpr bool condition_holds(Cond cond, unsigned nzcv) {
  const bool n = (nzcv & 8) != 0, z = (nzcv & 4) != 0, c = (nzcv & 2) != 0, v = (nzcv & 1) != 0;
  const unsigned base = static_cast<unsigned>(cond) >> 1;
  const bool holds[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
  const bool inverted = (static_cast<unsigned>(cond) & 1) != 0 && base != 7;
  return holds[base] != inverted;
}

/// How the flags were last set: operation and operands instead of four bits. A condition is built straight
/// from it (a compare and its branch become one icmp); rows N, Z, C, S are written only where somebody may
/// look.
struct FlagRecipe {
  enum class Kind : uint8_t {
    Registers,     ///< the rows hold the flags
    Add,           ///< of a + b = result
    Sub,           ///< of a - b = result
    Adc,           ///< of a + b + carry_in = result
    Logic,         ///< N and Z of result; C and V zero
    FloatCompare,  ///< of FCMP a, b (FCMPE if signalling)
    Packed,        ///< result: i32 with N Z C V in bits 31 to 28
  };
  Kind kind = Kind::Registers;
  bool stored = true;       ///< the rows hold these flags too
  bool dead = false;        ///< nobody reads these flags before they are set anew
  bool signalling = false;  ///< FloatCompare: quiet NaNs are invalid operations
  bool raised = true;       ///< FloatCompare: its exception flags have been accumulated
  uint8_t otherwise = 0;    ///< the flags where the guard is false
  ir::Value a, b, carry_in, result;
  ir::Value guard;  ///< CCMP, FCCMP: an i1, or absent
};

/// What an instruction does with the flags, as far as liveness cares.
enum class FlagUse : uint8_t {
  None,
  Reads,   ///< or something not worth knowing better
  Writes,  ///< all four, without reading them
  Jumps,   ///< goes to direct_target() in any case (B, BL)
  Forks,   ///< goes to direct_target() or on, without reading flags (CBZ, TBZ)
};

/// A64 `word`'s use of the flags.
FlagUse flag_use(uint32_t word);

/// The target of B, BL, B.cond, CBZ or TBZ at `pc`.
GuestAddr direct_target(uint32_t word, GuestAddr pc);

}  // namespace ferry::arm64
