// Guest code that changes.
#include <atomic>
#include <thread>

#include "harness.h"

namespace ferry::toy {
namespace {

using backend::StopReason;
using enum Opcode;

using Changing = EngineTest;
INSTANTIATE_TEST_SUITE_P(Engines, Changing, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Changing, ByTheEmbedder) {
  Program p;
  p.op(Addi, 13, 12, 0, 100).label("loop").to("f", Call).op(CallReg, 1).op(Addi, 14, 14, 0, 1);
  p.to("loop", Less, 14, 13).op(System);
  p.skip_to(0x2000);
  p.label("f").op(Addi, 0, 0, 0, 1).op(Return);
  for (int32_t value = 1; value < 20; ++value) {
    Program::patch(p.at("f"), {Addi, 0, 0, 0, value});
    engine_->invalidate(p.at("f"), p.at("f") + kInstBytes);
    cpu_ = make_cpu(p.start());
    state().r[1] = p.at("f").value;
    ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
    ASSERT_EQ(state().r[0], static_cast<uint64_t>(200 * value));
  }
  EXPECT_GT(engine_->stats().invalidations, 0u);
}

/// The guest patches its own callee in each turn and says so, also while the callee's caller is hot.
TEST_P(Changing, ByTheGuest) {
  Program p;
  p.op(Addi, 13, 12, 0, 300).label("loop");
  p.op(Load, 4, 5, 0, 0).op(Store, 4, 1, 0, 0).op(Modified, 1).op(Addi, 5, 5, 0, 8);
  p.to("f", Call).op(CallReg, 1).op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  p.skip_to(0x3000);
  p.label("f").op(Addi, 0, 0, 0, 0).op(Return);
  std::vector<Inst> code;
  uint64_t expected = 0;
  for (int32_t i = 0; i < 300; ++i) {
    code.push_back({Addi, 0, 0, 0, i * 3});
    expected += static_cast<uint64_t>(i) * 6;
  }
  cpu_ = make_cpu(p.start());
  state().r[1] = p.at("f").value;
  state().r[5] = reinterpret_cast<uintptr_t>(code.data());
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], expected);
}

TEST_P(Changing, OtherCodeOfThePageStays) {
  Program p;
  p.label("f").op(Addi, 0, 0, 0, 1).op(System);
  p.skip_to(0x800);
  p.label("g").op(Addi, 0, 0, 0, 1).op(System);
  run_from(p.at("f"));
  run_from(p.at("g"));
  engine_->invalidate(p.at("g") + 2 * kInstBytes, p.at("g") + 64);
  EXPECT_EQ(engine_->stats().invalidations, 0u);
  engine_->invalidate(p.at("g"), p.at("g") + 1);
  EXPECT_EQ(engine_->stats().invalidations, 1u);
  engine_->invalidate({0}, {~uint64_t{0} >> 16});
  EXPECT_GE(engine_->stats().invalidations, 2u);
}

/// One thread is in an endless loop that another rewrites into one that ends.
TEST_P(Changing, UnderAnotherThread) {
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).op(Addi, 5, 5, 0, 1).label("patched").to("loop", Branch);
  p.op(System);
  for (int round = 0; round < 20; ++round) {
    Program::patch(p.at("patched"), {Branch, 0, 0, 0, -2 * static_cast<int32_t>(kInstBytes)});
    engine_->invalidate(p.at("patched"), p.at("patched") + kInstBytes);
    auto cpu = make_cpu(p.start());
    std::thread other([&] { EXPECT_EQ(run(*cpu).reason, StopReason::SystemCall); });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    Program::patch(p.at("patched"), {Addi, 6, 6, 0, 1});
    engine_->invalidate(p.at("patched"), p.at("patched") + kInstBytes);
    other.join();
    EXPECT_EQ(state(*cpu).r[0], state(*cpu).r[5]);
    EXPECT_EQ(state(*cpu).r[6], 1u);
  }
}

/// The smallest cache that still works, and more code than it holds.
TEST_P(Changing, AFullCacheIsFlushed) {
  backend::EngineOptions options = GetParam().options;
  options.code_bytes = optimizes() ? 32 * 1024 : 64 * 1024;
  start(options);
  const int32_t functions = optimizes() ? 200 : 1500;
  Program p;
  p.op(Addi, 13, 12, 0, 4).label("loop");
  for (int i = 0; i < functions; ++i) p.to("f" + std::to_string(i), Call);
  p.op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  for (int i = 0; i < functions; ++i)
    p.label("f" + std::to_string(i)).op(Addi, 0, 0, 0, i).op(Addi, 5, 5, 0, 1).op(Return);
  EXPECT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], static_cast<uint64_t>(2 * functions * (functions - 1)));
  EXPECT_EQ(state().r[5], static_cast<uint64_t>(4 * functions));
  EXPECT_GT(engine_->stats().flushes, 1u);
}

/// Code that is rewritten for ever fills the cache, but never grows beyond it.
TEST_P(Changing, RewritingForEverIsBounded) {
  backend::EngineOptions options = GetParam().options;
  options.code_bytes = 64 * 1024;
  start(options);
  Program p;
  p.label("f").op(Addi, 0, 0, 0, 1).op(System);
  const int rounds = optimizes() ? 300 : 3000;
  for (int i = 0; i < rounds; ++i) {
    Program::patch(p.at("f"), {Addi, 0, 0, 0, i});
    engine_->invalidate(p.at("f"), p.at("f") + kInstBytes);
    ASSERT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
    ASSERT_EQ(state().r[0], static_cast<uint64_t>(i));
  }
  if (!optimizes()) EXPECT_GT(engine_->stats().flushes, 0u);
}

}  // namespace
}  // namespace ferry::toy
