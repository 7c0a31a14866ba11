// How code leaves a block: links, polls, counters, the return stack, the jump cache, faults.
#include <gtest/gtest.h>

#include <cstring>

#include "ir/builder.h"
#include "tests/unit/x64/harness.h"

namespace ferry::backend::x64::test {

namespace {

using ir::Builder;
using ir::Type;

constexpr GuestAddr kHere{0x1000};

/// A function of one block at kHere, made by `body`.
template <typename Body>
ir::Function block(Body body) {
  ir::Function fn = new_function();
  fn.ranges.push_back({kHere, kHere + 16});
  Builder b(fn);
  b.begin_block(kHere);
  b.at(kHere);
  body(b);
  return fn;
}

ir::Function leaves_for(GuestAddr target) {
  return block([&](Builder& b) { b.goto_pc(target); });
}

TEST(Control, AnUnresolvedExitNamesItsSlot) {
  Machine m;
  const auto code = m.compile(leaves_for(GuestAddr{0x5000}));
  ASSERT_EQ(code->slots.size(), 1u);
  const Exit exit = m.enter(code->code.data());
  EXPECT_EQ(exit.kind, ExitKind::ResolveLink);
  EXPECT_EQ(exit.slot, code->slots[0]);
  EXPECT_EQ(exit.slot->guest_pc, 0x5000u);
  EXPECT_EQ(exit.slot->target.load(), exit.slot->unresolved);
}

TEST(Control, AResolvedExitGoesThere) {
  Machine m;
  const auto first = m.compile(leaves_for(GuestAddr{0x5000}));
  const auto second = m.compile(block([](Builder& b) {
    b.set_reg(word(3), b.add(b.get_reg(word(3), Type::I64), b.i64(5)));
    b.trap(ir::TrapKind::SystemCall, GuestAddr{0x5004});
  }));
  first->slots[0]->target = second->code.data();
  m.state().words[3] = 37;
  const Exit exit = m.enter(first->code.data());
  EXPECT_EQ(exit.kind, ExitKind::Trap);
  EXPECT_EQ(exit.value, static_cast<uint64_t>(ir::TrapKind::SystemCall));
  EXPECT_EQ(m.state().pc, 0x5004u);
  EXPECT_EQ(m.state().words[3], 42u);
}

TEST(Control, ABackwardJumpLooksForInterrupts) {
  Machine m;
  const auto back = m.compile(leaves_for(GuestAddr{0xf00}));
  const auto forward = m.compile(leaves_for(GuestAddr{0x2000}));
  m.area().interrupt = 1;
  EXPECT_EQ(m.enter(forward->code.data()).kind, ExitKind::ResolveLink);
  EXPECT_EQ(m.enter(back->code.data()).kind, ExitKind::Interrupt);
  EXPECT_EQ(m.state().pc, 0xf00u);
  m.area().interrupt = 0;
  EXPECT_EQ(m.enter(back->code.data()).kind, ExitKind::ResolveLink);
}

TEST(Control, ALoopInsideAFunctionLooksForInterrupts) {
  Machine m;
  ir::Function fn = new_function();
  Builder b(fn);
  b.begin_block(kHere);
  const ir::Value left = b.sub(b.get_reg(word(0), Type::I64), b.i64(1));
  b.set_reg(word(0), left);
  b.br_if(b.icmp(ir::IntCond::Ne, left, b.i64(0)), 0, 1);
  b.begin_block(GuestAddr{0x1010});
  b.trap(ir::TrapKind::Yield, GuestAddr{0x1010});
  const auto code = m.compile(fn);
  m.state().words[0] = 1000;
  EXPECT_EQ(m.enter(code->code.data()).kind, ExitKind::Trap);
  EXPECT_EQ(m.state().words[0], 0u);
  m.area().interrupt = 1;
  m.state().words[0] = 1000;
  EXPECT_EQ(m.enter(code->code.data()).kind, ExitKind::Interrupt);
  EXPECT_EQ(m.state().words[0], 999u);
  EXPECT_EQ(m.state().pc, kHere.value);
}

TEST(Control, ALoopEdgeIsCountedDownToHot) {
  EngineOptions options;
  options.kind = EngineKind::Auto;
  options.hot_threshold = 3;
  Machine m(options);
  const auto code = m.compile(leaves_for(kHere));
  LinkSlot& slot = *code->slots[0];
  ASSERT_NE(slot.counter, nullptr);
  EXPECT_EQ(m.enter(code->code.data()).kind, ExitKind::ResolveLink);
  EXPECT_EQ(m.enter(code->code.data()).kind, ExitKind::ResolveLink);
  const Exit hot = m.enter(code->code.data());
  EXPECT_EQ(hot.kind, ExitKind::Hot);
  EXPECT_EQ(hot.slot, &slot);
  EXPECT_EQ(m.enter(code->code.data()).kind, ExitKind::ResolveLink);
  EXPECT_EQ(m.compile(leaves_for(GuestAddr{0x2000}))->slots[0]->counter, nullptr);
}

TEST(Control, BaselineAloneCountsNothing) {
  EngineOptions options;
  options.kind = EngineKind::Baseline;
  Machine m(options);
  EXPECT_EQ(m.compile(leaves_for(kHere))->slots[0]->counter, nullptr);
}

/// A caller of 0x8000 that expects a return to 0x1010, and a callee that returns to w1.
struct Call {
  explicit Call(Machine& m)
      : caller(m.compile(block([](Builder& b) { b.call_pc(GuestAddr{0x8000}, GuestAddr{0x1010}); }))),
        callee(m.compile(block([](Builder& b) { b.ret(b.get_reg(word(1), Type::I64)); }))) {
    caller->slots[0]->target = callee->code.data();
  }
  std::unique_ptr<Compiled> caller, callee;
};

TEST(ReturnStack, AMatchedReturnContinuesBehindTheCall) {
  Machine m;
  const Call call(m);
  m.state().words[1] = 0x1010;
  const Exit exit = m.enter(call.caller->code.data());
  EXPECT_EQ(exit.kind, ExitKind::ResolveLink);
  EXPECT_EQ(exit.slot, call.caller->slots[1]);
  EXPECT_EQ(m.area().return_rsp, m.area().return_stack_top);
}

TEST(ReturnStack, AnotherReturnGoesThroughTheEngineAndEmptiesIt) {
  Machine m;
  const Call call(m);
  m.state().words[1] = 0x7777;
  const Exit exit = m.enter(call.caller->code.data());
  EXPECT_EQ(exit.kind, ExitKind::Indirect);
  EXPECT_EQ(exit.value, 0x7777u);
  EXPECT_EQ(m.area().return_rsp, m.area().return_stack_top);
}

TEST(ReturnStack, SurvivesLeavingTranslatedCode) {
  Machine m;
  const Call call(m);
  const auto trap = m.compile(block([](Builder& b) { b.trap(ir::TrapKind::SystemCall, GuestAddr{0x8004}); }));
  call.caller->slots[0]->target = trap->code.data();
  EXPECT_EQ(m.enter(call.caller->code.data()).kind, ExitKind::Trap);
  EXPECT_EQ(m.area().return_rsp, m.area().return_stack_top - 16);
  m.state().words[1] = 0x1010;
  EXPECT_EQ(m.enter(call.callee->code.data()).slot, call.caller->slots[1]);
}

TEST(ReturnStack, AFullOneIsEmptied) {
  Machine m;
  const auto recursive = m.compile(block([](Builder& b) {
    const ir::Value n = b.add(b.get_reg(word(2), Type::I64), b.i64(1));
    b.set_reg(word(2), n);
    b.call_pc(GuestAddr{0x8000}, GuestAddr{0x1010});
  }));
  const auto stop = m.compile(block([](Builder& b) { b.trap(ir::TrapKind::SystemCall, kHere); }));
  recursive->slots[0]->target = recursive->code.data();
  // Ends when the interrupt-free recursion has come round: a one-shot change of the link from a deep call.
  m.area().return_stack_limit = m.area().return_stack_top - 10 * 16;
  recursive->slots[0]->target = stop->code.data();
  for (int depth = 0; depth < 25; ++depth) {
    EXPECT_EQ(m.enter(recursive->code.data()).kind, ExitKind::Trap);
    EXPECT_GE(m.area().return_rsp, m.area().return_stack_limit - 16);
    EXPECT_EQ(m.area().return_rsp % 16, 8u);
  }
  EXPECT_EQ(m.state().words[2], 25u);
}

TEST(ReturnStack, AHotCallKeepsItsPrediction) {
  EngineOptions options;
  options.hot_threshold = 1;
  Machine m(options);
  const Call call(m);
  const Exit hot = m.enter(call.caller->code.data());
  EXPECT_EQ(hot.kind, ExitKind::Hot);
  EXPECT_EQ(hot.slot, call.caller->slots[0]);
  m.state().words[1] = 0x1010;
  EXPECT_EQ(m.enter(call.callee->code.data()).slot, call.caller->slots[1]);
}

TEST(ReturnStack, WithoutItReturnsAreIndirectBranches) {
  EngineOptions options;
  options.return_stack = false;
  Machine m(options);
  const Call call(m);
  m.state().words[1] = 0x1010;
  EXPECT_EQ(m.enter(call.caller->code.data()).kind, ExitKind::Indirect);
  EXPECT_EQ(call.caller->slots.size(), 1u);
}

TEST(ReturnStack, TheThunkForOptimizedCodeDoesTheSame) {
  Machine m;
  const Call call(m);
  std::vector<std::byte> code(2 * kResolverBytes + kCallThunkBytes);
  std::vector<ImageFixup> fixups;
  std::vector<ImageSlot> exits;
  const uint32_t thunk = 2 * kResolverBytes;
  for (uint32_t i = 0; i < 2; ++i) {
    exits.push_back({.pc = GuestAddr{0x1010}, .resolver = i * uint32_t{kResolverBytes}, .counted = false});
    EXPECT_LE(emit_resolver(code.data() + exits[i].resolver, exits[i].resolver, i, fixups), kResolverBytes);
  }
  EXPECT_LE(emit_call_thunk(code.data() + thunk, thunk, 0, 1, GuestAddr{0x1010}, fixups), kCallThunkBytes);
  CodeImage image;
  image.code = code;
  image.slots = exits;
  image.fixups = fixups;
  const auto placed = place(image, m.space(), 1);
  ASSERT_TRUE(placed);
  placed->slots[0].target = call.callee->code.data();
  m.state().words[1] = 0x1010;
  EXPECT_EQ(m.enter(placed->code.data() + thunk).slot, &placed->slots[1]);
  m.state().words[1] = 0x2222;
  EXPECT_EQ(m.enter(placed->code.data() + thunk).value, 0x2222u);
}

TEST(Indirect, ALineOfTheJumpCacheIsFollowed) {
  Machine m;
  const auto jump = m.compile(block([](Builder& b) { b.goto_indirect(b.get_reg(word(9), Type::I64)); }));
  const auto there = m.compile(block([](Builder& b) { b.trap(ir::TrapKind::Yield, GuestAddr{0x4004}); }));
  m.state().words[9] = 0x4000;
  EXPECT_EQ(m.enter(jump->code.data()).kind, ExitKind::Indirect);
  JumpCacheEntry& line = m.area().jump_cache[jump_cache_index(0x4000)];
  line.guest_pc = 0x4000;
  line.code = there->code.data();
  EXPECT_EQ(m.enter(jump->code.data()).kind, ExitKind::Trap);
  m.area().interrupt = 1;
  EXPECT_EQ(m.enter(jump->code.data()).kind, ExitKind::Interrupt);
  EXPECT_EQ(m.state().pc, 0x4000u);
}

TEST(Indirect, WithoutTheJumpCacheTheEngineIsAsked) {
  EngineOptions options;
  options.jump_cache = false;
  Machine m(options);
  const auto jump = m.compile(block([](Builder& b) { b.goto_indirect(b.get_reg(word(9), Type::I64)); }));
  JumpCacheEntry& line = m.area().jump_cache[jump_cache_index(0x4000)];
  line.guest_pc = 0x4000;
  line.code = jump->code.data();
  m.state().words[9] = 0x4000;
  EXPECT_EQ(m.enter(jump->code.data()).kind, ExitKind::Indirect);
}

TEST(Indirect, ACallFollowsTheJumpCacheAndComesBack) {
  Machine m;
  const auto call =
      m.compile(block([](Builder& b) { b.call_indirect(b.get_reg(word(9), Type::I64), GuestAddr{0x1010}); }));
  const auto callee = m.compile(block([](Builder& b) { b.ret(b.get_reg(word(1), Type::I64)); }));
  m.state().words[9] = 0x4000;
  m.state().words[1] = 0x1010;
  const Exit miss = m.enter(call->code.data());
  EXPECT_EQ(miss.kind, ExitKind::Indirect);
  EXPECT_EQ(miss.value, 0x4000u);
  EXPECT_EQ(m.enter(callee->code.data()).slot, call->slots[0]);
  JumpCacheEntry& line = m.area().jump_cache[jump_cache_index(0x4000)];
  line.guest_pc = 0x4000;
  line.code = callee->code.data();
  EXPECT_EQ(m.enter(call->code.data()).slot, call->slots[0]);
  EXPECT_EQ(m.area().return_rsp, m.area().return_stack_top);
  m.area().interrupt = 1;
  EXPECT_EQ(m.enter(call->code.data()).kind, ExitKind::Interrupt);
  EXPECT_EQ(m.state().pc, 0x4000u);
}

TEST(Faults, EveryAccessHasItsPoint) {
  Machine m;
  const auto code = m.compile(block([](Builder& b) {
    const ir::Value base = b.get_reg(word(10), Type::I64);
    b.set_reg(word(11), b.load(Type::I64, {.base = base}, {.bytes = 8}));
    b.at(kHere + 4);
    b.store({.base = base, .disp = 8}, b.get_reg(word(0), Type::I64), {.bytes = 8, .ordered = true});
    b.at(kHere + 8);
    b.emit(ir::Op::atomic_rmw, Type::I32, {base, b.i32(1)}, ir::MemAccess{.bytes = 4}.pack(),
           static_cast<uint64_t>(ir::AtomicKind::Smax));
    b.goto_pc(GuestAddr{0x5000});
  }));
  ASSERT_EQ(code->fault_points.size(), 3u);
  uint32_t end = 0;
  for (unsigned i = 0; i < 3; ++i) {
    const FaultPoint& point = code->fault_points[i];
    EXPECT_EQ(point.pc, kHere + 4 * i);
    EXPECT_GE(point.host_offset, end);
    EXPECT_GT(point.host_size, 0u);
    end = point.host_offset + point.host_size;
  }
  EXPECT_TRUE(code->pins_in_registers);
}

TEST(Faults, AMemoryHelperFindsTheStateComplete) {
  Machine m;
  const auto code = m.compile(block([](Builder& b) {
    b.set_reg(word(0), b.i64(77));
    b.at(kHere + 4);
    b.set_reg(half(0), b.call(kPeek, {b.i64(kWords)}));  // looks at word 0
    b.goto_pc(GuestAddr{0x5000});
  }));
  m.enter(code->code.data());
  EXPECT_EQ(m.state().halves[0], 77u ^ static_cast<uint32_t>(m.state().vectors[kWords % kVectors].high));
  EXPECT_EQ(m.state().pc, kHere.value + 4);
}

TEST(Space, AFullCacheIsAnError) {
  class Full : public CodeSpace {
    std::span<std::byte> reserve(size_t) override { return {}; }
    void commit(size_t) override {}
    LinkSlot* allocate_slots(size_t) override { return nullptr; }
    uint64_t* allocate_counter(uint64_t) override { return nullptr; }
  } space;
  const auto codegen = make_x64_codegen({});
  const auto image = codegen->compile(leaves_for(kHere));
  ASSERT_TRUE(image);
  EXPECT_FALSE(place(*image, space, 1));
}

}  // namespace

}  // namespace ferry::backend::x64::test
