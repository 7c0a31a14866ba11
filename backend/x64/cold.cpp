#include "backend/x64/emitter.h"

// Code that rarely runs, placed behind the rest.
namespace ferry::backend::x64 {

using namespace Xbyak::util;

Emitter::Cold& Emitter::cold(Cold::Kind kind) {
  Cold& c = cold_.emplace_back();
  c.kind = kind;
  return c;
}

Emitter::Cold& Emitter::cold_slow(const Inst& in, ValueId id, int result) {
  Cold& c = cold(Cold::Slow);
  c.inst = id;
  c.reg = static_cast<int8_t>(result);
  for (unsigned i = 0; i < in.arg_count; ++i) {
    c.operands[i] = static_cast<int8_t>(ra_.use(in.args[i]));
    c.clean[i] = ra_.clean(in.args[i]);
  }
  return c;
}

void Emitter::emit_cold_slow(const Cold& c) {
  const Inst& in = fn_->insts[c.inst];
  for (unsigned i = 0; i < in.arg_count; ++i) {
    const Type type = ra_.type(in.args[i]);
    if (!ir::in_vector_register(type) && !c.clean[i] && ir::bits(type) == 32) {
      const int32_t place = FERRY_AREA_OFFSET(slow_operands) + 16 * static_cast<int32_t>(i);
      as_.mov(as_.area(place), 0);
      as_.mov(as_.area32(place), r(c.operands[i], 32));
    } else {
      slow_store(i, type, c.operands[i]);
    }
  }
  slow_invoke(in);
  slow_result(in.type, c.reg);
}

void Emitter::emit_cold(const Cold& c) {
  for (const uint32_t jump : c.jumps) {
    if (jump != 0) as_.bind(jump);
  }
  const Xbyak::Reg64 reg(c.reg);
  switch (c.kind) {
    case Cold::Poll:
      store_pc(GuestAddr{c.pc}, kRax);
      return exit_with(ExitKind::Interrupt);
    case Cold::Hot:
      as_.lea(rax, ptr[rip]);
      fix(c.slot);
      if (c.back == 0) return as_.jmp(as_.area(FERRY_AREA_OFFSET(stubs.hot)));
      as_.call(as_.area(FERRY_AREA_OFFSET(stubs.hot)));
      return as_.jump_to(c.back);
    case Cold::ResetReturns:
      as_.lea(rcx, ptr[rip + static_cast<int>(c.back - (as_.offset() + 7))]);
      return as_.jmp(as_.area(FERRY_AREA_OFFSET(stubs.reset_returns)));
    case Cold::Return:
      return as_.jump_state(FERRY_AREA_OFFSET(stubs.ret));
    case Cold::Indirect:
      return as_.jump_state(FERRY_AREA_OFFSET(stubs.indirect));
    case Cold::IndirectCall:
      as_.call(as_.area(FERRY_AREA_OFFSET(stubs.indirect)));
      break;
    case Cold::Misaligned:
      // What the engine takes for an alignment fault at the address in rax (ir/support/misaligned.h).
      as_.move(kRax, c.reg, 64);
      as_.ud2();
      return faults_.push_back({as_.offset() - 2, 2, GuestAddr{c.pc}});
    case Cold::Zero:
      as_.xor_(reg.cvt32(), reg.cvt32());
      break;
    case Cold::Negate:
      as_.neg(r(c.reg, c.width));
      break;
    case Cold::Slow:
      emit_cold_slow(c);
      break;
  }
  as_.jump_to(c.back);
}

}  // namespace ferry::backend::x64
