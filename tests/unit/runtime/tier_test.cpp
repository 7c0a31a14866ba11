// How hot code gets from one tier to the next.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <thread>

#include "harness.h"

namespace ferry::toy {
namespace {

using backend::EngineKind;
using backend::StopReason;
using enum Opcode;

class Tiers : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (GetParam().options.kind != EngineKind::Auto) GTEST_SKIP() << "one tier only";
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Tiers, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Tiers, AHotLoopIsReplacedWhileItRuns) {
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).op(Addi, 5, 5, 0, 1).to("loop", Branch);
  cpu_ = make_cpu(p.start());
  std::thread watcher([&] {
    for (int i = 0; i < 5000 && engine_->stats().llvm_regions == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    cpu_->request_interrupt();
  });
  EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
  watcher.join();
  EXPECT_GE(engine_->stats().llvm_regions, 1u);
  EXPECT_EQ(state().r[0], state().r[5]);
}

TEST_P(Tiers, ColdCodeIsNotOptimized) {
  Program p;
  p.op(Addi, 13, 12, 0, 4).label("loop").op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  EXPECT_EQ(run_from(p.start()).reason, StopReason::SystemCall);
  EXPECT_EQ(engine_->stats().llvm_regions, 0u);
}

TEST_P(Tiers, AHotFunctionIsReplacedForItsCallers) {
  Program p;
  p.op(Addi, 13, 12, 0, 100).label("loop").to("f", Call).op(CallReg, 1).op(Addi, 14, 14, 0, 1);
  p.to("loop", Less, 14, 13).op(System);
  p.label("f").op(Addi, 0, 0, 0, 1).op(Return);
  uint64_t rounds = 0;
  for (; rounds < 2000 && engine_->stats().llvm_regions < 2; ++rounds) {
    cpu_ = make_cpu(p.start());
    state().r[1] = p.at("f").value;
    ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
    ASSERT_EQ(state().r[0], 200u);
  }
  EXPECT_GE(engine_->stats().llvm_regions, 2u);
}

/// What only indirect branches lead to, as the cases of an interpreter: no edge counts it.
TEST_P(Tiers, HotTargetsOfIndirectBranchesAreReplaced) {
  Program p;
  // A loop that makes the optimizer worth its start, then two pieces that jump to each other by register.
  p.op(Addi, 13, 12, 0, 200).label("loop").op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13);
  p.label("first").op(Addi, 0, 0, 0, 1).op(JumpReg, 2);
  p.label("second").op(Addi, 5, 5, 0, 1).op(JumpReg, 1);
  cpu_ = make_cpu(p.start());
  state().r[1] = p.at("first").value;
  state().r[2] = p.at("second").value;
  std::thread watcher([&] {
    for (int i = 0; i < 5000 && engine_->stats().llvm_regions < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    cpu_->request_interrupt();
  });
  EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
  watcher.join();
  EXPECT_GE(engine_->stats().llvm_regions, 3u);
  EXPECT_LE(state().r[0] - state().r[5], 1u);
}

/// What is reached only from optimized code gets its turn too: here, what follows a call.
TEST_P(Tiers, WhatFollowsACallInOptimizedCodeIsReplaced) {
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).to("f", Call).op(Addi, 5, 5, 0, 1).op(Add, 6, 6, 5).to("loop", Branch);
  p.label("f").op(Return);
  cpu_ = make_cpu(p.start());
  std::thread watcher([&] {
    for (int i = 0; i < 5000 && engine_->stats().llvm_regions < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    cpu_->request_interrupt();
  });
  EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
  watcher.join();
  EXPECT_GE(engine_->stats().llvm_regions, 3u);
  EXPECT_LE(state().r[0] - state().r[5], 1u);
}

/// Guest code that changes while its optimized form is being made: the stale result must not be used.
TEST_P(Tiers, ChangedCodeIsNotPublished) {
  Program p;
  p.op(Addi, 13, 12, 0, 50).label("loop").label("patched").op(Addi, 0, 0, 0, 1).op(Addi, 14, 14, 0, 1);
  p.to("loop", Less, 14, 13).op(System);
  for (int32_t value = 1; value <= 40; ++value) {
    Program::patch(p.at("patched"), {Addi, 0, 0, 0, value});
    engine_->invalidate(p.at("patched"), p.at("patched") + kInstBytes);
    for (int round = 0; round < 4; ++round) {
      cpu_ = make_cpu(p.start());
      ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
      ASSERT_EQ(state().r[0], static_cast<uint64_t>(50 * value)) << "round " << round;
    }
  }
}

class Borrowers : public Tiers {
 protected:
  /// Runs a loop until a region more has been made of it.
  void expect_a_new_region() {
    Program& p = programs_.emplace_back();
    p.label("loop").op(Addi, 0, 0, 0, 1).to("loop", Branch);
    const uint64_t before = engine_->stats().llvm_regions;
    cpu_ = make_cpu(p.start());
    std::thread watcher([&] {
      for (int i = 0; i < 5000 && engine_->stats().llvm_regions == before; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      cpu_->request_interrupt();
    });
    EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
    watcher.join();
    EXPECT_GT(engine_->stats().llvm_regions, before);
  }

  /// Calls `work` in a process that shares this one's memory and ends right after.
  template <typename Work>
  static void in_borrower(Work work) {
    const pid_t child = vfork();
    if (child == 0) {
      work();
      _exit(0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }

 private:
  std::deque<Program> programs_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Borrowers, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Borrowers, DieInTheMiddleOfAFork) {
  expect_a_new_region();
  in_borrower([&] { engine_->prepare_fork(); });
  engine_->abandon(*cpu_);
  expect_a_new_region();
}

/// The thread is the process's that the memory belongs to.
TEST_P(Borrowers, DoNotEndTheBackgroundThread) {
  expect_a_new_region();
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto before = threads();
  in_borrower([&] { engine_->end_background(); });
  EXPECT_EQ(threads(), before);
  expect_a_new_region();
}

/// The edge that made a loop hot has been counted to its end long before.
TEST_P(Tiers, AHotLoopIsReplacedAgainAfterAChange) {
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).to("end", Less, 13, 13);
  p.label("changed").op(Addi, 5, 5, 0, 1).to("end", Less, 13, 13);
  p.op(Addi, 6, 6, 0, 1).to("loop", Branch).label("end").op(System);
  cpu_ = make_cpu(p.start());
  std::thread runner([&] { EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted); });
  for (int round = 0; round < 20; ++round) {
    // Before the change: its new region may be there at once.
    const uint64_t before = engine_->stats().llvm_regions;
    engine_->invalidate(p.at("changed"), p.at("changed") + kInstBytes);
    // In every other round what is being compiled is what changes.
    const auto patience = std::chrono::milliseconds(round % 2 == 0 ? 5000 : round / 4);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (engine_->stats().llvm_regions == before && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    if (round % 2 == 0) EXPECT_GT(engine_->stats().llvm_regions, before) << "round " << round;
  }
  cpu_->request_interrupt();
  runner.join();
}

}  // namespace
}  // namespace ferry::toy
