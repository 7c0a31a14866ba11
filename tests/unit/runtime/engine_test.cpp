// What guest code computes and how it is reached, in every engine.
#include "backend/runtime/context.h"
#include "harness.h"

namespace ferry::toy {
namespace {

using backend::StopReason;
using enum Opcode;

using Running = EngineTest;
INSTANTIATE_TEST_SUITE_P(Engines, Running, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

/// Adds 1 to `count` registers from r0 on, `times` times; r14 counts.
void put_loop(Program& p, const std::string& name, int32_t times, unsigned count) {
  p.op(Addi, 14, 12, 0, 0).op(Addi, 13, 12, 0, times).label(name);
  for (unsigned i = 0; i < count; ++i) p.op(Addi, i, i, 0, 1);
  p.op(Addi, 14, 14, 0, 1).to(name, Less, 14, 13);
}

TEST_P(Running, LoopCountsInPinnedAndOtherRegisters) {
  Program p;
  put_loop(p, "loop", 100'000, 8);
  p.op(System);
  const GuestAddr end = p.here();
  EXPECT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
  EXPECT_EQ(state().pc, end.value);
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(state().r[i], 100'000u) << i;
}

TEST_P(Running, GoesOnAfterASystemCall) {
  Program p;
  p.label("again").op(Addi, 0, 0, 0, 1).op(System).to("again", Branch);
  cpu_ = make_cpu(p.start());
  for (uint64_t i = 1; i <= 1000; ++i) {
    ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
    ASSERT_EQ(state().r[0], i);
  }
}

TEST_P(Running, StopsAtIllegalAndBreakpoint) {
  Program p;
  p.op(Addi, 0, 0, 0, 1).label("brk").op(Break).label("bad").put({static_cast<Opcode>(200)});
  EXPECT_EQ(run_from(p.start()).reason, StopReason::Breakpoint);
  EXPECT_EQ(state().pc, p.at("brk").value);
  state().pc = p.at("bad").value;
  EXPECT_EQ(run(*cpu_).reason, StopReason::Illegal);
  EXPECT_EQ(state().pc, p.at("bad").value);
  EXPECT_EQ(state().r[0], 1u);
}

TEST_P(Running, CallsAndReturns) {
  Program p;
  p.op(Addi, 13, 12, 0, 1000).label("loop").to("f", Call).to("g", Call).op(Addi, 14, 14, 0, 1);
  p.to("loop", Less, 14, 13).op(System);
  p.label("f").op(Addi, 0, 0, 0, 1).op(Return);
  p.label("g").op(Addi, 10, 15, 0, 0).to("f", Call).op(Addi, 15, 10, 0, 0).op(Addi, 5, 5, 0, 1).op(Return);
  EXPECT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], 2000u);
  EXPECT_EQ(state().r[5], 1000u);
}

/// f(n): n == 0 ? 0 : f(n - 1) + 1, deeper than the return stack has room for; the guest's own stack is in
/// r11.
TEST_P(Running, RecursesDeeperThanTheReturnStack) {
  constexpr int32_t kDepth = 100'000;
  std::vector<uint64_t> stack(kDepth + 8);
  Program p;
  p.op(Addi, 1, 12, 0, kDepth).to("f", Call).op(System);
  p.label("f").to("more", Less, 12, 1).op(Addi, 0, 12, 0, 0).op(Return);
  p.label("more").op(Store, 15, 11, 0, 0).op(Addi, 11, 11, 0, 8).op(Addi, 1, 1, 0, -1).to("f", Call);
  p.op(Addi, 11, 11, 0, -8).op(Load, 15, 11, 0, 0).op(Addi, 0, 0, 0, 1).op(Return);
  for (int round = 0; round < 3; ++round) {
    cpu_ = make_cpu(p.start());
    state().r[11] = reinterpret_cast<uintptr_t>(stack.data());
    ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
    EXPECT_EQ(state().r[0], static_cast<uint64_t>(kDepth));
    EXPECT_EQ(state().r[11], reinterpret_cast<uintptr_t>(stack.data()));
  }
}

/// A callee that returns to its caller's caller, as longjmp does.
TEST_P(Running, ReturnsThatMatchNoCall) {
  Program p;
  p.op(Addi, 13, 12, 0, 500)
      .label("loop")
      .to("f", Call)
      .op(Addi, 14, 14, 0, 1)
      .to("loop", Less, 14, 13)
      .op(System);
  p.label("f").op(Addi, 10, 15, 0, 0).to("g", Call).op(Addi, 0, 0, 0, 1000).op(Return);
  p.label("g").op(Addi, 0, 0, 0, 1).op(Addi, 15, 10, 0, 0).op(Return);
  EXPECT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], 500u);
}

TEST_P(Running, IndirectCallsAndBranches) {
  Program p;
  p.op(Addi, 13, 12, 0, 3000).label("loop").op(CallReg, 1).op(Addi, 10, 1, 0, 0).op(Addi, 1, 2, 0, 0);
  p.op(Addi, 2, 10, 0, 0).op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(JumpReg, 3);
  p.label("f").op(Addi, 5, 5, 0, 1).op(Return);
  p.label("g").op(Addi, 6, 6, 0, 1).op(Return);
  p.label("end").op(System);
  cpu_ = make_cpu(p.start());
  state().r[1] = p.at("f").value;
  state().r[2] = p.at("g").value;
  state().r[3] = p.at("end").value;
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[5], 1500u);
  EXPECT_EQ(state().r[6], 1500u);
}

/// Two targets that share a line of the jump cache.
TEST_P(Running, IndirectTargetsThatCollide) {
  Program p;
  p.op(Addi, 13, 12, 0, 1000).label("loop").op(CallReg, 1).op(CallReg, 2).op(Addi, 14, 14, 0, 1);
  p.to("loop", Less, 14, 13).op(System);
  p.skip_to(0x1000);
  p.label("f").op(Addi, 5, 5, 0, 1).op(Return);
  const auto line = [&](uint64_t offset) { return backend::jump_cache_index(p.start().value + offset); };
  uint64_t other = 0x1010;
  while (line(other) != line(0x1000)) other += 16;
  p.skip_to(other);
  p.label("g").op(Addi, 6, 6, 0, 1).op(Return);
  cpu_ = make_cpu(p.start());
  state().r[1] = p.at("f").value;
  state().r[2] = p.at("g").value;
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[5], 1000u);
  EXPECT_EQ(state().r[6], 1000u);
}

TEST_P(Running, BranchToTheAddressThatMarksEmptyLines) {
  Program p;
  p.label("loop").op(Addi, 15, 12, 0, -1).op(Return);
  EXPECT_EQ(run_from(p.start()).reason, StopReason::Fault);
  EXPECT_EQ(state().pc, ~uint64_t{0});
  state().pc = p.start().value;
  EXPECT_EQ(run(*cpu_).reason, StopReason::Fault);
}

TEST_P(Running, ModeBitsSelectTheTranslation) {
  Program p;
  p.op(Addi, 13, 12, 0, 200).label("loop").op(SetMode, 0, 0, 0, 1).to("f", Call).op(SetMode, 0, 0, 0, 0);
  p.to("f", Call).op(CallReg, 1).op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  // In mode 1 it subtracts; its return and the indirect call must not find the other mode's code.
  p.label("f").op(Addi, 0, 0, 0, 3).op(Addi, 5, 5, 0, 1).op(Return);
  cpu_ = make_cpu(p.start());
  state().r[1] = p.at("f").value;
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], 200u * 3);
  EXPECT_EQ(state().r[5], 200u);
}

TEST_P(Running, TheEmbedderMayChangeTheMode) {
  Program p;
  p.label("f").op(Addi, 0, 0, 0, 5).op(System).to("f", Branch);
  EXPECT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
  state().mode = 1;
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], 0u);
}

TEST_P(Running, CountsWhatItDoes) {
  Program p;
  put_loop(p, "loop", 100'000, 4);
  p.op(System);
  run_from(p.start());
  const backend::EngineStats stats = engine_->stats();
  EXPECT_GT(stats.dispatches, 0u);
  if (engine_->options().kind == backend::EngineKind::Baseline) {
    EXPECT_GE(stats.baseline_blocks, 3u);
    EXPECT_GE(stats.baseline_insts, 9u);
    EXPECT_GT(stats.baseline_bytes, 0u);
    if (engine_->options().chain) EXPECT_LT(stats.dispatches, 100u);
  }
  if (engine_->options().kind == backend::EngineKind::Llvm) EXPECT_GE(stats.llvm_regions, 1u);
}

}  // namespace
}  // namespace ferry::toy
