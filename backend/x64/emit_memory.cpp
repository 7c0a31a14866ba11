#include "backend/x64/emitter.h"
#include "ir/support/bits.h"

// Guest memory. x86 is TSO: plain and acquire loads are loads, plain and release stores are stores, and only
// a store that a later acquire load must not pass needs more (docs/adr/0008).
namespace ferry::backend::x64 {

using ir::AtomicKind;
using ir::MemAccess;
using ir::Type;
using ir::ValueId;
using namespace Xbyak::util;

Xbyak::Address Emitter::sized(const Memory& at, unsigned bytes) {
  switch (bytes) {
    case 1:
      return byte[at];
    case 2:
      return word[at];
    case 4:
      return dword[at];
    case 8:
      return qword[at];
    default:
      return xword[at];
  }
}

Memory Emitter::address(ValueId base, ValueId index, const MemAccess& m) {
  int64_t disp = m.disp;
  const bool has_index = index != ir::kNoValue;
  if (has_index && ra_.is_const(index)) {
    const int64_t moved = disp + static_cast<int64_t>(ra_.constant(index) << m.scale);
    if (moved == static_cast<int32_t>(moved))
      return address(base, ir::kNoValue, {.disp = static_cast<int32_t>(moved)});
  }
  if (!has_index && ra_.is_const(base)) {
    const auto absolute = static_cast<int64_t>(ra_.constant(base)) + disp;
    if (absolute >= 0 && absolute <= INT32_MAX) return {.disp = static_cast<int32_t>(absolute)};
  }
  Memory at{.base = static_cast<int8_t>(gp(base)), .disp = static_cast<int32_t>(disp)};
  if (!has_index) return at;
  at.index = static_cast<int8_t>(gp(index));
  at.scale = m.scale;
  if (m.scale <= 3) return at;
  const int scaled = ra_.scratch_gpr();
  as_.move(scaled, at.index, 64);
  as_.shl(Xbyak::Reg64(scaled), m.scale);
  clobber_flags();
  at.index = static_cast<int8_t>(scaled);
  at.scale = 0;
  return at;
}

void Emitter::load_int(int to, const Memory& from, unsigned bytes, bool sign_extend, int width) {
  switch (bytes) {
    case 8:
      return as_.op_memory(0x8b, 64, to, from);
    case 4:
      return sign_extend && width == 64 ? as_.op_memory(0x63, 64, to, from)
                                        : as_.op_memory(0x8b, 32, to, from);
    case 2:
      return as_.op_memory(sign_extend ? 0x0fbf : 0x0fb7, sign_extend ? width : 32, to, from);
    default:
      return as_.op_memory(sign_extend ? 0x0fbe : 0x0fb6, sign_extend ? width : 32, to, from);
  }
}

void Emitter::on_load(const Inst& in, ValueId id) {
  const MemAccess m = in.mem();
  const Memory at = address(in.args[0], in.args[1], m);
  if (!ir::in_vector_register(in.type)) {
    const int to = ra_.define(id, in.args[0]);
    guarded([&] { load_int(to, at, m.bytes, m.sign_extend, in.type == Type::I64 ? 64 : 32); });
    return ra_.set_clean(id, !m.sign_extend || ir::bits(in.type) >= 32);
  }
  const int to = ra_.define(id);
  if (m.bytes >= 4) {
    guarded([&] {
      switch (m.bytes) {
        case 4:
          return as_.movd(x(to), sized(at, 4));
        case 8:
          return as_.movq(x(to), sized(at, 8));
        default:
          return as_.op_memory(0x0f10, 32, to, at);  // movups
      }
    });
  } else {
    const int temp = ra_.scratch_gpr();
    guarded([&] { load_int(temp, at, m.bytes, false, 32); });
    as_.movd(x(to), Xbyak::Reg32(temp));
  }
  ra_.set_clean(id, true);
}

void Emitter::on_store(const Inst& in, ValueId) {
  const MemAccess m = in.mem();
  const Memory at = address(in.args[0], in.args[1], m);
  if (m.ordered) {
    store_ordered(at, in.args[2], m.bytes);
  } else {
    store_value(at, in.args[2], m.bytes);
  }
}

void Emitter::store_value(const Memory& to, ValueId v, unsigned bytes) {
  int32_t imm = 0;
  if (!ir::in_vector_register(ra_.type(v))) {
    if (immediate(v, imm) && bytes >= 4 && (bytes == 4 || ir::bits(ra_.type(v)) == 64)) {
      return guarded([&] {
        as_.op_memory(0xc7, bytes == 8 ? 64 : 32, 0, to);
        as_.put32(static_cast<uint32_t>(imm));
      });
    }
    const int from = gp(v);
    return guarded([&] {
      if (bytes == 2) as_.put8(0x66);
      as_.op_memory(bytes == 1 ? 0x88 : 0x89, bytes == 8 ? 64 : bytes == 1 ? 8 : 32, from, to);
    });
  }
  const int from = vx(v);
  guarded([&] {
    switch (bytes) {
      case 1:
        return as_.pextrb(sized(to, 1), x(from), 0);
      case 2:
        return as_.pextrw(sized(to, 2), x(from), 0);
      case 4:
        return as_.movd(sized(to, 4), x(from));
      case 8:
        return as_.movq(sized(to, 8), x(from));
      default:
        return as_.op_memory(0x0f11, 32, from, to);  // movups
    }
  });
}

void Emitter::store_ordered(const Memory& to, ValueId v, unsigned bytes) {
  if (ir::in_vector_register(ra_.type(v))) {
    store_value(to, v, bytes);
    return full_fence();
  }
  const int temp = ra_.scratch_gpr();
  if (ra_.kind(v) != ValueKind::Constant) gp(v);
  ra_.copy_to(temp, v);
  guarded([&] { as_.xchg(sized(to, bytes), sized_reg(temp, bytes)); });
}

void Emitter::full_fence() {
  // A locked access to the stack's own line costs less than mfence.
  as_.lock();
  as_.or_(dword[rsp - 8], 0);
  clobber_flags();
}

void Emitter::on_fence(const Inst& in, ValueId) {
  if (static_cast<ir::FenceKind>(in.imm) == ir::FenceKind::Full) full_fence();
}

void Emitter::on_check_aligned(const Inst& in, ValueId) {
  const int at = gp(in.args[0]);
  const auto block_mask = static_cast<uint32_t>(in.imm2 - 1);
  Cold& misaligned = cold(Cold::Misaligned);
  misaligned.reg = static_cast<int8_t>(at);
  misaligned.pc = current_pc_.value;
  if (in.imm == in.imm2) {
    as_.test(r(at, 32), block_mask);
    misaligned.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::Ne));
  } else {
    const int offset = ra_.scratch_gpr();
    as_.mov(r(offset, 32), r(at, 32));
    as_.and_(r(offset, 32), block_mask);
    as_.cmp(r(offset, 32), static_cast<uint32_t>(in.imm2 - in.imm));
    misaligned.jumps[0] = as_.jump_later(static_cast<uint8_t>(HostCond::A));
  }
  clobber_flags();
}

void Emitter::zero_extend_result(int reg, unsigned bytes) {
  if (bytes == 1) as_.movzx(r(reg, 32), r8(reg));
  if (bytes == 2) as_.movzx(r(reg, 32), Xbyak::Reg16(reg));
}

void Emitter::on_atomic_rmw(const Inst& in, ValueId id) {
  const MemAccess m = in.mem();
  const auto kind = static_cast<AtomicKind>(in.imm2);
  const ValueId operand = in.args[1];
  if (kind == AtomicKind::Swap || kind == AtomicKind::Add) {
    gp(operand);
    const Memory at = address(in.args[0], ir::kNoValue, m);
    const int old = ra_.scratch_gpr();
    ra_.copy_to(old, operand);
    guarded([&] {
      if (kind == AtomicKind::Swap) return as_.xchg(sized(at, m.bytes), sized_reg(old, m.bytes));
      as_.lock();
      as_.xadd(sized(at, m.bytes), sized_reg(old, m.bytes));
    });
    zero_extend_result(old, m.bytes);
    return ra_.define_in(id, old);
  }
  const bool logical = kind == AtomicKind::AndNot || kind == AtomicKind::Or || kind == AtomicKind::Xor;
  if (logical && ra_.unused(id)) {
    int from = gp(operand);
    const Memory at = address(in.args[0], ir::kNoValue, m);
    if (kind == AtomicKind::AndNot) {
      const int inverted = ra_.scratch_gpr();
      as_.mov(Xbyak::Reg64(inverted), Xbyak::Reg64(from));
      as_.not_(Xbyak::Reg64(inverted));
      from = inverted;
    }
    return guarded([&] {
      as_.lock();
      switch (kind) {
        case AtomicKind::AndNot:
          return as_.and_(sized(at, m.bytes), sized_reg(from, m.bytes));
        case AtomicKind::Or:
          return as_.or_(sized(at, m.bytes), sized_reg(from, m.bytes));
        default:
          return as_.xor_(sized(at, m.bytes), sized_reg(from, m.bytes));
      }
    });
  }
  ra_.take_gpr(kRax);
  const Memory at = address(in.args[0], ir::kNoValue, m);
  rmw_loop(in, id, at, m.bytes);
}

void Emitter::rmw_loop(const Inst& in, ValueId id, const Memory& at, unsigned bytes) {
  const int operand = gp(in.args[1]);
  const int next = ra_.scratch_gpr();
  const Xbyak::Reg64 wide(next), old(kRax), given(operand);
  guarded([&] {
    as_.mov(sized_reg(kRax, bytes), sized(at, bytes));
    const uint32_t again = as_.offset();
    const auto choose = [&](HostCond take_old) {
      as_.cmp(sized_reg(kRax, bytes), sized_reg(operand, bytes));
      as_.mov(wide, given);
      conditional_move(take_old, 64, next, kRax);
    };
    switch (static_cast<AtomicKind>(in.imm2)) {
      case AtomicKind::AndNot:
        as_.mov(wide, given);
        as_.not_(wide);
        as_.and_(wide, old);
        break;
      case AtomicKind::Or:
        as_.mov(wide, given);
        as_.or_(wide, old);
        break;
      case AtomicKind::Xor:
        as_.mov(wide, given);
        as_.xor_(wide, old);
        break;
      case AtomicKind::Smax:
        choose(HostCond::G);
        break;
      case AtomicKind::Smin:
        choose(HostCond::L);
        break;
      case AtomicKind::Umax:
        choose(HostCond::A);
        break;
      case AtomicKind::Umin:
        choose(HostCond::B);
        break;
      case AtomicKind::Swap:
      case AtomicKind::Add:
        break;
    }
    as_.lock();
    as_.cmpxchg(sized(at, bytes), sized_reg(next, bytes));
    as_.bind(as_.jump_later(static_cast<uint8_t>(HostCond::Ne)), again);
  });
  zero_extend_result(kRax, bytes);
  ra_.define_in(id, kRax);
}

// CMPXCHG16B takes the old value in rdx:rax, the new one in rcx:rbx.
void Emitter::compare_exchange_vector(const Inst& in, ValueId id) {
  const auto split = [this](int low, int high, int from) {
    as_.movq(Xbyak::Reg64(low), x(from));
    as_.pextrq(Xbyak::Reg64(high), x(from), 1);
  };
  const int expected = vx(in.args[1]);
  const int desired = vx(in.args[2]);
  for (const int reg : {kRax, kRdx, kRbx, kRcx}) ra_.take_gpr(reg);
  const Memory at = address(in.args[0], ir::kNoValue, in.mem());
  split(kRax, kRdx, expected);
  split(kRbx, kRcx, desired);
  guarded([&] {
    as_.lock();
    as_.cmpxchg16b(sized(at, 16));
  });
  const int to = ra_.define(id);
  as_.movq(x(to), rax);
  as_.pinsrq(x(to), rdx, 1);
}

void Emitter::on_cmpxchg(const Inst& in, ValueId id) {
  if (ir::is_vector(in.type)) return compare_exchange_vector(in, id);
  const MemAccess m = in.mem();
  const ValueId expected = in.args[1];
  const bool shared = ra_.same(expected, in.args[0]) || ra_.same(expected, in.args[2]);
  if (ra_.kind(expected) != ValueKind::Constant) gp(expected);
  if (ra_.reg(expected) != kRax || !ra_.dies(expected) || shared) ra_.take_gpr(kRax);
  const Memory at = address(in.args[0], ir::kNoValue, m);
  const int desired = gp(in.args[2]);
  ra_.copy_to(kRax, expected);
  guarded([&] {
    as_.lock();
    as_.cmpxchg(sized(at, m.bytes), sized_reg(desired, m.bytes));
  });
  // A failed cmpxchg of 32 bits leaves the upper half zero, a successful one leaves rax alone.
  if (m.bytes == 4) as_.mov(eax, eax);
  zero_extend_result(kRax, m.bytes);
  ra_.define_in(id, kRax);
}

}  // namespace ferry::backend::x64
