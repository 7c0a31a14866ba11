#include "backend/x64/regalloc.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ir/support/bits.h"

namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::Op;
using ir::Trait;
using ir::ValueId;
using Xbyak::Reg32;
using Xbyak::Xmm;

namespace {

/// What begin_function() asks of an op.
enum OpFlag : uint8_t {
  kRemovable = 1,              ///< may be left out when nobody uses the result
  kRemovableWithoutFlags = 2,  ///< the same where FP exception flags do not count
  kBarrier = 4,                ///< the guest registers must be exact there
  kRow = 8,                    ///< reads or writes a guest register
  kPosition = 16,              ///< `at`
};

constexpr auto kOpFlags = [] {
  std::array<uint8_t, ir::kOpCount> flags{};
  for (unsigned i = 0; i < ir::kOpCount; ++i) {
    switch (ir::kOpInfo[i].trait) {
      case Trait::Pure:
        flags[i] = kRemovable | kRemovableWithoutFlags;
        break;
      case Trait::ReadsState:
        flags[i] = kRemovable | kRemovableWithoutFlags | kRow;
        break;
      case Trait::FlagsOnly:
        flags[i] = kRemovableWithoutFlags;
        break;
      case Trait::WritesState:
        flags[i] = kRow;
        break;
      case Trait::Reads:
      case Trait::Writes:
      case Trait::Calls:
      case Trait::Ends:
        flags[i] = kBarrier;
        break;
      case Trait::Marker:
        flags[i] = kPosition;
        break;
    }
  }
  return flags;
}();

constexpr uint8_t flags_of(Op op) { return kOpFlags[static_cast<unsigned>(op)]; }

constexpr int32_t slot_offset(int slot) { return FERRY_AREA_OFFSET(spill) + 16 * slot; }

}  // namespace

// ---- per function, block, instruction

void RegAlloc::begin_function(const ir::Function& fn) {
  fn_ = &fn;
  insts_ = fn.insts.data();
  removable_ = fn.ignore_fp_flags ? kRemovableWithoutFlags : kRemovable;
  overflowed_ = false;
  const auto count = static_cast<ValueId>(fn.insts.size());
  if (values_.size() < count) values_.resize(count + count / 2);
  std::memset(values_.data(), 0, count * sizeof(Value));
  if (rows_ != fn.layout->regs.data()) {
    rows_ = fn.layout->regs.data();
    touched_rows_.clear();
    gpr_value_.fill(kNoValue);
    xmm_value_.fill(kNoValue);
    row_value_.assign(fn.layout->regs.size(), kNoValue);
    row_pin_.assign(fn.layout->regs.size(), kNoReg);
    for (size_t row = 0; row < fn.layout->regs.size(); ++row) {
      const int8_t pin = rows_[row].pin;
      if (pin == ir::kNoPin) continue;
      pin_row_[static_cast<size_t>(pin)] = static_cast<ir::RegId>(row);
      row_pin_[row] = static_cast<int8_t>(kPinRegs[pin]);
    }
  }
  // Backward: what is needed, until when, and which results nothing separates from the set_reg of their pin.
  last_pc_ = 0;
  std::array<ValueId, ir::kPinCount> for_pin;
  for_pin.fill(kNoValue);
  for (ValueId i = count; i-- > 0;) {
    const ir::Inst& inst = insts_[i];
    Value& value = values_[i];
    const uint8_t flags = flags_of(inst.op);
    if (inst.dead || (value.uses == 0 && (flags & removable_))) continue;
    if (value.pin_hint != 0) {
      ValueId& wanted = for_pin[static_cast<size_t>(value.pin_hint - 1)];
      if (wanted != i) {
        value.pin_hint = 0;
      } else {
        wanted = kNoValue;
        if (inst.op == Op::zext) {
          wanted = inst.args[0];
          values_[wanted].pin_hint = value.pin_hint;
        }
      }
    }
    if (flags & kPosition) {
      last_pc_ = std::max(last_pc_, inst.imm);
      continue;
    }
    if (flags & kBarrier) for_pin.fill(kNoValue);
    if (flags & kRow) {
      const int8_t pin = rows_[inst.imm].pin;
      if (pin != ir::kNoPin) {
        const bool sets = inst.op == Op::set_reg;
        for_pin[static_cast<size_t>(pin)] = sets ? inst.args[0] : kNoValue;
        if (sets) values_[inst.args[0]].pin_hint = static_cast<int8_t>(pin + 1);
      }
    }
    const auto count_use = [this, i](ValueId arg) {
      if (arg == kNoValue) return;
      Value& operand = values_[arg];
      if (operand.uses++ == 0) operand.last_use = i;
    };
    if (inst.op == Op::call) {
      for (const ValueId arg : fn.operands(inst)) count_use(arg);
    } else {
      for (const ValueId arg : inst.args) count_use(arg);
    }
  }
}

bool RegAlloc::skippable(ValueId id) const {
  const ir::Inst& inst = insts_[id];
  return inst.dead || (values_[id].uses == 0 && (flags_of(inst.op) & removable_));
}

void RegAlloc::begin_block() {
  for (const ir::RegId row : touched_rows_) row_value_[row] = kNoValue;
  touched_rows_.clear();
  for (RegMask rest = gpr_used_; rest != 0; rest &= rest - 1) gpr_value_[std::countr_zero(rest)] = kNoValue;
  for (RegMask rest = xmm_used_; rest != 0; rest &= rest - 1) xmm_value_[std::countr_zero(rest)] = kNoValue;
  gpr_used_ = xmm_used_ = gpr_locked_ = xmm_locked_ = 0;
  free_slot_count_ = 0;
  fresh_slot_ = 0;
  dying_count_ = 0;
  result_ = kNoValue;
}

void RegAlloc::begin_value(ValueId id) {
  Value& value = values_[id];
  value.vector = ir::in_vector_register(insts_[id].type);
  value.reg = kNoReg;
  value.canon = id;
  value.row = kNoRow;
  value.slot = kNoSlot;
}

void RegAlloc::begin_inst(ValueId id) {
  begin_value(id);
  gpr_locked_ = xmm_locked_ = 0;
  const ir::Inst& inst = insts_[id];
  if (inst.op == Op::call) {
    for (const ValueId arg : fn_->operands(inst)) begin_operand(arg);
  } else {
    for (const ValueId arg : inst.args) {
      if (arg != kNoValue) begin_operand(arg);
    }
  }
}

void RegAlloc::begin_operand(ValueId v) {
  const ValueId canonical = values_[v].canon;
  consume(canonical);
  const Value& value = values_[canonical];
  const int r = reg_of(value);
  if (r != kNoReg) (value.vector ? xmm_locked_ : gpr_locked_) |= mask_of(r);
}

void RegAlloc::end_inst(ValueId id) {
  for (unsigned i = 0; i < dying_count_; ++i) {
    if (values_[dying_[i]].uses == 0) release(dying_[i]);
  }
  dying_count_ = 0;
  if (result_ != id) return;
  result_ = kNoValue;
  const int r = result_reg_;
  if (class_of(id) == RegClass::Gpr && !(kScratchGprs & mask_of(r))) {
    const auto pin =
        static_cast<size_t>(std::find(std::begin(kPinRegs), std::end(kPinRegs), r) - std::begin(kPinRegs));
    const ValueId old = row_value_[pin_row_[pin]];
    if (old != kNoValue) unlink_row(old);
  }
  if (values_[id].uses != 0) bind(id, r);
}

void RegAlloc::release(ValueId canonical) {
  Value& value = values_[canonical];
  if (value.kind == ValueKind::Compare || value.kind == ValueKind::NotCompare) {
    value.kind = ValueKind::Plain;
    for (ValueId arg : fn_->operands(insts_[value.compare])) {
      const ValueId operand = values_[arg].canon;
      if (--values_[operand].uses == 0) release(operand);
    }
  }
  if (value.reg != kNoReg) unbind(canonical);
  if (value.slot != kNoSlot) {
    free_slots_[free_slot_count_++] = value.slot;
    value.slot = kNoSlot;
  }
}

// ---- operands

uint64_t RegAlloc::constant(ValueId v) const {
  return insts_[canon(v)].imm & support::low_mask(std::min(ir::bits(type(v)), 64u));
}

bool RegAlloc::readable(ValueId v, unsigned bits) const {
  const Value& value = at(v);
  return in_memory(v) && (value.slot != kNoSlot || ir::bytes(rows_[value.row].type) * 8 >= bits);
}

int32_t RegAlloc::home(ValueId v) const {
  const Value& value = at(v);
  return value.slot != kNoSlot ? slot_offset(value.slot) : int32_t{rows_[value.row].offset};
}

int RegAlloc::use(ValueId v) {
  const RegClass c = class_of(v);
  int r = reg(v);
  if (r == kNoReg) {
    r = acquire(c, c == RegClass::Gpr ? kScratchGprs : kAllXmms);
    load(canon(v), r);
    bind(canon(v), r);
  }
  locked(c) |= mask_of(r);
  return r;
}

void RegAlloc::copy_to(int to, ValueId v) {
  const int from = reg(v);
  if (from == to) return;
  if (from == kNoReg || is_const(v)) return load(canon(v), to);
  if (class_of(v) == RegClass::Xmm) return as_.movaps(Xmm(to), Xmm(from));
  as_.move(to, from, ir::bits(type(v)) <= 32 ? 32 : 64);
}

void RegAlloc::load(ValueId canonical, int r) {
  const Value& value = values_[canonical];
  const bool vector = class_of(canonical) == RegClass::Xmm;
  if (value.kind == ValueKind::Constant) return load_constant(canonical, r);
  const int32_t from = home(canonical);
  if (vector) return as_.move_vector_state(0x10, r, from);
  if (value.slot != kNoSlot) return as_.load_state(r, from, 64);
  switch (rows_[value.row].type) {
    case ir::Type::I1:
      return as_.movzx(Reg32(r), Assembler::area8(from));
    case ir::Type::I32:
      return as_.load_state(r, from, 32);
    default:
      return as_.load_state(r, from, 64);
  }
}

void RegAlloc::load_constant(ValueId canonical, int r) {
  const ir::Inst& inst = insts_[canonical];
  if (class_of(canonical) == RegClass::Gpr) {
    return as_.move_constant(r, inst.imm);  // mov even for 0: flags may be live
  }
  const uint64_t high = ir::is_vector(inst.type) ? inst.imm2 : 0;
  if ((inst.imm | high) == 0) return as_.xorps(Xmm(r), Xmm(r));
  if ((inst.imm & high) == ~uint64_t{0}) return as_.pcmpeqd(Xmm(r), Xmm(r));
  as_.movaps(Xmm(r), as_.pool_address());
  as_.pool_constant(inst.imm, high);
}

// ---- registers

void RegAlloc::bind(ValueId canonical, int r) {
  const RegClass c = class_of(canonical);
  holders(c)[static_cast<size_t>(r)] = canonical;
  used(c) |= mask_of(r);
  values_[canonical].reg = static_cast<int8_t>(r);
}

void RegAlloc::unbind(ValueId canonical) {
  const RegClass c = class_of(canonical);
  Value& value = values_[canonical];
  holders(c)[static_cast<size_t>(value.reg)] = kNoValue;
  used(c) &= ~mask_of(value.reg);
  value.reg = kNoReg;
}

bool RegAlloc::has_copy(const Value& v) const {
  return v.kind == ValueKind::Constant || v.slot != kNoSlot || v.row != kNoRow;
}

int RegAlloc::acquire(RegClass c, RegMask among) {
  const RegMask open = among & ~locked(c);
  RegMask candidates = open & ~used(c);
  int r;
  if (candidates != 0) {
    r = std::countr_zero(candidates);
  } else if (open != 0) {
    r = pick_victim(c, open);
    evict(c, r);
  } else {
    overflowed_ = true;  // a handler asked for more than there is
    r = std::countr_zero(among);
  }
  locked(c) |= mask_of(r);
  return r;
}

int RegAlloc::pick_victim(RegClass c, RegMask among) const {
  const auto& holder = c == RegClass::Gpr ? gpr_value_ : xmm_value_;
  int best = kNoReg;
  uint64_t best_score = 0;
  for (RegMask rest = among; rest != 0; rest &= rest - 1) {
    const int r = std::countr_zero(rest);
    const Value& value = values_[holder[static_cast<size_t>(r)]];
    const uint64_t score = 1 + value.last_use + (has_copy(value) ? uint64_t{1} << 32 : 0);
    if (score > best_score) best = r, best_score = score;
  }
  return best;
}

void RegAlloc::evict(RegClass c, int r) {
  const ValueId canonical = holders(c)[static_cast<size_t>(r)];
  if (!has_copy(values_[canonical])) store_slot(canonical, r);
  unbind(canonical);
}

int16_t RegAlloc::allocate_slot() {
  if (free_slot_count_ != 0) return free_slots_[--free_slot_count_];
  if (fresh_slot_ == static_cast<int16_t>(kSpillSlots)) {
    overflowed_ = true;
    return 0;
  }
  return fresh_slot_++;
}

void RegAlloc::store_slot(ValueId canonical, int r) {
  Value& value = values_[canonical];
  value.slot = allocate_slot();
  const int32_t to = slot_offset(value.slot);
  if (class_of(canonical) == RegClass::Xmm) {
    as_.move_vector_state(0x11, r, to);
  } else {
    as_.store_state(to, r, 64);
  }
}

void RegAlloc::take_gpr(int r) {
  const ValueId canonical = gpr_value_[static_cast<size_t>(r)];
  if (canonical != kNoValue) {
    const RegMask free = kScratchGprs & ~gpr_used_ & ~gpr_locked_;
    if (free != 0 && !has_copy(values_[canonical])) {
      const int other = std::countr_zero(free);
      as_.move(other, r, 64);
      unbind(canonical);
      bind(canonical, other);
      if ((gpr_locked_ & mask_of(r)) != 0) gpr_locked_ |= mask_of(other);
    } else {
      evict(RegClass::Gpr, r);
    }
  }
  gpr_locked_ |= mask_of(r);
}

// ---- results

bool RegAlloc::pin_free_for(ValueId id, int pin) const {
  const auto idle = [this](ValueId v) { return v == kNoValue || values_[v].uses == 0; };
  const ValueId old = row_value_[pin_row_[static_cast<size_t>(pin)]];
  const ValueId early = gpr_value_[kPinRegs[pin]];
  return idle(old) && idle(early) && values_[id].uses != 0;
}

void RegAlloc::define_in(ValueId id, int reg) {
  result_reg_ = static_cast<int8_t>(reg);
  result_ = id;
  values_[id].clean = ir::bits(type(id)) >= 32 && !ir::is_float(type(id));
}

int RegAlloc::define(ValueId id, ValueId over, RegMask avoid) {
  const RegClass c = class_of(id);
  const RegMask all = (c == RegClass::Gpr ? kScratchGprs : kAllXmms) & ~avoid;
  const int hint = values_[id].pin_hint - 1;
  int r = kNoReg;
  if (c == RegClass::Gpr && hint >= 0 && !(avoid & mask_of(kPinRegs[hint])) && pin_free_for(id, hint)) {
    r = kPinRegs[hint];
    gpr_locked_ |= mask_of(r);
  } else if (over != kNoValue && dies(over) && at(over).reg != kNoReg && class_of(over) == c &&
             (all & mask_of(at(over).reg))) {
    r = at(over).reg;
  } else {
    r = acquire(c, all);
  }
  define_in(id, r);
  return r;
}

void RegAlloc::alias(ValueId id, ValueId of, bool clean) {
  const ValueId canonical = canon(of);
  values_[id].canon = canonical;
  values_[id].clean = clean;
  Value& value = values_[canonical];
  value.uses += values_[id].uses;
  value.last_use = std::max(value.last_use, values_[id].last_use);
}

void RegAlloc::define_constant(ValueId id) {
  values_[id].kind = ValueKind::Constant;
  values_[id].clean = true;
}

void RegAlloc::define_compare(ValueId id, ValueId of, bool negated) {
  Value& value = values_[id];
  const Value& origin = values_[of];
  const bool nested = of != id;
  value.compare = nested ? origin.compare : id;
  value.kind = negated != (nested && origin.kind == ValueKind::NotCompare) ? ValueKind::NotCompare
                                                                           : ValueKind::Compare;
  for (ValueId arg : fn_->operands(insts_[value.compare])) ++at(arg).uses;
}

void RegAlloc::materialized(ValueId id, int r) {
  const ValueId canonical = canon(id);
  Value& value = values_[canonical];
  value.kind = ValueKind::Plain;
  for (ValueId arg : fn_->operands(insts_[value.compare])) consume(values_[arg].canon);
  bind(canonical, r);
  gpr_locked_ |= mask_of(r);
}

// ---- guest registers

void RegAlloc::link_row(ir::RegId row, ValueId canonical) {
  values_[canonical].row = row;
  row_value_[row] = canonical;
  touched_rows_.push_back(row);
}

void RegAlloc::unlink_row(ValueId canonical) {
  Value& value = values_[canonical];
  if (value.row == kNoRow) return;
  row_value_[value.row] = kNoValue;
  value.row = kNoRow;
}

void RegAlloc::get_row(ValueId id, ir::RegId row) {
  const ValueId held = row_value_[row];
  const bool pinned = rows_[row].pin != ir::kNoPin;
  const bool word = ir::bits(type(id)) == 64;
  if (held != kNoValue) return alias(id, held, word || values_[held].clean);
  values_[id].clean = word || !pinned;
  link_row(row, id);
}

void RegAlloc::before_set_row(ir::RegId row) {
  const ValueId old = row_value_[row];
  if (old == kNoValue) return;
  Value& value = values_[old];
  if (value.uses != 0 && value.kind == ValueKind::Plain && value.reg == kNoReg && value.slot == kNoSlot) {
    const int pin = pin_of(row);
    const RegClass c = class_of(old);
    const int r = acquire(c, c == RegClass::Gpr ? kScratchGprs : kAllXmms);
    if (pin != kNoReg) {
      as_.move(r, pin, 64);
    } else {
      load(old, r);
    }
    bind(old, r);
  }
  unlink_row(old);
}

void RegAlloc::after_set_row(ir::RegId row, ValueId v) {
  const ValueId canonical = canon(v);
  Value& value = values_[canonical];
  const int pin = pin_of(row);
  const ir::Type row_type = rows_[row].type;
  const bool is_compare = value.kind == ValueKind::Compare || value.kind == ValueKind::NotCompare;
  if (is_compare || ir::bits(type(canonical)) > ir::bits(row_type)) {
    // The row does not hold the whole value; should it sit in the pin, it must leave.
    if (pin != kNoReg && value.reg == pin) {
      const int r = acquire(RegClass::Gpr, kScratchGprs);
      as_.move(r, pin, 64);
      unbind(canonical);
      bind(canonical, r);
    }
    return;
  }
  if (pin != kNoReg) {
    if (value.reg != kNoReg) unbind(canonical);
  } else if (value.row != kNoRow && pin_of(value.row) != kNoReg) {
    return;
  }
  unlink_row(canonical);
  link_row(row, canonical);
}

// ---- helper calls

void RegAlloc::clear_for_call(RegMask gprs, bool xmms) {
  for (RegMask rest = gprs & gpr_used_; rest != 0; rest &= rest - 1) {
    const int r = std::countr_zero(rest);
    if (values_[gpr_value_[static_cast<size_t>(r)]].uses != 0) evict(RegClass::Gpr, r);
  }
  if (!xmms) return;
  for (RegMask rest = xmm_used_; rest != 0; rest &= rest - 1) {
    const int r = std::countr_zero(rest);
    if (values_[xmm_value_[static_cast<size_t>(r)]].uses != 0) evict(RegClass::Xmm, r);
  }
}

void RegAlloc::detach_rows(bool pins, bool vectors) {
  for (const ir::RegId row : touched_rows_) {
    const ValueId canonical = row_value_[row];
    if (canonical == kNoValue) continue;
    const RegClass c = class_of(canonical);
    const int pin = pin_of(row);
    if ((c == RegClass::Xmm && !vectors) || (pin != kNoReg && !pins)) continue;
    Value& value = values_[canonical];
    const bool needed = value.uses != 0 && value.kind == ValueKind::Plain && value.slot == kNoSlot;
    if (needed && value.reg == kNoReg) {
      if (pin != kNoReg) {
        store_slot(canonical, pin);
      } else {
        const int r = acquire(c, c == RegClass::Gpr ? kScratchGprs : kAllXmms);
        load(canonical, r);
        store_slot(canonical, r);
        locked(c) &= ~mask_of(r);
      }
    }
    unlink_row(canonical);
  }
}

int32_t RegAlloc::spill_home(ValueId v) {
  Value& value = at(v);
  if (value.slot == kNoSlot) store_slot(canon(v), reg(v));
  return slot_offset(value.slot);
}

}  // namespace ferry::backend::x64
