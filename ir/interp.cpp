// The interpreter's loop, and the ops that touch guest registers, call helpers or end blocks.
#include "ir/interp.h"

#include <emmintrin.h>

#include <cstring>

#include "ir/interp_frame.h"

namespace ferry::ir {
namespace interp {
namespace {

using support::low_mask;

/// Continues in `block`, or leaves at an edge that may close a loop when an interrupt is wanted.
void go_to(Frame& f, uint64_t block) {
  const Block& to = f.fn.blocks[block];
  f.next = &to;
  const auto* interrupt = f.context.interrupt;
  if (is_safe_point(*f.block, to) && interrupt != nullptr &&
      interrupt->load(std::memory_order_relaxed) != 0) {
    f.next = nullptr;
    f.result = {.how = Leave::Interrupted, .target = to.pc};
  }
}

// System V passes integers and vectors in registers of their own, so a function that takes six of the one and
// eight of the other can stand for every helper.
using GeneralHelper = uint64_t (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, __m128i,
                                   __m128i, __m128i, __m128i, __m128i, __m128i, __m128i, __m128i);
using VectorHelper = __m128i (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, __m128i, __m128i,
                                 __m128i, __m128i, __m128i, __m128i, __m128i, __m128i);

struct HelperArguments {
  uint64_t general[6] = {};
  __m128i vector[8] = {};
};

template <typename Helper>
__attribute__((no_sanitize("function"))) auto invoke(void (*function)(), const HelperArguments& args) {
  const auto& g = args.general;
  const auto& v = args.vector;
  return reinterpret_cast<Helper>(function)(g[0], g[1], g[2], g[3], g[4], g[5], v[0], v[1], v[2], v[3], v[4],
                                            v[5], v[6], v[7]);
}

HelperArguments collect_arguments(const Frame& f, const Inst& inst, const HelperInfo& helper) {
  HelperArguments out;
  unsigned general = 0;
  unsigned vector = 0;
  if (helper.takes_state) out.general[general++] = reinterpret_cast<uint64_t>(f.state);
  const auto operands = f.fn.operands(inst);
  for (unsigned i = 0; i < operands.size(); ++i) {
    const Bits128 value = f.values[operands[i]];
    if (in_vector_register(helper.args[i])) {
      out.vector[vector++] =
          _mm_set_epi64x(static_cast<int64_t>(value.high), static_cast<int64_t>(value.low));
    } else {
      out.general[general++] = value.low;
    }
  }
  return out;
}

}  // namespace

Bits128 konst(Frame&, const Inst& inst) { return {inst.imm, inst.imm2}; }

Bits128 get_reg(Frame& f, const Inst& inst) {
  const StateReg& row = f.fn.layout->regs[inst.imm];
  Bits128 value;
  std::memcpy(&value, f.state + row.offset, bytes(row.type));
  return value;
}

Bits128 set_reg(Frame& f, const Inst& inst) {
  const StateReg& row = f.fn.layout->regs[inst.imm];
  const Bits128 value = f.vec(inst, 0);
  std::memcpy(f.state + row.offset, &value, bytes(row.type));
  return {};
}

Bits128 at(Frame& f, const Inst& inst) {
  f.context.current_pc.store(inst.imm, std::memory_order_relaxed);
  return {};
}

Bits128 call(Frame& f, const Inst& inst) {
  const HelperInfo& helper = f.fn.helpers[inst.imm];
  const HelperArguments args = collect_arguments(f, inst, helper);
  if (!in_vector_register(helper.result)) {
    const uint64_t value = invoke<GeneralHelper>(helper.function, args);
    return {value & low_mask(bits(helper.result)), 0};
  }
  Bits128 value;
  const __m128i result = invoke<VectorHelper>(helper.function, args);
  std::memcpy(&value, &result, bytes(helper.result));
  return value;
}

Bits128 br(Frame& f, const Inst& inst) {
  go_to(f, inst.imm);
  return {};
}

Bits128 br_if(Frame& f, const Inst& inst) {
  go_to(f, f.arg(inst, 0) != 0 ? inst.imm : inst.imm2);
  return {};
}

Bits128 goto_pc(Frame& f, const Inst& inst) {
  f.result = {.how = Leave::Goto, .target = {inst.imm}};
  return {};
}

Bits128 goto_indirect(Frame& f, const Inst& inst) {
  f.result = {.how = Leave::GotoIndirect, .target = {f.arg(inst, 0)}};
  return {};
}

Bits128 call_pc(Frame& f, const Inst& inst) {
  f.result = {.how = Leave::Call, .target = {inst.imm}, .return_to = {inst.imm2}};
  return {};
}

Bits128 call_indirect(Frame& f, const Inst& inst) {
  f.result = {.how = Leave::CallIndirect, .target = {f.arg(inst, 0)}, .return_to = {inst.imm2}};
  return {};
}

Bits128 ret(Frame& f, const Inst& inst) {
  f.result = {.how = Leave::Return, .target = {f.arg(inst, 0)}};
  return {};
}

Bits128 trap(Frame& f, const Inst& inst) {
  f.result = {.how = Leave::Trap, .target = {inst.imm2}, .trap = static_cast<TrapKind>(inst.imm)};
  return {};
}

}  // namespace interp

Bits128 evaluate(const Function& function, const Inst& inst, Bits128* values, InterpContext& scratch) {
  interp::Frame frame{
      .fn = function, .state = nullptr, .context = scratch, .values = values, .block = nullptr};
  return interp::kHandlers[static_cast<unsigned>(inst.op)](frame, inst);
}

InterpResult run(const Function& function, void* state, InterpContext& context) {
  if (context.values.size() < function.insts.size()) context.values.resize(function.insts.size());
  context.current_pc.store(function.pc.value, std::memory_order_relaxed);
  interp::Frame frame{.fn = function,
                      .state = static_cast<std::byte*>(state),
                      .context = context,
                      .values = context.values.data(),
                      .block = function.blocks.data()};
  for (;;) {
    frame.next = nullptr;
    for (uint32_t id = frame.block->begin; id < frame.block->end; ++id) {
      const Inst& inst = function.insts[id];
      if (!inst.dead) frame.values[id] = interp::kHandlers[static_cast<unsigned>(inst.op)](frame, inst);
    }
    if (frame.next == nullptr) return frame.result;
    frame.block = frame.next;
  }
}

}  // namespace ferry::ir
