#pragma once

#include <cstddef>
#include <cstdint>

#include "ir/state_layout.h"
#include "ir/system_call.h"

namespace ferry::arm64 {

/// A 128-bit vector register, low half first.
struct alignas(16) Vec {
  uint64_t lo;
  uint64_t hi;
};

/// A key of pointer authentication (APIAKey_EL1...). `field`: the bits of a pointer that hold its code, or 0
/// while the key is disabled (SCTLR_EL1.EnIA...), which makes signing and authenticating do nothing.
/// `multiplier` is odd.
struct PointerKey {
  uint64_t addend;
  uint64_t multiplier;
  uint64_t field;
};
enum PointerKeyId : uint8_t { kKeyIA, kKeyIB, kKeyDA, kKeyDB, kKeyGA, kPointerKeys };
/// With 48-bit addresses and top-byte-ignore a pointer's authentication code is in bits 54 to 48; bit 55 says
/// to which half of the address space it points (Arm ARM D8.10.2).
inline constexpr uint64_t kPointerCodeField = 0x007f'0000'0000'0000;

class MemoryTags;

/// SCTLR_EL1.TCF0: what an access does whose pointer has not the memory's tag.
enum class TagChecks : uint8_t { None, Synchronous, Asynchronous };

/// Memory tagging (FEAT_MTE2). All zero is how Linux starts a program.
struct TagControl {
  MemoryTags* memory;  ///< the process's, or null: no memory is tagged
  uint64_t random;     ///< how many random tags IRG has made, in place of RGSR_EL1
  uint16_t allowed;    ///< the complement of GCR_EL1.Exclude: the tags that IRG, ADDG and SUBG may choose
  TagChecks checks;
};

/// The CPU state of an AArch64 program at EL0. Flags: `s` is N xor V ("signed less"), because the conditions
/// that compilers use most then need one flag (LT) or two that LLVM folds back into one compare (GT, LE); V
/// is n ^ s.
struct State {
  uint64_t x[31];
  uint64_t sp;
  uint64_t pc;
  uint8_t n, z, c, s;
  uint32_t fpcr;
  uint32_t fpsr;  ///< cumulative flags not counting those still in the host's MXCSR, nor QC (see qc)
  uint32_t
      guards_branches;  ///< the process has guarded pages (FEAT_BTI): see branch_type.h. Never taken back
  uint64_t tpidr_el0;
  uint64_t trap_arg;
  uint64_t exclusive_address;  ///< kNoExclusive: no monitor armed
  uint64_t exclusive_version;
  Vec exclusive_value;
  Vec qc;  ///< not all zeros: FPSR.QC is set. A saturating instruction ORs in where its lanes were cut
  Vec v[32];
  PointerKey pointer_keys[kPointerKeys];
  uint32_t watches_fpsr;  ///< the thread has looked at FPSR once: its flags are exact from then on
  uint32_t pstate;  ///< PSTATE.DIT, SSBS and TCO in their places (kPstate...); only TCO affects execution
  TagControl tags;
  ir::SystemCall system_call;  ///< null: the embedder makes all system calls between runs
  // The upper parts of SVE's Z registers and its predicates will follow here: offsets above stay as they are.

  static constexpr uint32_t kPstateTco = uint32_t{1} << 25;
  static constexpr uint32_t kPstateDit = uint32_t{1} << 24;
  static constexpr uint32_t kPstateSsbs = uint32_t{1} << 12;
  static constexpr uint32_t kFpsrQc = uint32_t{1} << 27;
  /// FPSR.QC in its place; whoever shows FPSR to the guest or its debugger ORs it into the other flags.
  uint32_t fpsr_qc() const { return (qc.lo | qc.hi) != 0 ? kFpsrQc : 0; }
  /// Takes QC from a value that the guest writes to FPSR (the fpsr member keeps none of it).
  void set_fpsr_qc(uint32_t fpsr_value) { qc = {fpsr_value & kFpsrQc, 0}; }

  uint32_t nzcv() const {
    return uint32_t{n} << 31 | uint32_t{z} << 30 | uint32_t{c} << 29 |
           uint32_t{static_cast<uint8_t>(n ^ s)} << 28;
  }
  void set_nzcv(uint32_t value) {
    n = value >> 31 & 1;
    z = value >> 30 & 1;
    c = value >> 29 & 1;
    s = n ^ (value >> 28 & 1);
  }
};

inline constexpr uint64_t kNoExclusive = ~uint64_t{0};

/// Rows of the state layout.
enum Reg : ir::RegId {
#define REG(name, text, type, member, pin) name,
#include "frontend/arm64/state.def"
#undef REG
};

/// x0 to x30; 31 is not one of them (sp or zr, as the instruction says).
constexpr ir::RegId x_reg(unsigned n) { return static_cast<ir::RegId>(X0 + n); }
constexpr ir::RegId v_reg(unsigned n) { return static_cast<ir::RegId>(V0 + n); }
/// The three rows of a key follow each other.
struct PointerKeyRegs {
  ir::RegId addend, multiplier, field;
};
constexpr PointerKeyRegs pointer_key_regs(PointerKeyId key) {
  const auto first = static_cast<ir::RegId>(APIA_ADDEND + key * 3);
  return {first, static_cast<ir::RegId>(first + 1), static_cast<ir::RegId>(first + 2)};
}

const ir::StateLayout& state_layout();

}  // namespace ferry::arm64
