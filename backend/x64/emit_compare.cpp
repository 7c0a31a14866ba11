#include "backend/x64/emitter.h"
#include "ir/support/bits.h"

// Comparisons and what uses them. An icmp or fcmp emits nothing by itself: each user emits the host's
// compare, unless the flags still hold it, and takes the condition right from the flags.
namespace ferry::backend::x64 {

using ir::FloatCond;
using ir::IntCond;
using ir::Type;
using ir::ValueId;

namespace {

HostCond host_cond(IntCond cond) {
  switch (cond) {
    case IntCond::Eq:
      return HostCond::E;
    case IntCond::Ne:
      return HostCond::Ne;
    case IntCond::Ult:
      return HostCond::B;
    case IntCond::Ule:
      return HostCond::Be;
    case IntCond::Ugt:
      return HostCond::A;
    case IntCond::Uge:
      return HostCond::Ae;
    case IntCond::Slt:
      return HostCond::L;
    case IntCond::Sle:
      return HostCond::Le;
    case IntCond::Sgt:
      return HostCond::G;
    case IntCond::Sge:
      return HostCond::Ge;
  }
  return HostCond::E;
}

/// The condition of b ? a where `cond` is that of a ? b.
HostCond swapped(HostCond cond) {
  switch (cond) {
    case HostCond::B:
      return HostCond::A;
    case HostCond::A:
      return HostCond::B;
    case HostCond::Ae:
      return HostCond::Be;
    case HostCond::Be:
      return HostCond::Ae;
    case HostCond::L:
      return HostCond::G;
    case HostCond::G:
      return HostCond::L;
    case HostCond::Ge:
      return HostCond::Le;
    case HostCond::Le:
      return HostCond::Ge;
    default:
      return cond;
  }
}

/// A condition on one-bit values, where 1 read as a signed number is -1.
HostCond one_bit(HostCond cond) {
  switch (cond) {
    case HostCond::L:
      return HostCond::A;
    case HostCond::Le:
      return HostCond::Ae;
    case HostCond::G:
      return HostCond::B;
    case HostCond::Ge:
      return HostCond::Be;
    default:
      return cond;
  }
}

/// Whether (U)COMIS's flags hold the condition in one host condition, perhaps with the operands swapped.
bool single_float_condition(FloatCond cond) { return cond != FloatCond::Oeq && cond != FloatCond::Une; }

}  // namespace

void Emitter::set_condition(int to, HostCond cond) {
  as_.op0f_reg(0x90 | static_cast<uint8_t>(cond), 32, 0, to, true);
}

void Emitter::conditional_move(HostCond cond, int width, int to, int from) {
  as_.op0f_reg(0x40 | static_cast<uint8_t>(cond), width, to, from);
}

void Emitter::on_icmp(const Inst& in, ValueId id) {
  // A comparison never waits for another one.
  if (ra_.type(in.args[0]) == Type::I1) gp(in.args[0]), gp(in.args[1]);
  ra_.define_compare(id, id, false);
}

void Emitter::on_fcmp(const Inst& in, ValueId id) {
  if (is_half(ra_.type(in.args[0])) && !halves_on_host()) return emit_slow_call(in, id);
  // Unused it is still executed, for the exception flags that it may raise.
  if (ra_.unused(id)) {
    compare_floats(in);
  } else {
    ra_.define_compare(id, id, false);
  }
}

bool Emitter::single_condition(ValueId v) const {
  const ValueKind kind = ra_.kind(v);
  if (kind != ValueKind::Compare && kind != ValueKind::NotCompare) return true;
  const Inst& in = fn_->insts[ra_.comparison(v)];
  return in.op == ir::Op::icmp || single_float_condition(in.float_cond());
}

HostCond Emitter::condition(ValueId v) {
  if (!single_condition(v)) materialize(v);
  const ValueKind kind = ra_.kind(v);
  if (kind == ValueKind::Compare || kind == ValueKind::NotCompare) {
    const HostCond cond = compare(ra_.comparison(v));
    return kind == ValueKind::Compare ? cond : opposite(cond);
  }
  if (ra_.in_memory(v)) {
    as_.cmp(home_address(ra_.home(v), 8), 0);
  } else {
    const int reg = gp(v);
    as_.test(r8(reg), r8(reg));
  }
  clobber_flags();
  return HostCond::Ne;
}

HostCond Emitter::compare(ValueId comparison) {
  const Inst& in = fn_->insts[comparison];
  return in.op == ir::Op::icmp ? compare_ints(in) : compare_floats(in);
}

HostCond Emitter::compare_ints(const Inst& in) {
  ValueId a = in.args[0];
  ValueId b = in.args[1];
  HostCond cond = host_cond(in.cond());
  const Type type = ra_.type(a);
  if (type == Type::I1) cond = one_bit(cond);
  if (flags_compare(a, b, type)) return cond;
  if (flags_compare(b, a, type)) return swapped(cond);
  if (ra_.is_const(a) && !ra_.is_const(b)) {
    std::swap(a, b);
    cond = swapped(cond);
  }
  const unsigned bits = std::max(ir::bits(type), 8u);
  int32_t imm = 0;
  const bool is_imm = immediate(b, imm);
  if (is_imm && imm == 0 && flags_.result != ir::kNoValue && flags_.result_type == type &&
      ra_.same(flags_.result, a)) {
    if (cond == HostCond::E || cond == HostCond::Ne) return cond;
    if (cond == HostCond::L) return HostCond::S;
    if (cond == HostCond::Ge) return HostCond::Ns;
  }
  if (bits < 32) {
    compare_narrow(a, b, bits);
  } else if (!is_imm) {
    alu_rm(Alu::Cmp, static_cast<int>(bits), gp(a), b);
  } else if (ra_.readable(a, bits)) {
    const bool is_short = imm == static_cast<int8_t>(imm);
    as_.op_state(is_short ? 0x83 : 0x81, static_cast<int>(bits), static_cast<int>(Alu::Cmp), ra_.home(a));
    is_short ? as_.put8(static_cast<uint8_t>(imm)) : as_.put32(static_cast<uint32_t>(imm));
  } else if (imm == 0) {
    const int first = gp(a);
    as_.op_reg(0x85, static_cast<int>(bits), first, first);  // test
  } else {
    as_.op_imm(static_cast<int>(Alu::Cmp), static_cast<int>(bits), gp(a), imm);
  }
  flags_are_compare(a, b, type);
  return cond;
}

void Emitter::compare_narrow(ValueId a, ValueId b, unsigned bits) {
  const Xbyak::Reg first = sized_reg(gp(a), bits / 8);
  if (!ra_.is_const(b)) return as_.cmp(first, sized_reg(gp(b), bits / 8));
  as_.cmp(first, static_cast<uint32_t>(support::sign_extend(ra_.constant(b), bits)));
}

HostCond Emitter::compare_floats(const Inst& in) {
  const FloatCond cond = in.float_cond();
  // Flags after comparing a with b: less CF, equal ZF, unordered ZF PF CF. "Above" and "above or equal" are
  // the ordered ones, so ordered-less compares b with a, and so does the complement of it.
  const bool swap =
      cond == FloatCond::Olt || cond == FloatCond::Ole || cond == FloatCond::Ugt || cond == FloatCond::Uge;
  const Type type = ra_.type(in.args[0]);
  const auto operand = [&](unsigned i) { return is_half(type) ? singles_of(in, i) : vx(in.args[i]); };
  const int a = operand(swap ? 1 : 0);
  const int b = operand(swap ? 0 : 1);
  const bool is_double = type == Type::F64;
  as_.vec({is_double ? VecPrefix::P66 : VecPrefix::None, VecMap::M0f,
           static_cast<uint8_t>(in.imm2 != 0 ? 0x2f : 0x2e)},
          host_.avx, a, kNoReg, b);
  clobber_flags();
  switch (cond) {
    case FloatCond::Olt:
    case FloatCond::Ogt:
      return HostCond::A;
    case FloatCond::Ole:
    case FloatCond::Oge:
      return HostCond::Ae;
    case FloatCond::Ult:
    case FloatCond::Ugt:
      return HostCond::B;
    case FloatCond::Ule:
    case FloatCond::Uge:
      return HostCond::Be;
    case FloatCond::One:
      return HostCond::Ne;
    case FloatCond::Ueq:
      return HostCond::E;
    case FloatCond::Ord:
      return HostCond::Np;
    case FloatCond::Uno:
      return HostCond::P;
    case FloatCond::Oeq:
      return HostCond::E;  // and not P
    case FloatCond::Une:
      return HostCond::Ne;  // or P
  }
  return HostCond::E;
}

void Emitter::materialize(ValueId v) {
  // What the comparison needs is free again once the flags are set.
  const RegAlloc::Locks before = ra_.locks();
  const int to = ra_.scratch_gpr();
  if (single_condition(v)) {
    set_condition(to, condition(v));
  } else {
    const Inst& in = fn_->insts[ra_.comparison(v)];
    const bool equal = (in.float_cond() == FloatCond::Oeq) == (ra_.kind(v) == ValueKind::Compare);
    const int parity = ra_.scratch_gpr();
    compare_floats(in);
    set_condition(to, equal ? HostCond::E : HostCond::Ne);
    set_condition(parity, equal ? HostCond::Np : HostCond::P);
    if (equal) {
      as_.and_(r(to, 32), r(parity, 32));
    } else {
      as_.or_(r(to, 32), r(parity, 32));
    }
    clobber_flags();
  }
  ra_.set_locks(before);
  ra_.materialized(v, to);
}

void Emitter::on_select(const Inst& in, ValueId id) {
  if (ir::in_vector_register(in.type)) return select_vector(in, id);
  const ValueId a = in.args[1];
  const ValueId b = in.args[2];
  const int first = gp(a);
  const int second = gp(b);
  const HostCond cond = condition(in.args[0]);
  const int width = ir::bits(in.type) == 64 ? 64 : 32;
  const int to = ra_.define(id, b);
  if (to == first) {
    conditional_move(opposite(cond), width, to, second);
  } else {
    if (to != second) as_.move(to, second, width);
    conditional_move(cond, width, to, first);
  }
  if (in.type == Type::I1) ra_.set_clean(id, false);
}

void Emitter::select_vector(const Inst& in, ValueId id) {
  const int first = vx(in.args[1]);
  const int second = vx(in.args[2]);
  const HostCond cond = condition(in.args[0]);
  const int to = ra_.define(id, in.args[2], mask_of(first));
  if (to != second) vec_move(to, second);
  const uint32_t skip = as_.jump_later(static_cast<uint8_t>(opposite(cond)));
  vec_move(to, first);
  as_.bind(skip);
}

// ---- carry and overflow of a + b + cin

void Emitter::add_with_carry_flag(const Inst& in, ValueId id, HostCond flag) {
  const Type type = ra_.type(in.args[0]);
  if (type == Type::I1) return emit_slow_call(in, id);
  const ValueId cin = in.args[2];
  if (!ra_.is_const(cin)) gp(cin);
  const unsigned bytes = ir::bytes(type);
  const int sum = ra_.scratch_gpr();
  const int b = gp(in.args[1]);
  if (ra_.is_const(cin)) {
    ra_.copy_to(sum, in.args[0]);
    if (ra_.constant(cin) != 0) {
      as_.stc();
      as_.adc(sized_reg(sum, bytes), sized_reg(b, bytes));
    } else {
      as_.add(sized_reg(sum, bytes), sized_reg(b, bytes));
    }
  } else {
    const int carry = gp(cin);
    ra_.copy_to(sum, in.args[0]);
    as_.bt(r(carry, 32), 0);
    as_.adc(sized_reg(sum, bytes), sized_reg(b, bytes));
  }
  clobber_flags();
  set_condition(sum, flag);
  ra_.define_in(id, sum);
}

void Emitter::on_carry(const Inst& in, ValueId id) { add_with_carry_flag(in, id, HostCond::B); }
void Emitter::on_overflow(const Inst& in, ValueId id) { add_with_carry_flag(in, id, HostCond::O); }

}  // namespace ferry::backend::x64
