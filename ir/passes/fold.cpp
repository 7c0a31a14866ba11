#include <algorithm>
#include <bit>
#include <utility>

#include "ir/passes/passes.h"
#include "ir/support/bits.h"

namespace ferry::ir {
namespace {

using support::low_mask;

/// The condition on swapped operands.
IntCond swapped(IntCond cond) {
  switch (cond) {
    case IntCond::Ult:
      return IntCond::Ugt;
    case IntCond::Ule:
      return IntCond::Uge;
    case IntCond::Ugt:
      return IntCond::Ult;
    case IntCond::Uge:
      return IntCond::Ule;
    case IntCond::Slt:
      return IntCond::Sgt;
    case IntCond::Sle:
      return IntCond::Sge;
    case IntCond::Sgt:
      return IntCond::Slt;
    case IntCond::Sge:
      return IntCond::Sle;
    default:
      return cond;
  }
}

IntCond inverted(IntCond cond) {
  switch (cond) {
    case IntCond::Eq:
      return IntCond::Ne;
    case IntCond::Ne:
      return IntCond::Eq;
    case IntCond::Ult:
      return IntCond::Uge;
    case IntCond::Ule:
      return IntCond::Ugt;
    case IntCond::Ugt:
      return IntCond::Ule;
    case IntCond::Uge:
      return IntCond::Ult;
    case IntCond::Slt:
      return IntCond::Sge;
    case IntCond::Sle:
      return IntCond::Sgt;
    case IntCond::Sgt:
      return IntCond::Sle;
    case IntCond::Sge:
      return IntCond::Slt;
  }
  return cond;
}

bool holds_for_equals(IntCond cond) {
  switch (cond) {
    case IntCond::Eq:
    case IntCond::Ule:
    case IntCond::Uge:
    case IntCond::Sle:
    case IntCond::Sge:
      return true;
    default:
      return false;
  }
}

Bits128 all_ones(Type type) { return {low_mask(bits(type)), is_vector(type) ? ~uint64_t{0} : 0}; }

/// Visits one block's instructions in order. The simplify_* functions return after the first rule that
/// applies; what it leaves behind may fit another one, so the caller tries again.
class Folder {
 public:
  Folder(Function& function, PassContext& context) : fn_(function), context_(context) {}

  void run() {
    for (id_ = 0; id_ < fn_.insts.size(); ++id_) {
      inst_ = &fn_.insts[id_];
      context_.replacement[id_] = id_;
      if (inst_->dead) continue;
      replace_operands(fn_, *inst_, context_);
      const Trait trait = info(inst_->op).trait;
      if (trait == Trait::Pure) visit_pure();
      if (inst_->op == Op::br_if) visit_branch();
      context_.width[id_] = width_of_result();
    }
  }

 private:
  // ---- what is known of operands ----
  const Inst& def(unsigned index) const { return fn_.insts[inst_->args[index]]; }
  bool is_const(unsigned index) const { return def(index).op == Op::konst; }
  Bits128 constant(unsigned index) const { return {def(index).imm, def(index).imm2}; }
  bool is_const(unsigned index, uint64_t value) const {
    return is_const(index) && constant(index) == Bits128{value, 0};
  }
  bool is_zero(unsigned index) const { return is_const(index, 0); }
  bool is_ones(unsigned index) const { return is_const(index) && constant(index) == all_ones(inst_->type); }
  unsigned width_of(unsigned index) const { return context_.width[inst_->args[index]]; }
  bool is_zero_vector(ValueId value) const {
    const Inst& inst = fn_.insts[value];
    return inst.op == Op::konst && inst.imm == 0 && inst.imm2 == 0;
  }
  bool same_operands() const { return inst_->args[0] == inst_->args[1]; }

  // ---- what may become of an instruction; each returns true: done or changed ----
  bool become_value(ValueId value) {
    context_.replacement[id_] = value;
    inst_->dead = true;
    return true;
  }
  bool become_operand(unsigned index) { return become_value(inst_->args[index]); }
  bool become_const(Bits128 value) {
    *inst_ = {.op = Op::konst, .type = inst_->type, .imm = value.low, .imm2 = value.high};
    return true;
  }
  bool become_zero() { return become_const({}); }
  bool become_unary(Op op, ValueId operand) {
    *inst_ = {.op = op, .type = inst_->type, .arg_count = 1, .args = {operand, kNoValue, kNoValue}};
    return true;
  }
  /// Shortens a chain of conversions to one from `source`, or to none.
  bool become_conversion(Op op, ValueId source) {
    if (fn_.insts[source].type == inst_->type) return become_value(source);
    return become_unary(op, source);
  }

  void visit_pure();
  void visit_branch();
  bool all_constant() const;
  bool evaluate_constant();
  bool simplify();
  bool simplify_commutative();
  bool simplify_arithmetic();
  bool simplify_logic();
  bool simplify_and();
  bool simplify_xor();
  bool simplify_shift();
  bool simplify_zext();
  bool simplify_sext();
  bool simplify_trunc();
  bool simplify_select();
  bool simplify_icmp();
  bool simplify_boolean_icmp();
  bool simplify_carry();
  bool simplify_vector();
  bool simplify_vector_mask();
  bool simplify_shuffle();
  bool simplify_mix();
  bool simplify_key();
  uint8_t width_of_result() const;

  /// The operand of an inversion (x xor true), or kNoValue.
  ValueId inverted_condition(ValueId condition) const {
    const Inst& inst = fn_.insts[condition];
    const bool inverts =
        inst.op == Op::xor_ && fn_.insts[inst.args[1]].op == Op::konst && fn_.insts[inst.args[1]].imm == 1;
    return inverts ? inst.args[0] : kNoValue;
  }

  Function& fn_;
  PassContext& context_;
  Inst* inst_ = nullptr;
  ValueId id_ = 0;
};

void Folder::visit_pure() {
  if (inst_->op == Op::konst) return;
  if (all_constant()) {
    evaluate_constant();
    return;
  }
  // Each rule removes an operation or an operand or settles an order, so this ends soon.
  while (!inst_->dead && inst_->op != Op::konst && simplify()) {
  }
}

bool Folder::all_constant() const {
  for (unsigned i = 0; i < inst_->arg_count; ++i) {
    if (!is_const(i)) return false;
  }
  return true;
}

bool Folder::evaluate_constant() {
  for (unsigned i = 0; i < inst_->arg_count; ++i) context_.values[inst_->args[i]] = constant(i);
  return become_const(evaluate(fn_, *inst_, context_.values.data(), context_.scratch));
}

bool Folder::simplify() {
  switch (inst_->op) {
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::smin:
    case Op::smax:
    case Op::umin:
    case Op::umax:
      return simplify_commutative() || simplify_arithmetic();
    case Op::and_:
      return simplify_commutative() || simplify_logic() || simplify_and() || simplify_vector_mask();
    case Op::or_:
    case Op::andn:
      return simplify_commutative() || simplify_logic();
    case Op::xor_:
      return simplify_commutative() || simplify_logic() || simplify_xor() || simplify_key();
    case Op::shl:
    case Op::lshr:
    case Op::ashr:
    case Op::rotr:
      return simplify_shift();
    case Op::zext:
      return simplify_zext();
    case Op::sext:
      return simplify_sext();
    case Op::trunc:
      return simplify_trunc();
    case Op::select:
      return simplify_select();
    case Op::icmp:
      return simplify_icmp() || simplify_boolean_icmp();
    case Op::carry:
    case Op::overflow:
      return simplify_carry();
    case Op::bitcast:
    case Op::zero_upper:
    case Op::extract_lane:
    case Op::vshl:
    case Op::vlshr:
    case Op::vashr:
      return simplify_vector();
    case Op::shuffle:
      return simplify_shuffle();
    case Op::aes_mix:
    case Op::aes_inv_mix:
      return simplify_mix();
    default:
      return false;
  }
}

// A constant goes to the right, where the other rules and the back ends look for it.
bool Folder::simplify_commutative() {
  const bool commutes = inst_->op != Op::sub && inst_->op != Op::andn;
  if (!commutes || !is_const(0) || is_const(1)) return false;
  std::swap(inst_->args[0], inst_->args[1]);
  return true;
}

bool Folder::simplify_arithmetic() {
  switch (inst_->op) {
    case Op::add:
      return is_zero(1) && become_operand(0);
    case Op::sub:
      if (is_zero(1)) return become_operand(0);
      return same_operands() && become_zero();
    case Op::mul:
      if (is_zero(1)) return become_zero();
      return !is_vector(inst_->type) && is_const(1, 1) && become_operand(0);
    default:
      return same_operands() && become_operand(0);  // minima and maxima
  }
}

bool Folder::simplify_logic() {
  switch (inst_->op) {
    case Op::and_:
      if (is_zero(1)) return become_zero();
      return (is_ones(1) || same_operands()) && become_operand(0);
    case Op::or_:
      if (is_ones(1)) return become_const(all_ones(inst_->type));
      return (is_zero(1) || same_operands()) && become_operand(0);
    case Op::xor_:
      if (same_operands()) return become_zero();
      return is_zero(1) && become_operand(0);
    default:  // andn
      if (same_operands() || is_zero(0) || is_ones(1)) return become_zero();
      return is_zero(1) && become_operand(0);
  }
}

// A mask of low ones that reaches as far as anything is set masks nothing.
bool Folder::simplify_and() {
  if (!is_const(1) || is_vector(inst_->type)) return false;
  const uint64_t mask = constant(1).low;
  return (mask & low_mask(width_of(0))) == low_mask(width_of(0)) && become_operand(0);
}

bool Folder::simplify_xor() {
  if (!is_const(1)) return false;
  const Inst inner = def(0);
  if (inner.op == Op::xor_) {
    const Inst& other = fn_.insts[inner.args[1]];
    if (other.op == Op::konst && Bits128{other.imm, other.imm2} == constant(1))
      return become_value(inner.args[0]);
  }
  if (inst_->type != Type::I1 || inner.op != Op::icmp) return false;
  *inst_ = inner;
  inst_->imm = static_cast<uint64_t>(inverted(inner.cond()));
  return true;
}

bool Folder::simplify_shift() {
  if (is_zero(0)) return become_zero();
  if (!is_const(1)) return false;
  const uint64_t amount = constant(1).low % bits(inst_->type);
  if (amount == 0) return become_operand(0);
  if (inst_->op == Op::lshr && amount >= width_of(0)) return become_zero();
  if (inst_->op != Op::ashr || width_of(0) >= bits(inst_->type)) return false;
  inst_->op = Op::lshr;  // the sign bit is clear
  return true;
}

bool Folder::simplify_zext() {
  const Inst& inner = def(0);
  if (inner.op == Op::zext) return become_conversion(Op::zext, inner.args[0]);
  if (inner.op != Op::trunc) return false;
  const ValueId source = inner.args[0];
  const bool nothing_lost = context_.width[source] <= bits(inner.type);
  return nothing_lost && fn_.insts[source].type == inst_->type && become_value(source);
}

bool Folder::simplify_sext() {
  const Inst& inner = def(0);
  if (inner.op == Op::sext) return become_conversion(Op::sext, inner.args[0]);
  if (width_of(0) >= bits(inner.type)) return false;
  inst_->op = Op::zext;  // the sign bit is clear
  return true;
}

bool Folder::simplify_trunc() {
  const Inst& inner = def(0);
  if (inner.op == Op::trunc) return become_conversion(Op::trunc, inner.args[0]);
  if (inner.op == Op::zext || inner.op == Op::sext) {
    const unsigned source_bits = bits(fn_.insts[inner.args[0]].type);
    return become_conversion(source_bits > bits(inst_->type) ? Op::trunc : inner.op, inner.args[0]);
  }
  if (inner.op == Op::and_ && fn_.insts[inner.args[1]].op == Op::konst) {
    const uint64_t kept = low_mask(bits(inst_->type));
    if ((fn_.insts[inner.args[1]].imm & kept) == kept) return become_conversion(Op::trunc, inner.args[0]);
  }
  return false;
}

bool Folder::simplify_select() {
  if (is_const(0)) return become_operand(is_zero(0) ? 2 : 1);
  if (inst_->args[1] == inst_->args[2]) return become_operand(1);
  if (const ValueId plain = inverted_condition(inst_->args[0]); plain != kNoValue) {
    inst_->args = {plain, inst_->args[2], inst_->args[1]};
    return true;
  }
  if (!is_int(inst_->type) || !is_const(1, 1) || !is_zero(2)) return false;
  return become_conversion(Op::zext, inst_->args[0]);
}

bool Folder::simplify_icmp() {
  if (same_operands()) return become_const({holds_for_equals(inst_->cond()), 0});
  if (is_const(0) && !is_const(1)) {
    std::swap(inst_->args[0], inst_->args[1]);
    inst_->imm = static_cast<uint64_t>(swapped(inst_->cond()));
    return true;
  }
  if (!is_zero(1)) return false;
  if (inst_->cond() == IntCond::Ult) return become_zero();
  return inst_->cond() == IntCond::Uge && become_const({1, 0});
}

// A comparison of something that is 0 or 1 with 0 or 1.
bool Folder::simplify_boolean_icmp() {
  const bool is_equality = inst_->cond() == IntCond::Eq || inst_->cond() == IntCond::Ne;
  if (!is_equality || !(is_zero(1) || is_const(1, 1)) || width_of(0) > 1) return false;
  const Inst& value = def(0);
  const ValueId boolean = value.type == Type::I1 ? inst_->args[0]
                          : value.op == Op::zext ? value.args[0]
                                                 : kNoValue;
  if (boolean == kNoValue || fn_.insts[boolean].type != Type::I1) return false;
  if (is_zero(1) == (inst_->cond() == IntCond::Ne)) return become_value(boolean);
  if (fn_.insts[boolean].op != Op::icmp) return false;
  const Inst inner = fn_.insts[boolean];
  *inst_ = inner;
  inst_->imm = static_cast<uint64_t>(inverted(inner.cond()));
  return true;
}

// a + 0 + 0 has neither; a + ~0 + 1, the form of a - 0, carries always and never overflows.
bool Folder::simplify_carry() {
  if (!is_const(1) || !is_const(2)) return false;
  const uint64_t ones = low_mask(bits(def(1).type));
  if (is_zero(1) && is_zero(2)) return become_zero();
  if (!is_const(1, ones) || !is_const(2, 1)) return false;
  return become_const({inst_->op == Op::carry, 0});
}

bool Folder::simplify_vector() {
  const Inst& inner = def(0);
  switch (inst_->op) {
    case Op::bitcast:
      return inner.op == Op::bitcast && become_conversion(Op::bitcast, inner.args[0]);
    case Op::zero_upper:
      return width_of(0) <= 64 && become_operand(0);
    case Op::extract_lane:
      if (inner.op == Op::scalar_to_vec && inst_->imm == 0 && fn_.insts[inner.args[0]].type == inst_->type) {
        return become_value(inner.args[0]);
      }
      return inner.op == Op::insert_lane && inner.imm == inst_->imm && lane_type(inner.type) == inst_->type &&
             become_value(inner.args[1]);
    default:
      return inst_->imm == 0 && become_operand(0);  // shifts
  }
}

// A mask of what a shift has left in each lane masks nothing.
bool Folder::simplify_vector_mask() {
  const Inst& inner = def(0);
  if (!is_vector(inst_->type) || !is_const(1) || (inner.op != Op::vlshr && inner.op != Op::vshl))
    return false;
  const unsigned width = lane_bits(inner.type);
  if (inner.imm >= width) return false;
  const uint64_t ones = low_mask(width);
  const uint64_t kept = inner.op == Op::vlshr ? ones >> inner.imm : ones << inner.imm & ones;
  for (unsigned at = 0; at < 64; at += width) {
    if ((~constant(1).low >> at & kept) != 0 || (~constant(1).high >> at & kept) != 0) return false;
  }
  return become_operand(0);
}

// Of shuffles of shuffles that end with the bytes of one value remains one, or none.
bool Folder::simplify_shuffle() {
  constexpr uint8_t kZeroByte = 0x80;
  struct Byte {
    ValueId source;
    unsigned index;  ///< kZeroByte: zero
  };
  const auto operand_byte = [](const Inst& shuffle, unsigned at) -> Byte {
    const uint64_t half = at < 8 ? shuffle.imm : shuffle.imm2;
    const auto selector = static_cast<unsigned>(half >> at % 8 * 8 & 0xff);
    if (selector >= kZeroByte) return {kNoValue, kZeroByte};
    return {shuffle.args[selector / 16], selector % 16};
  };
  uint64_t selectors[2] = {0, 0};
  ValueId source = kNoValue;
  bool is_identity = true;
  for (unsigned i = 0; i < 16; ++i) {
    Byte byte = operand_byte(*inst_, i);
    while (byte.source != kNoValue && fn_.insts[byte.source].op == Op::shuffle)
      byte = operand_byte(fn_.insts[byte.source], byte.index);
    if (byte.source != kNoValue) {
      if (source != kNoValue && source != byte.source) return false;
      source = byte.source;
    }
    is_identity = is_identity && byte.index == i;
    selectors[i / 8] |= uint64_t{byte.index} << i % 8 * 8;
  }
  if (source == kNoValue) return become_zero();
  if (is_identity) return become_value(source);
  if (same_operands() && inst_->args[0] == source) return false;
  inst_->args = {source, source, kNoValue};
  inst_->imm = selectors[0];
  inst_->imm2 = selectors[1];
  return true;
}

// The parts of an AES round, without a key between them, are a round.
bool Folder::simplify_mix() {
  const Inst inner = def(0);
  const bool encrypts = inst_->op == Op::aes_mix;
  if (inner.op != (encrypts ? Op::aes_enc_last : Op::aes_dec_last) || !is_zero_vector(inner.args[1]))
    return false;
  *inst_ = inner;
  inst_->op = encrypts ? Op::aes_enc : Op::aes_dec;
  return true;
}

// A round without a key and the addition of one are a round with that key.
bool Folder::simplify_key() {
  for (unsigned side = 0; side < 2; ++side) {
    const Inst round = def(side);
    const bool is_round = round.op == Op::aes_enc || round.op == Op::aes_enc_last ||
                          round.op == Op::aes_dec || round.op == Op::aes_dec_last;
    if (!is_round || !is_zero_vector(round.args[1])) continue;
    const ValueId key = inst_->args[1 - side];
    *inst_ = round;
    inst_->args[1] = key;
    return true;
  }
  return false;
}

// A cheap bound; what is not listed has its type's width.
uint8_t Folder::width_of_result() const {
  const unsigned full = bits(inst_->type);
  const auto bound = [&]() -> unsigned {
    switch (inst_->op) {
      case Op::konst:
        return inst_->imm2 != 0 ? 128 : 64 - static_cast<unsigned>(std::countl_zero(inst_->imm));
      case Op::zext:
        return width_of(0);
      case Op::trunc:
        return std::min(width_of(0), full);
      case Op::and_:
        return std::min(width_of(0), width_of(1));
      case Op::andn:
        return width_of(0);
      case Op::or_:
      case Op::xor_:
        return std::max(width_of(0), width_of(1));
      case Op::umin:
        return is_vector(inst_->type) ? full : std::min(width_of(0), width_of(1));
      case Op::select:
        return std::max(width_of(1), width_of(2));
      case Op::lshr: {
        if (!is_const(1)) return width_of(0);
        const auto amount = static_cast<unsigned>(constant(1).low % full);
        return width_of(0) > amount ? width_of(0) - amount : 0;
      }
      case Op::load:
        return inst_->mem().sign_extend ? full : 8u * inst_->mem().bytes;
      case Op::atomic_rmw:
      case Op::cmpxchg:
        return 8u * inst_->mem().bytes;
      case Op::clz:
      case Op::popcnt:
        return is_vector(inst_->type) ? full : 7;
      case Op::zero_upper:
        return std::min(width_of(0), 64u);
      case Op::scalar_to_vec:
        return width_of(0);
      case Op::narrow:
      case Op::narrow_sat_ss:
      case Op::narrow_sat_su:
      case Op::narrow_sat_uu:
        return 64;
      default:
        return full;
    }
  };
  return static_cast<uint8_t>(bound());
}

void Folder::visit_branch() {
  while (true) {
    const ValueId plain = inverted_condition(inst_->args[0]);
    if (plain == kNoValue) break;
    inst_->args[0] = plain;
    std::swap(inst_->imm, inst_->imm2);
  }
  if (is_const(0) || inst_->imm == inst_->imm2) {
    const uint64_t to = is_const(0) && is_zero(0) ? inst_->imm2 : inst_->imm;
    *inst_ = {.op = Op::br, .imm = to};
  }
}

}  // namespace

void fold(Function& function, PassContext& context) {
  context.prepare(function);
  Folder(function, context).run();
}

}  // namespace ferry::ir
