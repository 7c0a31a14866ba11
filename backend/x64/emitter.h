#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backend/codegen.h"
#include "backend/engine.h"
#include "backend/x64/assembler.h"
#include "backend/x64/host_features.h"
#include "backend/x64/regalloc.h"

namespace ferry::backend::x64 {

/// Low four bits of the Jcc, SETcc and CMOVcc opcodes; flipping bit 0 gives the opposite.
enum class HostCond : uint8_t {
  O = 0,
  No = 1,
  B = 2,
  Ae = 3,
  E = 4,
  Ne = 5,
  Be = 6,
  A = 7,
  S = 8,
  Ns = 9,
  P = 10,
  Np = 11,
  L = 12,
  Ge = 13,
  Le = 14,
  G = 15
};
constexpr HostCond opposite(HostCond cond) { return static_cast<HostCond>(static_cast<uint8_t>(cond) ^ 1); }

/// Turns one Function into host code: one pass forward over the instructions, a handler per op.
class Emitter {
 public:
  Emitter(const EngineOptions& options, const HostFeatures& features);
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  support::Result<CodeImage> compile(const ir::Function& fn);

 private:
  using Inst = ir::Inst;
  using ValueId = ir::ValueId;
  using Type = ir::Type;

  /// A piece of code out of line (cold.cpp).
  struct Cold {
    enum Kind : uint8_t {
      Poll,
      Hot,
      ResetReturns,
      Return,
      Indirect,
      IndirectCall,
      Zero,
      Negate,
      Slow,
      Misaligned
    } kind;
    uint32_t jumps[2] = {0, 0};  ///< jumps that lead here (jump_later), 0: none
    uint32_t back = 0;           ///< where it goes on
    int8_t reg = 0;
    int8_t width = 0;
    int8_t operands[3] = {kNoReg, kNoReg, kNoReg};
    bool clean[3] = {};
    ValueId inst = 0;
    uint64_t pc = 0;
    uint32_t slot = 0;
  };

#define OP(name, signature, immediate, trait) void on_##name(const Inst& in, ValueId id);
#include "ir/ops.def"
#undef OP

  // -- driver (emitter.cpp)
  void use_layout(const ir::StateLayout& layout);
  void emit_function();
  void emit_block(ir::BlockId block);
  void emit_inst(ValueId id);
  CodeImage finish();
  void emit_slow_call(const Inst& in, ValueId id);

  // -- operands (emitter.cpp)
  static Xbyak::Reg32e r(int reg, Type type) { return r(reg, ir::bits(type) == 64 ? 64 : 32); }
  static Xbyak::Reg32e r(int reg, int width) { return Xbyak::Reg32e(reg, width); }
  static Xbyak::Reg8 r8(int reg) { return Xbyak::Reg8(reg, reg >= 4 && reg < 8); }
  static Xbyak::Xmm x(int reg) { return Xbyak::Xmm(reg); }
  static Xbyak::Address home_address(int32_t offset, unsigned bits);
  /// A value's register, lazily emitted comparisons included.
  int gp(ValueId v);
  int vx(ValueId v) { return ra_.use(v); }
  /// A register whose bits above the value's type are zero: its own, or a scratch one.
  int gp_zero_extended(ValueId v);
  int gp_sign_extended(ValueId v);
  /// A value as a constant that fits an instruction's sign-extended 32-bit immediate.
  bool immediate(ValueId v, int32_t& imm) const;
  void materialize(ValueId v);

  // -- what the flags hold
  struct Flags {
    uint32_t end = 0;          ///< offset behind the instruction that set them
    ValueId a = ir::kNoValue;  ///< a - b was computed (kNoValue: no subtraction was)
    ValueId b = ir::kNoValue;
    Type type = Type::Void;         ///< of both operands
    ValueId result = ir::kNoValue;  ///< the zero and sign flags are those of this value
    Type result_type = Type::Void;
  };
  void flags_are_compare(ValueId a, ValueId b, Type type);
  void flags_are_result(ValueId v, Type type);
  void clobber_flags() { flags_ = {}; }
  bool flags_compare(ValueId a, ValueId b, Type type) const;
  bool equal_operands(ValueId a, ValueId b) const;

  // -- integers (emit_int.cpp)
  void set_unpinned(ir::RegId row, ValueId v, bool compare);
  /// By the number that the instruction set gives the operation.
  enum class Alu : uint8_t { Add = 0, Or = 1, And = 4, Sub = 5, Xor = 6, Cmp = 7 };
  void alu(Alu op, int width, int to, int from);
  /// The same with the second operand in memory where it can stay there.
  void alu_rm(Alu op, int width, int to, ValueId v);
  void lea(int width, int to, const Memory& from) { as_.op_memory(0x8d, width, to, from); }
  void commutative(Alu op, const Inst& in, ValueId id);
  void subtract(const Inst& in, ValueId id);
  /// Whether one of the next instructions compares a with b: the flags of a - b are then worth having.
  bool compared_soon(ValueId a, ValueId b, ValueId id) const;
  enum class Shift : uint8_t { Left, LogicalRight, ArithmeticRight, RotateRight };
  void shift(Shift op, const Inst& in, ValueId id);
  void shift_by_constant(Shift op, const Inst& in, ValueId id, int amount);
  void shift_by_cl(Shift op, const Inst& in, ValueId id);
  void divide(const Inst& in, ValueId id, bool is_signed);
  void multiply_high(const Inst& in, ValueId id, bool is_signed);
  void min_max(const Inst& in, ValueId id, HostCond keep_first);
  void add_with_carry_flag(const Inst& in, ValueId id, HostCond flag);
  void reverse_bits(int reg, int temp, int mask, int width);

  // -- conditions (emit_compare.cpp)
  /// Emits what makes `v` (an I1) true exactly under the returned condition.
  HostCond condition(ValueId v);
  HostCond compare(ValueId icmp);
  void compare_narrow(ValueId a, ValueId b, unsigned bits);
  HostCond compare_ints(const Inst& in);
  HostCond compare_floats(const Inst& in);
  bool single_condition(ValueId v) const;
  void set_condition(int to, HostCond cond);
  void conditional_move(HostCond cond, int width, int to, int from);
  void select_vector(const Inst& in, ValueId id);

  // -- memory (emit_memory.cpp)
  Memory address(ValueId base, ValueId index, const ir::MemAccess& m);
  template <typename F>
  void guarded(F&& access);
  void load_int(int to, const Memory& from, unsigned bytes, bool sign_extend, int width);
  void store_value(const Memory& to, ValueId v, unsigned bytes);
  void store_ordered(const Memory& to, ValueId v, unsigned bytes);
  void full_fence();
  void compare_exchange_vector(const Inst& in, ValueId id);
  void rmw_loop(const Inst& in, ValueId id, const Memory& at, unsigned bytes);
  static Xbyak::Address sized(const Memory& at, unsigned bytes);
  static Xbyak::Reg sized_reg(int reg, unsigned bytes);
  void zero_extend_result(int reg, unsigned bytes);

  // -- vectors (emit_vector.cpp, emit_lanes.cpp, emit_shuffle.cpp)
  /// to = a op b. Without AVX `to` must not be b's register unless the op commutes.
  void vec3(const VecOpcode& op, int to, int a, int b);
  void vec1(const VecOpcode& op, int to, int from) { as_.vec(op, host_.avx, to, kNoReg, from); }
  void vec1(const VecOpcode& op, int to, int from, uint8_t imm) {
    as_.vec(op, host_.avx, to, kNoReg, from), as_.db(imm);
  }
  void vec3(const VecOpcode& op, int to, int a, int b, uint8_t imm) { vec3(op, to, a, b), as_.db(imm); }
  /// to = a op constant.
  void vec3_pool(const VecOpcode& op, int to, int a, uint64_t low, uint64_t high);
  void vec_shift_imm(const VecShift& op, int to, int from, int amount);
  static VecOpcode vec_op(ir::Op op, Type type);
  void vec_binary(const VecOpcode& op, ValueId a, ValueId b, ValueId id);
  /// What the host has an instruction for.
  void vec_by_lanes(const Inst& in, ValueId id);
  void vec_min_max(const Inst& in, ValueId id);
  void add_saturating_unsigned(const Inst& in, ValueId id);
  void subtract_saturating_unsigned(const Inst& in, ValueId id);
  void saturating_signed(const Inst& in, ValueId id);
  void spread_sign(int to, int from, int temp, bool wide);
  void compare_doublewords_unsigned(int to, int a, int b);
  void load_pool(int to, uint64_t low, uint64_t high);
  void narrow_clamped(const Inst& in, ValueId id);
  /// to = mask ? a : to, bit by bit; `a` is lost.
  void vec_select(int to, int mask, int a);
  void vec_abs(const Inst& in, ValueId id);
  void vec_mul_bytes(const Inst& in, ValueId id);
  void vec_clz(const Inst& in, ValueId id);
  void vec_rbit(const Inst& in, ValueId id);
  void vec_popcnt(const Inst& in, ValueId id);
  int nibble_lookup(const Inst& in, ValueId id, const uint64_t (&low_table)[2],
                    const uint64_t (&high_table)[2], const VecOpcode& join);
  void vec_move(int to, int from);
  void vec_zero(int to);
  void vec_ones(int to);
  void vec_invert(int to);
  void vec_compare(const Inst& in, ValueId id);
  void shift_lanes(const Inst& in, ValueId id, Shift op);
  void widen(const Inst& in, ValueId id, bool is_signed);
  void widen_half(int to, int from, unsigned lane, bool high, bool is_signed);
  void multiply_wide(const Inst& in, ValueId id, bool is_signed);
  void pack(const Inst& in, ValueId id, const VecOpcode& op, bool clamp);
  void shift_lanes_by(const Inst& in, ValueId id, Shift op);
  void shift_words_by(const Inst& in, ValueId id, Shift op);
  void splat_constant(const Inst& in, ValueId id);
  void extract_from_memory(const Inst& in, ValueId id);
  bool shuffle_one(const uint8_t (&bytes)[16], ValueId v, ValueId id);
  bool shuffle_zeroing(const uint8_t (&bytes)[16], ValueId v, ValueId id);
  bool shuffle_two(const uint8_t (&bytes)[16], ValueId a, ValueId b, ValueId id);

  // -- cryptography (emit_crypto.cpp)
  void aes_round(const VecOpcode& op, const Inst& in, ValueId id);
  void sha_step(const VecOpcode& op, const Inst& in, ValueId id);

  // -- floating point (emit_fp.cpp, emit_fp_convert.cpp)
  void fp_binary(uint8_t opcode, const Inst& in, ValueId id);
  void fp_min_max(const Inst& in, ValueId id, bool is_max);
  /// Takes the slow path of `in` where its result is a NaN.
  void check_nan(const Inst& in, ValueId id, int result);
  void tell_underflow(const Inst& in, ValueId id, int result);
  void check_mask(const Inst& in, ValueId id, int result, int mask);
  void finish_slow(Cold& c, uint32_t jump);
  void ucomis(Type lane, int a, int b);
  bool fp_exact_on_host() const { return fn_->nan_rule == ir::NanRule::X86; }
  void float_to_int(const Inst& in, ValueId id, bool is_signed);
  void int_to_float(const Inst& in, ValueId id, bool is_signed);
  void floats_to_ints(const Inst& in, ValueId id, bool is_signed);
  void ints_to_floats(const Inst& in, ValueId id, bool is_signed);
  void scale_by_fraction(const Inst& in, int to);

  static uint8_t avx_predicate(const Inst& in);

  // -- half precision (emit_half.cpp)
  static bool is_half(Type type) { return ir::is_half(type); }
  bool halves_on_host() const { return host_.f16c && host_.avx2; }
  void widen_halves(int to, int from, Type halves);
  /// A scratch register with an operand's halves as singles; a scalar in four lanes.
  int singles_of(const Inst& in, unsigned index);
  void half_result(const Inst& in, ValueId id, int singles);
  void half_arithmetic(const Inst& in, ValueId id);
  void half_round(const Inst& in, ValueId id, uint8_t control);
  void half_fma(const Inst& in, ValueId id);
  void narrow_sticky(int to, const Xbyak::Xmm& doubles);
  void half_min_max(const Inst& in, ValueId id, bool is_max);
  void half_compare(const Inst& in, ValueId id);
  void narrow_scalar(const Inst& in, ValueId id);
  void widen_scalar(const Inst& in, ValueId id);
  void widen_floats(const Inst& in, ValueId id, bool raw);
  void halves_to_ints(const Inst& in, ValueId id, bool is_signed);
  void int_to_half(const Inst& in, ValueId id, bool is_signed);
  void ints_to_halves(const Inst& in, ValueId id, bool is_signed);

  // -- control (emit_control.cpp)
  void store_pc(GuestAddr pc, int temp);
  void exit_with(ExitKind kind);
  void jump_to_block(ir::BlockId to, ir::BlockId next);
  void jump_to_block_if(HostCond cond, ir::BlockId to);
  void compare_interrupt();
  void poll(GuestAddr resume);
  uint32_t new_slot(GuestAddr pc);
  /// The displacement that ends (but for `trailing` bytes) the instruction just emitted is to be that of
  /// slot `slot`, of its counter, or of the profile.
  void fix(uint32_t slot, ImageFixup::Target target = ImageFixup::Target::Slot, uint8_t trailing = 0);
  void count_edge(uint32_t slot);
  void jump_slot(uint32_t slot);
  void profile_branch();
  void leave_by_rax();
  void leave_indirect(ValueId target);
  /// rcx = the byte offset of the jump cache's line for the guest address in rax; elsewhere if it is not
  /// there, or when an interrupt is wanted.
  void look_up_rax(Cold::Kind miss);
  void push_return(GuestAddr back);
  bool polls(ir::BlockId to) const;
  bool goes_back(GuestAddr target) const { return target <= last_pc_; }
  bool hot_counters() const { return options_.kind == EngineKind::Auto; }

  // -- helper calls (emit_call.cpp)
  void move_arguments(const ir::HelperInfo& helper, std::span<const ValueId> args);
  void save_pins(RegMask which);
  void load_pins(RegMask which);
  /// Puts arguments that would be in each other's way into memory.
  void stage_arguments(std::span<const ValueId> args, RegMask saved);
  void zero_extend_argument(int reg, Type type);

  // -- code out of line (cold.cpp)
  Cold& cold(Cold::Kind kind);
  void emit_cold(const Cold& c);
  void emit_cold_slow(const Cold& c);
  /// The slow path of instruction `id` whose result is in `result`: jump there with the returned record's
  /// jumps.
  Cold& cold_slow(const Inst& in, ValueId id, int result);
  void slow_store(unsigned index, Type type, int reg);
  void slow_invoke(const Inst& in);
  void slow_result(Type type, int reg);

  EngineOptions options_;
  HostFeatures host_;
  size_t buffer_bytes_;
  std::unique_ptr<std::byte[]> buffer_;
  Assembler as_;
  RegAlloc ra_{as_};
  const ir::Function* fn_ = nullptr;

  Flags flags_;
  GuestAddr current_pc_;
  GuestAddr last_pc_;  ///< the highest guest instruction of the function
  ir::BlockId block_ = 0;
  int32_t pc_offset_ = 0;  ///< of the state's program counter

  struct Pin {
    int reg;
    Type type;
    int32_t home;
  };
  const ir::StateLayout* layout_ = nullptr;
  std::vector<Pin> pins_;  ///< of layout_

  static constexpr int32_t kNotStaged = INT32_MIN;
  std::array<int32_t, 14> staged_ =
      {};  ///< where the arguments of the call under way lie, from the state register

  std::vector<ImageSlot> slots_;
  std::optional<GuestAddr> profiled_;  ///< the indirect branch that writes where it leads
  std::vector<ImageFixup> fixups_;
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges_;
  std::vector<Cold> cold_;
  std::vector<FaultPoint> faults_;
  std::vector<uint32_t> block_start_;
  struct BlockJump {
    uint32_t jump;
    ir::BlockId to;
  };
  std::vector<BlockJump> block_jumps_;
};

template <typename F>
void Emitter::guarded(F&& access) {
  const uint32_t start = as_.offset();
  access();
  faults_.push_back({start, as_.offset() - start, current_pc_});
}

}  // namespace ferry::backend::x64
