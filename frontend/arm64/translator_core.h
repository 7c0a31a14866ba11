#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "frontend/arm64/branch_type.h"
#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/flags.h"
#include "frontend/arm64/fp_state.h"
#include "frontend/arm64/helpers.h"
#include "frontend/arm64/memory_tags.h"
#include "frontend/arm64/state.h"
#include "frontend/common/region.h"
#include "ir/builder.h"
#include "ir/guest_arch.h"

namespace ferry::arm64 {

/// What every handler of an A64 instruction builds upon: the IR builder, guest registers, flags, memory
/// accesses and the ways to end a block. A handler is `bool NAME(uint32_t field, ...)` and returns whether
/// the block goes on.
///
/// C++ has no partial classes: the handlers of each family extend the class of the family before, see
/// translator.h.
class TranslatorCore {
 public:
  TranslatorCore(const TranslatorCore&) = delete;
  TranslatorCore& operator=(const TranslatorCore&) = delete;

 protected:
  using Value = ir::Value;
  using Type = ir::Type;
  using Op = ir::Op;
  using IntCond = ir::IntCond;
  using FloatCond = ir::FloatCond;
  using MemAccess = ir::MemAccess;
  using Address = ir::Address;

  TranslatorCore(const Cpu& cpu, const ir::BlockKey& key, const ir::TranslateLimits& limits,
                 ir::Function& out);
  ~TranslatorCore() = default;

  // ---- position

  GuestAddr next_pc() const { return pc_ + 4; }
  /// FPCR asks for arithmetic that fadd and its kin do not do (FZ, DN, AHP, FZ16): call helpers instead.
  bool exact_fp() { return (b_.function().mode & kModeExactFp) != 0; }
  /// Accesses are checked for the memory's tags.
  bool checks_tags() { return (b_.function().mode & kModeTagChecks) != 0; }
  /// Indirect branches say what they are (branch_type.h).
  bool guards_branches() { return (b_.function().mode & kModeGuardBranches) != 0; }
  bool in_guarded_page() const { return limits_.code != nullptr && limits_.code->guarded(pc_); }

  // ---- general registers. `n` is 0 to 31; 31 is zr, or sp in the _sp forms. `sf`: 64 bits wide, else 32.

  static Type width(uint32_t sf) { return sf != 0 ? Type::I64 : Type::I32; }
  Value x(uint32_t n) { return n == 31 ? b_.i64(0) : b_.get_reg(x_reg(n), Type::I64); }
  Value x_sp(uint32_t n) { return b_.get_reg(n == 31 ? ir::RegId{SP} : x_reg(n), Type::I64); }
  Value w(uint32_t n) { return n == 31 ? b_.i32(0) : b_.trunc(Type::I32, x(n)); }
  Value w_sp(uint32_t n) { return b_.trunc(Type::I32, x_sp(n)); }
  Value r(uint32_t sf, uint32_t n) { return sf != 0 ? x(n) : w(n); }
  Value r_sp(uint32_t sf, uint32_t n) { return sf != 0 ? x_sp(n) : w_sp(n); }
  /// Writes Xn; an i32 (i16, i8, i1) value is Wn's: zero-extended.
  void set_r(uint32_t n, Value value) {
    if (n != 31) b_.set_reg(x_reg(n), b_.zext(Type::I64, value));
  }
  void set_r_sp(uint32_t n, Value value) {
    b_.set_reg(n == 31 ? ir::RegId{SP} : x_reg(n), b_.zext(Type::I64, value));
  }
  Value konst(uint32_t sf, uint64_t value) {
    return sf != 0 ? b_.i64(value) : b_.i32(static_cast<uint32_t>(value));
  }

  // ---- vector registers

  /// All 128 bits of Vn; its type v16i8 may be used where any 128-bit type is expected.
  Value v(uint32_t n) { return b_.get_reg(v_reg(n), Type::V16I8); }
  /// Writes all 128 bits.
  void set_v(uint32_t n, Value value) { b_.set_reg(v_reg(n), value); }
  /// Writes a vector result; with q = 0 only its low half, the upper half of Vn becoming zero.
  void set_v(uint32_t n, uint32_t q, Value value) {
    b_.set_reg(v_reg(n), q != 0 ? value : b_.unary(Op::zero_upper, value.type, value));
  }
  /// Lane `lane` of Vn as a scalar of `type` (i8 to i64, f16 to f64).
  Value lane(uint32_t n, Type type, unsigned lane) { return b_.unary(Op::extract_lane, type, v(n), lane); }
  /// The scalar Bn, Hn, Sn or Dn.
  Value scalar(uint32_t n, Type type) { return lane(n, type, 0); }
  /// Writes the scalar Bn, Hn, Sn or Dn (by the value's type); the other bits of Vn become zero.
  void set_scalar(uint32_t n, Value value) {
    b_.set_reg(v_reg(n), b_.unary(Op::scalar_to_vec, vector_of(value.type), value));
  }
  static constexpr unsigned kZeroLane = ~0u;
  /// Lane i of the result is lane lane_at(i) of a:b, b's lanes counted on behind a's, or zero for kZeroLane.
  template <typename LaneAt>
  Value pick(Type type, Value a, Value b, LaneAt lane_at) {
    constexpr uint64_t kZeroByte = 0x80;
    const unsigned lane_bytes = ir::lane_bits(type) / 8;
    uint64_t selectors[2] = {};
    for (unsigned i = 0; i < 16; ++i) {
      const unsigned lane = lane_at(i / lane_bytes);
      const uint64_t byte = lane == kZeroLane ? kZeroByte : lane * lane_bytes + i % lane_bytes;
      selectors[i / 8] |= byte << (i % 8 * 8);
    }
    return b_.emit(Op::shuffle, type, {a, b}, selectors[0], selectors[1]);
  }
  /// The 128-bit vector type with lanes of scalar type `type`.
  static Type vector_of(Type type) {
    return ir::is_float(type) ? ir::float_vector_type(ir::bits(type)) : ir::vector_type(ir::bits(type));
  }

  // ---- flags and conditions

  void set_flags_add(Value a, Value b, Value result);
  void set_flags_sub(Value a, Value b, Value result);
  void set_flags_adc(Value a, Value b, Value carry_in, Value result);
  void set_flags_logic(Value result);
  /// Flags of FCMP (FCMPE if signalling) a, b. The comparison raises FP exceptions where it is built.
  void set_flags_float_compare(Value a, Value b, bool signalling);
  /// N Z C V in bits 31 to 28 of an i32.
  void set_flags_packed(Value nzcv);
  /// Makes the flags just set those of a conditional compare: where `guard` (an i1 built by condition()
  /// before the set_flags_ call) is false they are `otherwise` (N Z C V in bits 3 to 0).
  void guard_flags(Value guard, uint32_t otherwise);
  /// Whether `cond` (0 to 15) holds, an i1.
  Value condition(uint32_t cond);
  Value flag_n();
  Value flag_z();
  Value flag_c();
  Value flag_v();
  /// N Z C V in bits 31 to 28 of an i64, other bits zero.
  Value packed_flags();
  /// Builds what is still missing of a floating-point compare's exceptions: before anything that looks at
  /// FPSR.
  void settle_fp_exceptions();
  /// Writes the flags to their rows unless these hold them already.
  void store_flags();
  /// Builds all that the flags need now: a floating-point compare must not be built after a write to FPSR or
  /// FPCR.
  void finish_flags();

  // ---- guest memory. These make sure that a fault shows exact flags; use them instead of the builder's.

  Value load(Type type, Address address, MemAccess access);
  void store(Address address, Value value, MemAccess access);
  Value atomic_rmw(Value address, Value operand, MemAccess access, ir::AtomicKind kind);
  Value cmpxchg(Value address, Value expected, Value desired, MemAccess access);
  /// Base, index and displacement added up.
  Value full_address(Address address);
  /// Before an atomic, exclusive, acquire or release access of `bytes` at `address`: an alignment fault where
  /// the manual has one (AArch64.UnalignedAccessFaults with SCTLR_EL1.nAA = 0).
  void check_alignment(Value address, unsigned bytes);
  void check_alignment(Address address, unsigned bytes);
  /// Before a helper that accesses guest memory (call() does it by itself).
  void before_access();
  /// The base of an access without register offset and write-back: one by SP is not checked (Arm ARM
  /// D10.4.1).
  Value base_address(uint32_t n) {
    if (n == 31) tag_checked_ = false;
    return x_sp(n);
  }
  /// Checks the tags of all that an instruction accesses (for one or a part of it load() and its kin do), and
  /// answers where it is from then on.
  Address check_tags(Address address, unsigned bytes, bool write);
  Value check_tags(Value address, unsigned bytes, bool write) {
    return check_tags(Address{address}, bytes, write).base;
  }

  // ---- helpers (helpers.def)

  Value call(Helper helper, std::initializer_list<Value> args);

  // ---- ends of a block; all return false, a handler's "the block ends here"

  /// An undefined or unsupported instruction, or one the manual makes UNDEFINED at EL0.
  bool illegal() { return trap(ir::TrapKind::Illegal, pc_); }
  bool unallocated() { return illegal(); }
  bool trap(ir::TrapKind kind, GuestAddr resume);
  /// Goes on behind the instruction when the embedder has made the call.
  bool system_call();
  bool jump(GuestAddr target);
  /// To the next instruction, but never to what was translated together with this one.
  bool leave_for_next();
  bool branch_if(Value condition, GuestAddr target);
  /// Else this instruction comes again while Xn is not zero.
  bool branch_or_repeat(Value condition, GuestAddr target, uint32_t n);
  bool jump_indirect(Value target);
  bool call_direct(GuestAddr target);
  bool call_indirect(Value target);
  bool ret(Value target);
  /// By Xn, which may lead to where the region goes on.
  bool jump_by(uint32_t n);
  bool call_by(uint32_t n);
  bool ret_by(uint32_t n);

  ir::Builder b_;
  GuestAddr pc_;             ///< of the current guest instruction
  uint32_t word_ = 0;        ///< its encoding
  bool tag_checked_ = true;  ///< its accesses are checked where the mode says so, and have not been yet

  // ---- for Translator: blocks and exits
  void begin_block(GuestAddr pc);
  void emit_exits();
  /// Ends the current block by going on at `pc`, which may be another block of the region.
  void fall_through(GuestAddr pc);
  /// Adds the guest code that decisions were based upon beyond what was translated.
  void add_peeked_ranges();
  static uint32_t read_word(GuestAddr pc) {
    uint32_t word;
    std::memcpy(&word, reinterpret_cast<const void*>(pc.value), sizeof(word));
    return word;
  }

  /// What is known of indirect branches; nullptr: nothing, or they say what they are and are left alone.
  const ir::CodeView* known_branches() { return guards_branches() ? nullptr : limits_.code; }

  const Cpu& cpu_;
  const ir::TranslateLimits& limits_;
  frontend::Region region_;
  /// Where the function returns to whose copy is being translated; zero: none is (frontend::RegionPlace).
  GuestAddr return_to_{};

 private:
  /// Code at the region's end that leaves for somewhere outside.
  struct Exit {
    enum class How : uint8_t { To, Jump, Call, Return, Repeat, SystemCall };
    frontend::RegionPlace at;  ///< To: the place to go to; else that of the instruction
    How how = How::To;
    uint32_t by = 31;  ///< Xn of an indirect branch, which did not lead to where the region goes on; Repeat:
                       ///< the instruction comes again while Xn is not zero

    bool operator==(const Exit&) const = default;
  };

  /// check_tags() of one of several accesses.
  Address check_part(Address address, unsigned bytes, bool write);
  FlagRecipe& replace_flags(FlagRecipe::Kind kind);
  Value plain_condition(Cond cond);
  Value plain_n();
  Value plain_z();
  Value plain_c();
  Value plain_v();
  /// N xor V, the S row.
  Value plain_s();
  Value guarded(Value inner, bool otherwise);
  Value float_compare(unsigned relations);
  Value packed_bit(unsigned bit);
  void store_flags_if_live();
  void store_flags_for(GuestAddr target);
  /// Whether the code at `pc` certainly sets all flags before it reads any. What this relied upon becomes a
  /// peeked range.
  bool flags_dead_at(GuestAddr pc, unsigned budget);
  bool peek_flags(GuestAddr pc, unsigned budget);
  ir::BlockId block_at(GuestAddr pc) { return block_at({pc, return_to_}); }
  /// The block of the region at `place`, or one that leaves for there.
  ir::BlockId block_at(frontend::RegionPlace place);
  ir::BlockId exit_block(const Exit& exit);
  /// Whether what is being translated is not the copy of a called function.
  bool is_main() const { return return_to_ == GuestAddr{}; }
  /// The region's copy of `function` for the call here, or kNone: a copy calls none.
  uint32_t copy_of(GuestAddr function) const;
  void emit_exit(const Exit& exit);
  void leave_for(frontend::RegionPlace place);
  void leave_indirect(Value target, GuestAddr return_to);
  /// Ends a block with an indirect branch by Xn that is expected to lead to `expected`, a block of the
  /// region.
  bool branch_by(Exit::How how, uint32_t n, GuestAddr expected, ir::BlockId block);

  static constexpr unsigned kMaxPeeked = 6;   ///< pieces of code looked at per translated block, at most
  static constexpr unsigned kPeekBudget = 8;  ///< instructions looked at per question
  FlagRecipe flags_;
  std::vector<Exit> exits_;
  std::pair<GuestAddr, GuestAddr> peeked_[kMaxPeeked];
  unsigned peeked_count_ = 0;
};

}  // namespace ferry::arm64
