#include "backend/x64/emitter.h"

// Calls of C++ helpers (System V convention), on the translated code's own stack.
namespace ferry::backend::x64 {

using ir::HelperEffect;
using ir::Type;
using ir::ValueId;
using namespace Xbyak::util;

namespace {

constexpr uint8_t kArgumentGprs[] = {7, 6, kRdx, kRcx, 8, 9};
constexpr RegMask kCallerSavedScratch = mask_of(kRax) | mask_of(kRcx) | mask_of(kRdx) | mask_of(kR10);
constexpr RegMask kCallerSavedPins = mask_of(7) | mask_of(6) | mask_of(8) | mask_of(9) | mask_of(11);

}  // namespace

void Emitter::save_pins(RegMask which) {
  for (const Pin& pin : pins_) {
    if (which & mask_of(pin.reg)) as_.mov(home_address(pin.home, ir::bits(pin.type)), r(pin.reg, pin.type));
  }
}

void Emitter::load_pins(RegMask which) {
  for (const Pin& pin : pins_) {
    if (which & mask_of(pin.reg)) as_.mov(r(pin.reg, pin.type), home_address(pin.home, ir::bits(pin.type)));
  }
}

void Emitter::on_call(const Inst& in, ValueId id) {
  const ir::HelperInfo& helper = fn_->helpers[in.imm];
  const std::span<const ValueId> args = fn_->operands(in);
  for (const ValueId arg : args) {
    ra_.unlock_all();  // together the arguments may hold all registers
    const ValueKind kind = ra_.kind(arg);
    if (kind == ValueKind::Compare || kind == ValueKind::NotCompare) gp(arg);
  }
  ra_.unlock_all();
  const bool changes_state = helper.effect == HelperEffect::State || helper.effect == HelperEffect::Memory;
  const RegMask saved = changes_state ? ~kScratchGprs : kCallerSavedPins;

  stage_arguments(args, saved);
  save_pins(saved);
  if (helper.effect != HelperEffect::Pure) ra_.detach_rows(changes_state, changes_state);
  ra_.clear_for_call(kCallerSavedScratch, true);
  ra_.unlock_all();
  move_arguments(helper, args);
  if (helper.effect == HelperEffect::Memory) store_pc(current_pc_, kRax);
  as_.sub(rsp, 8);
  as_.call(as_.area(FERRY_AREA_OFFSET(helpers) + static_cast<int32_t>(8 * in.imm)));
  as_.add(rsp, 8);
  load_pins(saved);
  if (in.type == Type::Void) return;
  ra_.define_in(id, ir::in_vector_register(in.type) ? 0 : kRax);
  if (!ir::in_vector_register(in.type)) ra_.set_clean(id, in.type == Type::I64);
}

void Emitter::stage_arguments(std::span<const ValueId> args, RegMask saved) {
  // A register that is an argument's destination loses what it holds: such sources go through memory. So do
  // those that are known through a guest register only, which is forgotten before the call.
  constexpr RegMask kClobbered = kCallerSavedPins | mask_of(kRdx) | mask_of(kRcx);
  staged_.fill(kNotStaged);
  for (size_t i = 0; i < args.size(); ++i) {
    const ValueId v = args[i];
    ra_.unlock_all();
    if (ra_.kind(v) == ValueKind::Constant) continue;
    const int reg = ra_.reg(v);
    const bool vector = ir::in_vector_register(ra_.type(v));
    if (reg == kNoReg) {
      if (!ra_.readable(v, vector ? 128 : 64)) ra_.use(v), ra_.spill_home(v);
      staged_[i] = ra_.home(v);
    } else if (vector) {
      staged_[i] = ra_.spill_home(v);
    } else if (mask_of(reg) & saved) {
      staged_[i] = ra_.row_offset(v);
    } else if (kClobbered & mask_of(reg)) {
      staged_[i] = ra_.spill_home(v);
    }
  }
}

void Emitter::move_arguments(const ir::HelperInfo& helper, std::span<const ValueId> args) {
  unsigned gprs = 0;
  unsigned xmms = 0;
  if (helper.takes_state) as_.mov(Xbyak::Reg64(kArgumentGprs[gprs++]), r12);
  for (size_t i = 0; i < args.size(); ++i) {
    const ValueId v = args[i];
    if (ir::in_vector_register(ra_.type(v))) {
      const int to = static_cast<int>(xmms++);
      if (staged_[i] != kNotStaged) {
        as_.movups(x(to), as_.area(staged_[i]));
      } else {
        ra_.copy_to(to, v);
      }
      continue;
    }
    const int to = kArgumentGprs[gprs++];
    if (staged_[i] != kNotStaged) {
      as_.mov(Xbyak::Reg64(to), as_.area(staged_[i]));
    } else {
      ra_.copy_to(to, v);
    }
    zero_extend_argument(to, ra_.type(v));
  }
}

void Emitter::zero_extend_argument(int reg, Type type) {
  switch (ir::bits(type)) {
    case 1:
    case 8:
      return as_.movzx(r(reg, 32), r8(reg));
    case 16:
      return as_.movzx(r(reg, 32), Xbyak::Reg16(reg));
    case 32:
      return as_.mov(r(reg, 32), r(reg, 32));
    default:
      return;
  }
}

}  // namespace ferry::backend::x64
