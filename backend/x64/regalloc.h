#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/x64/assembler.h"
#include "ir/function.h"

namespace ferry::backend::x64 {

/// Host registers as a set, bit n for the register with encoding n.
using RegMask = uint32_t;
constexpr RegMask mask_of(int reg) { return RegMask{1} << reg; }

inline constexpr int kNoReg = -1;
inline constexpr int kRax = 0, kRcx = 1, kRdx = 2, kRbx = 3, kRsp = 4, kRbp = 5, kR10 = 10;
/// General registers that hold values; the others are pins, the state and the stack pointer.
inline constexpr RegMask kScratchGprs =
    mask_of(kRax) | mask_of(kRcx) | mask_of(kRdx) | mask_of(kRbx) | mask_of(kRbp) | mask_of(kR10);
inline constexpr RegMask kAllXmms = 0xffff;

enum class RegClass : uint8_t { Gpr, Xmm };

/// How a value exists.
enum class ValueKind : uint8_t {
  Plain,       ///< in a register, in a guest register or in a spill slot; perhaps in several of them
  Constant,    ///< known; in a register when it was needed there
  Compare,     ///< an icmp or fcmp not emitted yet: its operands are kept for it
  NotCompare,  ///< the opposite of one
};

/// Where values are, instruction by instruction.
///
/// Protocol: begin_inst() takes the instruction's operands off their use counts and locks their registers;
/// the handler asks for operands, scratch registers and a place for the result, all of which stay untouched
/// until end_inst(), which frees what died and gives the result its place.
class RegAlloc {
 public:
  explicit RegAlloc(Assembler& as) : as_(as) {}

  /// Counts uses, finds dead instructions and results that may be computed right into their pin.
  void begin_function(const ir::Function& fn);
  /// The highest address that an `at` of the function names, or 0.
  uint64_t last_pc() const { return last_pc_; }
  void begin_block();
  void begin_inst(ir::ValueId id);
  /// begin_inst() for an instruction without operands that emits nothing; it needs no end_inst().
  void begin_value(ir::ValueId id);
  void end_inst(ir::ValueId id);

  bool unused(ir::ValueId id) const { return values_[id].uses == 0; }
  /// Whether nobody needs the instruction.
  bool skippable(ir::ValueId id) const;
  /// Lets the operands' registers go before the instruction's end.
  void unlock_all() { gpr_locked_ = xmm_locked_ = 0; }
  struct Locks {
    RegMask gprs, xmms;
  };
  Locks locks() const { return {gpr_locked_, xmm_locked_}; }
  void set_locks(Locks locks) { gpr_locked_ = locks.gprs, xmm_locked_ = locks.xmms; }
  /// Values that did not fit into the spill area: the code is unusable.
  bool overflowed() const { return overflowed_; }

  // -- operands

  ir::Type type(ir::ValueId v) const { return insts_[v].type; }
  ValueKind kind(ir::ValueId v) const { return at(v).kind; }
  /// The icmp or fcmp behind a Compare or NotCompare.
  ir::ValueId comparison(ir::ValueId v) const { return at(v).compare; }
  bool is_const(ir::ValueId v) const { return at(v).kind == ValueKind::Constant; }
  /// The low half of a constant, cut to v's width.
  uint64_t constant(ir::ValueId v) const;
  uint64_t constant_high(ir::ValueId v) const { return fn_->insts[canon(v)].imm2; }
  /// Whether all bits of the register above v's width (I1: above 8 bits) are zero.
  bool clean(ir::ValueId v) const { return values_[v].clean; }
  void set_clean(ir::ValueId v, bool clean) { values_[v].clean = clean; }
  bool same(ir::ValueId a, ir::ValueId b) const { return canon(a) == canon(b); }
  ir::ValueId canon(ir::ValueId v) const { return values_[v].canon; }

  /// The register that holds v now, or kNoReg.
  int reg(ir::ValueId v) const { return reg_of(at(v)); }
  /// v in a register (loaded if necessary), locked.
  int use(ir::ValueId v);
  /// Whether v is in memory only; home() says where, as an offset from the state register.
  bool in_memory(ir::ValueId v) const { return at(v).kind == ValueKind::Plain && reg(v) == kNoReg; }
  /// Whether it is, and `bits` of it can be read there.
  bool readable(ir::ValueId v, unsigned bits) const;
  int32_t home(ir::ValueId v) const;
  /// The offset of the guest register that holds v.
  int32_t row_offset(ir::ValueId v) const { return int32_t{rows_[at(v).row].offset}; }
  /// Whether this instruction is the last that needs v.
  bool dies(ir::ValueId v) const { return at(v).uses == 0; }
  /// Puts v into `to`, which the caller owns, wherever it is.
  void copy_to(int to, ir::ValueId v);

  // -- results and scratch registers

  /// A register for result `id`: the pin it is meant for, else that of dying operand `over` (kNoValue: none),
  /// else any other; never one in `avoid`.
  int define(ir::ValueId id, ir::ValueId over = ir::kNoValue, RegMask avoid = 0);
  /// Result `id` is in `reg`, which the caller owns.
  void define_in(ir::ValueId id, int reg);
  int scratch_gpr(RegMask among = kScratchGprs) { return acquire(RegClass::Gpr, among); }
  int scratch_xmm() { return acquire(RegClass::Xmm, kAllXmms); }
  /// This very register, moving or spilling what is in it; kept from operands that are not yet used.
  void take_gpr(int reg);

  /// Result `id` is the same as `of`, `clean` says whether also above its own width.
  void alias(ir::ValueId id, ir::ValueId of, bool clean);
  void define_constant(ir::ValueId id);
  /// `id` is a comparison to be emitted by its users; `of` is the icmp or fcmp (id itself, or one that id
  /// negates).
  void define_compare(ir::ValueId id, ir::ValueId of, bool negated);
  /// A Compare became a plain value in `reg`, which is locked; its operands are free.
  void materialized(ir::ValueId id, int reg);

  // -- guest registers

  void get_row(ir::ValueId id, ir::RegId row);
  /// Whether `row` holds v already.
  bool row_holds(ir::RegId row, ir::ValueId v) const { return row_value_[row] == canon(v); }
  /// Call before the new value is written to `row`: saves the old one if it is still needed.
  void before_set_row(ir::RegId row);
  /// Call after v was written to `row`.
  void after_set_row(ir::RegId row, ir::ValueId v);
  /// The pin register of a row, or kNoReg.
  int pin_of(ir::RegId row) const { return row_pin_[row]; }

  // -- helper calls

  /// Makes the registers in the masks free for a callee: what is live there goes to memory.
  void clear_for_call(RegMask gprs, bool xmms);
  /// Live values that are nowhere but in guest registers get a place of their own.
  /// `vectors`, `pins`: whether those rows may change, too.
  void detach_rows(bool pins, bool vectors);
  /// v goes to memory (for arguments in each other's way); home(v) is then its place also while in a
  /// register.
  int32_t spill_home(ir::ValueId v);
  bool live_after(ir::ValueId v) const { return at(v).uses != 0; }

 private:
  static constexpr uint16_t kNoRow = 0xffff;
  static constexpr int16_t kNoSlot = -1;

  /// begin_function() fills in the first line, begin_inst() the rest.
  struct Value {
    uint32_t uses, last_use;
    int8_t pin_hint;  ///< 1 + the pin that it is computed for, or 0
    ValueKind kind;
    bool clean;
    bool vector;  ///< lives in vector registers
    int8_t reg;   ///< the host register, other than through `row`
    ir::ValueId canon;
    ir::ValueId compare;  ///< Compare: the icmp or fcmp
    uint16_t row;         ///< the guest register that holds the same, or kNoRow
    int16_t slot;         ///< its spill slot
  };

  Value& at(ir::ValueId v) { return values_[values_[v].canon]; }
  const Value& at(ir::ValueId v) const { return values_[values_[v].canon]; }
  int reg_of(const Value& value) const {
    return value.reg != kNoReg || value.row == kNoRow ? value.reg : row_pin_[value.row];
  }
  RegClass class_of(ir::ValueId v) const { return values_[v].vector ? RegClass::Xmm : RegClass::Gpr; }
  std::array<ir::ValueId, 16>& holders(RegClass c) { return c == RegClass::Gpr ? gpr_value_ : xmm_value_; }
  RegMask& locked(RegClass c) { return c == RegClass::Gpr ? gpr_locked_ : xmm_locked_; }
  RegMask& used(RegClass c) { return c == RegClass::Gpr ? gpr_used_ : xmm_used_; }

  void consume(ir::ValueId canonical) {
    if (--values_[canonical].uses == 0 && dying_count_ < dying_.size()) dying_[dying_count_++] = canonical;
  }
  void begin_operand(ir::ValueId v);
  void release(ir::ValueId canonical);
  void link_row(ir::RegId row, ir::ValueId canonical);
  void unlink_row(ir::ValueId canonical);
  int acquire(RegClass c, RegMask among);
  int pick_victim(RegClass c, RegMask among) const;
  void evict(RegClass c, int reg);
  bool has_copy(const Value& v) const;
  void bind(ir::ValueId canonical, int reg);
  void unbind(ir::ValueId canonical);
  void store_slot(ir::ValueId canonical, int reg);
  int16_t allocate_slot();
  void load(ir::ValueId canonical, int reg);
  void load_constant(ir::ValueId canonical, int reg);
  bool pin_free_for(ir::ValueId id, int pin) const;

  Assembler& as_;
  const ir::Function* fn_ = nullptr;
  const ir::Inst* insts_ = nullptr;
  const ir::StateReg* rows_ = nullptr;
  std::vector<int8_t> row_pin_;  ///< by row: the host register, or kNoReg
  std::vector<Value> values_;
  std::vector<ir::ValueId> row_value_;
  std::vector<ir::RegId> touched_rows_;  ///< those of row_value_ that are not all kNoValue
  std::array<ir::RegId, ir::kPinCount> pin_row_ = {};
  std::array<ir::ValueId, 16> gpr_value_ = {};
  std::array<ir::ValueId, 16> xmm_value_ = {};
  RegMask gpr_locked_ = 0, xmm_locked_ = 0, gpr_used_ = 0, xmm_used_ = 0;
  std::array<int16_t, kSpillSlots> free_slots_ = {};
  unsigned free_slot_count_ = 0;
  int16_t fresh_slot_ = 0;  ///< from here on no slot was ever used in this block
  std::array<ir::ValueId, 24> dying_ = {};
  unsigned dying_count_ = 0;
  ir::ValueId result_ = ir::kNoValue;
  int8_t result_reg_ = kNoReg;
  uint8_t removable_ = 0;  ///< which ops without users may be left out, see regalloc.cpp
  uint64_t last_pc_ = 0;
  bool overflowed_ = false;
};

}  // namespace ferry::backend::x64
