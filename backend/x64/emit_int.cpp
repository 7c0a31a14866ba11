#include <bit>

#include "backend/x64/emitter.h"
#include "ir/support/bits.h"

// Scalar integers.
namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::Type;
using ir::ValueId;

Xbyak::Reg Emitter::sized_reg(int reg, unsigned bytes) {
  switch (bytes) {
    case 1:
      return r8(reg);
    case 2:
      return Xbyak::Reg16(reg);
    case 4:
      return Xbyak::Reg32(reg);
    default:
      return Xbyak::Reg64(reg);
  }
}

void Emitter::on_konst(const Inst&, ValueId id) { ra_.define_constant(id); }

// ---- guest registers

void Emitter::on_get_reg(const Inst& in, ValueId id) { ra_.get_row(id, static_cast<ir::RegId>(in.imm)); }

void Emitter::on_set_reg(const Inst& in, ValueId) {
  const auto row = static_cast<ir::RegId>(in.imm);
  const ValueId v = in.args[0];
  if (ra_.row_holds(row, v)) return;
  const ValueKind kind = ra_.kind(v);
  const bool compare = kind == ValueKind::Compare || kind == ValueKind::NotCompare;
  if (const int pin = ra_.pin_of(row); pin != kNoReg) {
    if (compare) gp(v);
    if (ra_.reg(v) != pin) {
      ra_.before_set_row(row);
      ra_.copy_to(pin, v);
    }
  } else {
    set_unpinned(row, v, compare);
  }
  ra_.after_set_row(row, v);
}

void Emitter::set_unpinned(ir::RegId row, ValueId v, bool compare) {
  const ir::StateReg& reg = fn_->layout->regs[row];
  if (compare && single_condition(v)) {
    const HostCond cond = condition(v);
    ra_.before_set_row(row);
    return as_.op0f_state(0x90 | static_cast<uint8_t>(cond), 0, reg.offset);  // setcc
  }
  if (ir::is_vector(reg.type)) {
    const int from = vx(v);
    ra_.before_set_row(row);
    return as_.move_vector_state(0x11, from, reg.offset);
  }
  int32_t imm = 0;
  const int from = immediate(v, imm) ? kNoReg : gp(v);
  ra_.before_set_row(row);
  if (reg.type == Type::I1) {
    const Xbyak::Address home = home_address(reg.offset, 8);
    return from == kNoReg ? as_.mov(home, static_cast<uint64_t>(imm)) : as_.mov(home, r8(from));
  }
  const int width = reg.type == Type::I64 ? 64 : 32;
  if (from != kNoReg) return as_.store_state(reg.offset, from, width);
  as_.op_state(0xc7, width, 0, reg.offset);
  as_.put32(static_cast<uint32_t>(imm));
}

// ---- add, subtract, logic

void Emitter::alu(Alu op, int width, int to, int from) {
  as_.op_reg(static_cast<uint8_t>(op) * 8 + 3, width, to, from);
}

void Emitter::alu_rm(Alu op, int width, int to, ValueId v) {
  if ((ra_.dies(v) || op == Alu::Cmp) && ra_.readable(v, static_cast<unsigned>(width))) {
    as_.op_state(static_cast<uint8_t>(op) * 8 + 3, width, to, ra_.home(v));
  } else {
    alu(op, width, to, gp(v));
  }
}

void Emitter::commutative(Alu op, const Inst& in, ValueId id) {
  ValueId a = in.args[0];
  ValueId b = in.args[1];
  const bool whole = ir::bits(in.type) >= 32;
  const int width = in.type == Type::I64 ? 64 : 32;
  if (ra_.is_const(a)) std::swap(a, b);
  int32_t imm = 0;
  if (immediate(b, imm)) {
    const int from = gp(a);
    const int to = ra_.define(id, a);
    if (to != from && op == Alu::Add) return lea(width, to, {.base = static_cast<int8_t>(from), .disp = imm});
    if (to != from) as_.move(to, from, in.type == Type::I64 ? 64 : 32);
    as_.op_imm(static_cast<int>(op), width, to, imm);
    if (whole) flags_are_result(id, in.type);
    if (in.type == Type::I1) ra_.set_clean(id, false);
    return;
  }
  if (ra_.kind(a) != ValueKind::Plain && !ra_.is_const(a)) gp(a);
  if (ra_.kind(b) != ValueKind::Plain && !ra_.is_const(b)) gp(b);
  if (ra_.reg(a) == kNoReg && ra_.reg(b) != kNoReg) std::swap(a, b);
  int first = gp(a);
  const int to = ra_.define(id, ra_.dies(a) ? a : ra_.reg(b) != kNoReg ? b : kNoValue);
  if (to != first && to == ra_.reg(b)) {
    std::swap(a, b);
    first = to;
  }
  if (to != first && op == Alu::Add && ra_.reg(b) != kNoReg) {
    return lea(width, to, {.base = static_cast<int8_t>(first), .index = static_cast<int8_t>(ra_.reg(b))});
  }
  if (to != first) as_.move(to, first, in.type == Type::I64 ? 64 : 32);
  alu_rm(op, width, to, b);
  if (whole) flags_are_result(id, in.type);
  if (in.type == Type::I1) ra_.set_clean(id, false);
}

bool Emitter::compared_soon(ValueId a, ValueId b, ValueId id) const {
  constexpr ValueId kWindow = 6;
  const ValueId end = std::min(id + 1 + kWindow, fn_->blocks[block_].end);
  for (ValueId i = id + 1; i < end; ++i) {
    const Inst& next = fn_->insts[i];
    if (next.op == ir::Op::icmp && !next.dead && next.args[0] == a && next.args[1] == b) return true;
  }
  return false;
}

void Emitter::subtract(const Inst& in, ValueId id) {
  const ValueId a = in.args[0];
  const ValueId b = in.args[1];
  const bool whole = ir::bits(in.type) >= 32;
  const int width = in.type == Type::I64 ? 64 : 32;
  int32_t imm = 0;
  if (immediate(b, imm)) {
    const int from = gp(a);
    const int to = ra_.define(id, a);
    if (to != from && imm != INT32_MIN && !(whole && compared_soon(a, b, id))) {
      return lea(width, to, {.base = static_cast<int8_t>(from), .disp = -imm});
    }
    if (to != from) as_.move(to, from, in.type == Type::I64 ? 64 : 32);
    as_.op_imm(static_cast<int>(Alu::Sub), width, to, imm);
  } else if (ra_.is_const(a) && ra_.constant(a) == 0) {
    const int to = ra_.define(id, b);
    ra_.copy_to(to, b);
    as_.neg(r(to, in.type));
    if (whole) flags_are_result(id, in.type);
    return;
  } else {
    const int second = gp(b);
    const int to = ra_.define(id, a, mask_of(second));
    if (to == second) return;  // unreachable: `second` was to be avoided
    ra_.copy_to(to, a);
    alu(Alu::Sub, width, to, second);
  }
  if (!whole) return;
  flags_are_compare(a, b, in.type);
  flags_.result = id;
  flags_.result_type = in.type;
}

void Emitter::on_add(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  commutative(Alu::Add, in, id);
}

void Emitter::on_sub(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  subtract(in, id);
}

void Emitter::on_and_(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  commutative(Alu::And, in, id);
}

void Emitter::on_or_(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  commutative(Alu::Or, in, id);
}

void Emitter::on_xor_(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  const bool negates = in.type == Type::I1 && ra_.is_const(in.args[1]) && ra_.constant(in.args[1]) == 1;
  const ValueKind kind = ra_.kind(in.args[0]);
  if (negates && (kind == ValueKind::Compare || kind == ValueKind::NotCompare)) {
    return ra_.define_compare(id, ra_.canon(in.args[0]), true);
  }
  commutative(Alu::Xor, in, id);
}

void Emitter::on_andn(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  const ValueId a = in.args[0];
  const ValueId b = in.args[1];
  int32_t imm = 0;
  if (immediate(b, imm)) {
    const int from = gp(a);
    const int to = ra_.define(id, a);
    if (to != from) as_.move(to, from, in.type == Type::I64 ? 64 : 32);
    as_.op_imm(static_cast<int>(Alu::And), in.type == Type::I64 ? 64 : 32, to, ~imm);
  } else if (host_.bmi1) {
    const int first = gp(a);
    const int second = gp(b);
    const int to = ra_.define(id, a);
    as_.andn(r(to, in.type), r(second, in.type), r(first, in.type));
  } else {
    const int first = gp(a);
    gp(b);
    const int to = ra_.define(id, b, mask_of(first));
    ra_.copy_to(to, b);
    as_.not_(r(to, in.type));
    as_.and_(r(to, in.type), r(first, in.type));
  }
  if (ir::bits(in.type) >= 32) flags_are_result(id, in.type);
  if (in.type == Type::I1) ra_.set_clean(id, false);
}

void Emitter::on_mul(const Inst& in, ValueId id) {
  if (in.type == Type::V16I8) return vec_mul_bytes(in, id);
  if (ir::is_vector(in.type)) return vec_by_lanes(in, id);
  ValueId a = in.args[0];
  ValueId b = in.args[1];
  if (ra_.is_const(a)) std::swap(a, b);
  int32_t imm = 0;
  if (immediate(b, imm)) {
    const int from = gp(a);
    const int to = ra_.define(id, a);
    return as_.imul(r(to, in.type), r(from, in.type), imm);
  }
  if (ra_.reg(a) == kNoReg && ra_.reg(b) != kNoReg) std::swap(a, b);
  const int first = gp(a);
  const int second = gp(b);
  const int to = ra_.define(id, ra_.dies(a) ? a : b);
  if (to == second) return as_.imul(r(to, in.type), r(first, in.type));
  if (to != first) as_.move(to, first, in.type == Type::I64 ? 64 : 32);
  as_.imul(r(to, in.type), r(second, in.type));
}

void Emitter::min_max(const Inst& in, ValueId id, HostCond take_second) {
  const int a = gp(in.args[0]);
  const int b = gp(in.args[1]);
  const int to = ra_.define(id, in.args[0], a == b ? 0 : mask_of(b));
  as_.cmp(r(a, in.type), r(b, in.type));
  if (to != a) as_.move(to, a, in.type == Type::I64 ? 64 : 32);
  conditional_move(take_second, in.type == Type::I64 ? 64 : 32, to, b);
}

void Emitter::on_smin(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_min_max(in, id);
  min_max(in, id, HostCond::G);
}

void Emitter::on_smax(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_min_max(in, id);
  min_max(in, id, HostCond::L);
}

void Emitter::on_umin(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_min_max(in, id);
  min_max(in, id, HostCond::A);
}

void Emitter::on_umax(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_min_max(in, id);
  min_max(in, id, HostCond::B);
}

void Emitter::on_abs(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_abs(in, id);
  const int a = gp(in.args[0]);
  const int to = ra_.define(id, kNoValue, mask_of(a));
  as_.move(to, a, in.type == Type::I64 ? 64 : 32);
  as_.neg(r(to, in.type));
  as_.cmovs(r(to, in.type), r(a, in.type));
}

// ---- shifts

void Emitter::shift_by_constant(Shift op, const Inst& in, ValueId id, int amount) {
  const int from = gp(in.args[0]);
  const int to = ra_.define(id, in.args[0]);
  if (op == Shift::RotateRight && host_.bmi2 && to != from)
    return as_.rorx(r(to, in.type), r(from, in.type), static_cast<uint8_t>(amount));
  if (op == Shift::Left && amount == 1 && to != from) {
    return lea(in.type == Type::I64 ? 64 : 32, to,
               {.base = static_cast<int8_t>(from), .index = static_cast<int8_t>(from)});
  }
  if (to != from) as_.move(to, from, in.type == Type::I64 ? 64 : 32);
  switch (op) {
    case Shift::Left:
      as_.shl(r(to, in.type), amount);
      break;
    case Shift::LogicalRight:
      as_.shr(r(to, in.type), amount);
      break;
    case Shift::ArithmeticRight:
      as_.sar(r(to, in.type), amount);
      break;
    case Shift::RotateRight:
      return as_.ror(r(to, in.type), amount);
  }
  if (amount != 0) flags_are_result(id, in.type);
}

void Emitter::shift_by_cl(Shift op, const Inst& in, ValueId id) {
  const ValueId amount = in.args[1];
  if (ra_.reg(amount) != kRcx) {
    ra_.take_gpr(kRcx);
    ra_.copy_to(kRcx, amount);
  }
  const int from = gp(in.args[0]);
  const int to = ra_.define(id, in.args[0], mask_of(kRcx));
  if (to != from) as_.move(to, from, in.type == Type::I64 ? 64 : 32);
  switch (op) {
    case Shift::Left:
      return as_.shl(r(to, in.type), Xbyak::util::cl);
    case Shift::LogicalRight:
      return as_.shr(r(to, in.type), Xbyak::util::cl);
    case Shift::ArithmeticRight:
      return as_.sar(r(to, in.type), Xbyak::util::cl);
    case Shift::RotateRight:
      return as_.ror(r(to, in.type), Xbyak::util::cl);
  }
}

void Emitter::shift(Shift op, const Inst& in, ValueId id) {
  const ValueId amount = in.args[1];
  if (ra_.is_const(amount)) {
    return shift_by_constant(op, in, id, static_cast<int>(ra_.constant(amount) & (ir::bits(in.type) - 1)));
  }
  if (!host_.bmi2 || op == Shift::RotateRight) return shift_by_cl(op, in, id);
  const int from = gp(in.args[0]);
  const int count = gp(amount);
  const int to = ra_.define(id, in.args[0]);
  switch (op) {
    case Shift::Left:
      return as_.shlx(r(to, in.type), r(from, in.type), r(count, in.type));
    case Shift::LogicalRight:
      return as_.shrx(r(to, in.type), r(from, in.type), r(count, in.type));
    default:
      return as_.sarx(r(to, in.type), r(from, in.type), r(count, in.type));
  }
}

void Emitter::on_shl(const Inst& in, ValueId id) { shift(Shift::Left, in, id); }
void Emitter::on_lshr(const Inst& in, ValueId id) { shift(Shift::LogicalRight, in, id); }
void Emitter::on_ashr(const Inst& in, ValueId id) { shift(Shift::ArithmeticRight, in, id); }
void Emitter::on_rotr(const Inst& in, ValueId id) { shift(Shift::RotateRight, in, id); }

// ---- multiply high, divide

void Emitter::multiply_high(const Inst& in, ValueId id, bool is_signed) {
  if (in.type == Type::I32) {
    const int a = is_signed ? gp_sign_extended(in.args[0]) : gp_zero_extended(in.args[0]);
    const int b = is_signed ? gp_sign_extended(in.args[1]) : gp_zero_extended(in.args[1]);
    const int to = ra_.define(id, kNoValue, mask_of(b));
    if (to != a) as_.mov(Xbyak::Reg64(to), Xbyak::Reg64(a));
    as_.imul(Xbyak::Reg64(to), Xbyak::Reg64(b));
    as_.shr(Xbyak::Reg64(to), 32);
    return;
  }
  const auto settled = [this](int reg, ValueId v) { return ra_.reg(v) == reg && ra_.dies(v); };
  if (!settled(kRdx, in.args[0])) ra_.take_gpr(kRdx);
  if (!is_signed && host_.bmi2) {
    const int b = gp(in.args[1]);
    ra_.copy_to(kRdx, in.args[0]);
    const int to = ra_.define(id, in.args[1], mask_of(kRdx));
    return as_.mulx(Xbyak::Reg64(to), Xbyak::Reg64(to), Xbyak::Reg64(b));
  }
  ra_.take_gpr(kRax);
  const int b = gp(in.args[1]);
  ra_.copy_to(kRax, in.args[0]);
  if (is_signed) {
    as_.imul(Xbyak::Reg64(b));
  } else {
    as_.mul(Xbyak::Reg64(b));
  }
  ra_.define_in(id, kRdx);
}

void Emitter::on_umulh(const Inst& in, ValueId id) { multiply_high(in, id, false); }
void Emitter::on_smulh(const Inst& in, ValueId id) { multiply_high(in, id, true); }

void Emitter::divide(const Inst& in, ValueId id, bool is_signed) {
  const ValueId a = in.args[0];
  const ValueId b = in.args[1];
  const int width = static_cast<int>(ir::bits(in.type));
  if (!(ra_.reg(a) == kRax && ra_.dies(a)) || ra_.same(a, b)) ra_.take_gpr(kRax);
  ra_.take_gpr(kRdx);
  const int divisor = gp(b);
  ra_.copy_to(kRax, a);
  const bool known = ra_.is_const(b);
  const uint64_t value = known ? ra_.constant(b) : 0;
  size_t first_cold = cold_.size();
  const auto special = [&](Cold::Kind kind, HostCond cond) {
    Cold& c = cold(kind);
    c.reg = kRax;
    c.width = static_cast<int8_t>(width);
    c.jumps[0] = as_.jump_later(static_cast<uint8_t>(cond));
  };
  if (!known || value == 0) {
    as_.test(r(divisor, width), r(divisor, width));
    special(Cold::Zero, HostCond::E);
  }
  if (is_signed && (!known || value == (width == 64 ? ~uint64_t{0} : uint64_t{UINT32_MAX}))) {
    as_.cmp(r(divisor, width), -1);
    special(Cold::Negate, HostCond::E);
  }
  if (!is_signed) {
    as_.xor_(Xbyak::Reg32(kRdx), Xbyak::Reg32(kRdx));
    as_.div(r(divisor, width));
  } else if (width == 64) {
    as_.cqo();
    as_.idiv(r(divisor, width));
  } else {
    as_.cdq();
    as_.idiv(r(divisor, width));
  }
  for (; first_cold < cold_.size(); ++first_cold) cold_[first_cold].back = as_.offset();
  ra_.define_in(id, kRax);
}

void Emitter::on_udiv(const Inst& in, ValueId id) { divide(in, id, false); }
void Emitter::on_sdiv(const Inst& in, ValueId id) { divide(in, id, true); }

// ---- bits

void Emitter::on_clz(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_clz(in, id);
  const int a = gp(in.args[0]);
  if (host_.lzcnt) {
    const int to = ra_.define(id, in.args[0]);
    return as_.lzcnt(r(to, in.type), r(a, in.type));
  }
  const auto width = ir::bits(in.type);
  const int none = ra_.scratch_gpr();
  const int to = ra_.define(id, kNoValue, mask_of(a));
  as_.mov(r(none, 32), 2 * width - 1);
  as_.bsr(r(to, in.type), r(a, in.type));
  as_.cmovz(r(to, in.type), r(none, in.type));
  as_.xor_(r(to, in.type), width - 1);
}

void Emitter::reverse_bits(int reg, int temp, int mask, int width) {
  static constexpr struct {
    uint64_t mask;
    int by;
  } kSteps[] = {{0x5555555555555555, 1}, {0x3333333333333333, 2}, {0x0f0f0f0f0f0f0f0f, 4}};
  for (const auto& step : kSteps) {
    as_.mov(r(mask, width), width == 64 ? step.mask : step.mask & UINT32_MAX);
    as_.mov(r(temp, width), r(reg, width));
    as_.shr(r(temp, width), step.by);
    as_.and_(r(reg, width), r(mask, width));
    as_.and_(r(temp, width), r(mask, width));
    as_.shl(r(reg, width), step.by);
    as_.or_(r(reg, width), r(temp, width));
  }
}

void Emitter::on_rbit(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_rbit(in, id);
  gp(in.args[0]);
  const int temp = ra_.scratch_gpr();
  const int mask = ra_.scratch_gpr();
  const int to = ra_.define(id, in.args[0]);
  ra_.copy_to(to, in.args[0]);
  as_.bswap(r(to, in.type));
  reverse_bits(to, temp, mask, static_cast<int>(ir::bits(in.type)));
}

void Emitter::on_bswap(const Inst& in, ValueId id) {
  const int to = ra_.define(id, in.args[0]);
  ra_.copy_to(to, in.args[0]);
  as_.bswap(r(to, in.type));
}

void Emitter::on_popcnt(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return vec_popcnt(in, id);
  const int a = gp(in.args[0]);
  const int to = ra_.define(id, in.args[0]);
  as_.popcnt(r(to, in.type), r(a, in.type));
}

// ---- width

void Emitter::on_zext(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  const ValueKind kind = ra_.kind(v);
  const unsigned from_bits = ir::bits(ra_.type(v));
  if ((kind == ValueKind::Compare || kind == ValueKind::NotCompare) && single_condition(v)) {
    const HostCond cond = condition(v);
    const int to = ra_.define(id);
    set_condition(to, cond);
    as_.movzx(r(to, 32), r8(to));
    return ra_.set_clean(id, true);
  }
  const int reg = ra_.in_memory(v) || ra_.is_const(v) ? kNoReg : gp(v);
  if (ra_.clean(v)) return ra_.alias(id, v, true);
  const int from = reg == kNoReg ? gp(v) : reg;
  const int to = ra_.define(id, v);
  if (from_bits <= 8) {
    as_.movzx(r(to, 32), r8(from));
  } else if (from_bits == 16) {
    as_.movzx(r(to, 32), Xbyak::Reg16(from));
  } else {
    as_.mov(r(to, 32), r(from, 32));
  }
  ra_.set_clean(id, true);
}

void Emitter::on_sext(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  const int from = gp(v);
  const int to = ra_.define(id, v);
  const int width = ir::bits(in.type) == 64 ? 64 : 32;
  switch (ir::bits(ra_.type(v))) {
    case 1:
      as_.movzx(r(to, 32), r8(from));
      as_.neg(r(to, width));
      break;
    case 8:
      as_.movsx(r(to, width), r8(from));
      break;
    case 16:
      as_.movsx(r(to, width), Xbyak::Reg16(from));
      break;
    default:
      as_.movsxd(Xbyak::Reg64(to), Xbyak::Reg32(from));
      break;
  }
}

void Emitter::on_trunc(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  if (in.type != Type::I1) {
    // The register will hold the whole constant that v may be a part of.
    const bool clean = ra_.is_const(v) && ra_.constant(ra_.canon(v)) <= support::low_mask(ir::bits(in.type));
    return ra_.alias(id, v, clean);
  }
  const int to = ra_.define(id, v);
  ra_.copy_to(to, v);
  as_.and_(r(to, 32), 1);
  clobber_flags();
  ra_.set_clean(id, true);
}

void Emitter::on_bitcast(const Inst& in, ValueId id) {
  const ValueId v = in.args[0];
  const bool to_vector = ir::in_vector_register(in.type);
  if (ir::bits(in.type) == 16) {
    if (to_vector) {
      const int from = gp_zero_extended(v);
      as_.movd(x(ra_.define(id)), Xbyak::Reg32(from));
    } else {
      const int from = vx(v);
      as_.pextrw(r(ra_.define(id), 32), x(from), 0);
      ra_.set_clean(id, true);
    }
  } else if (to_vector) {
    const int from = gp(v);
    const int to = ra_.define(id);
    ir::bits(in.type) == 64 ? as_.movq(x(to), Xbyak::Reg64(from)) : as_.movd(x(to), Xbyak::Reg32(from));
    ra_.set_clean(id, true);
  } else {
    const int from = vx(v);
    const int to = ra_.define(id);
    ir::bits(in.type) == 64 ? as_.movq(Xbyak::Reg64(to), x(from)) : as_.movd(Xbyak::Reg32(to), x(from));
  }
}

}  // namespace ferry::backend::x64
