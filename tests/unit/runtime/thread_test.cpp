// Many threads, interrupts, fork.
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "harness.h"

namespace ferry::toy {
namespace {

using backend::StopReason;
using enum Opcode;

using Threads = EngineTest;
INSTANTIATE_TEST_SUITE_P(Engines, Threads, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

/// r0 = r1 + ... : calls, returns, indirect calls and a loop, `times` times.
void put_work(Program& p, int32_t times) {
  p.op(Addi, 13, 12, 0, times).label("loop").to("f", Call).op(CallReg, 1).op(Addi, 14, 14, 0, 1);
  p.to("loop", Less, 14, 13).op(System);
  p.label("f").op(Addi, 0, 0, 0, 1).op(Addi, 6, 6, 0, 2).op(Return);
}

TEST_P(Threads, RunInParallel) {
  Program p;
  put_work(p, 20'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        auto cpu = make_cpu(p.start());
        state(*cpu).r[1] = p.at("f").value;
        ASSERT_EQ(run(*cpu).reason, StopReason::SystemCall);
        ASSERT_EQ(state(*cpu).r[0], 40'000u);
        ASSERT_EQ(state(*cpu).r[6], 80'000u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

/// Threads run while another invalidates their code and a tiny cache is flushed again and again.
TEST_P(Threads, SurviveFlushesAndInvalidations) {
  backend::EngineOptions options = GetParam().options;
  options.code_bytes = 32 * 1024;
  start(options);
  constexpr int kFunctions = 60;
  Program p;
  p.op(Addi, 13, 12, 0, 60).label("loop");
  for (int i = 0; i < kFunctions; ++i) p.to("f" + std::to_string(i), Call).op(CallReg, 1);
  p.op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  for (int i = 0; i < kFunctions; ++i) p.label("f" + std::to_string(i)).op(Addi, 0, 0, 0, 1).op(Return);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 6; ++round) {
        auto cpu = make_cpu(p.start());
        state(*cpu).r[1] = p.at("f7").value;
        ASSERT_EQ(run(*cpu).reason, StopReason::SystemCall);
        ASSERT_EQ(state(*cpu).r[0], 60u * 2 * kFunctions);
      }
    });
  }
  std::thread invalidator([&] {
    for (unsigned i = 0; !done.load(); ++i) {
      const GuestAddr at = p.start() + i % 200 * 64;
      engine_->invalidate(at, at + 64);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  for (auto& thread : threads) thread.join();
  done = true;
  invalidator.join();
}

TEST_P(Threads, AnotherThreadInterrupts) {
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).op(Addi, 5, 5, 0, 1).to("loop", Branch);
  cpu_ = make_cpu(p.start());
  for (int round = 0; round < 50; ++round) {
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(300));
      cpu_->request_interrupt();
    });
    EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
    other.join();
    EXPECT_EQ(state().pc % kInstBytes, p.start().value % kInstBytes);
    // Exact: where it stopped says how many of the two additions were done.
    const uint64_t ahead = state().pc == p.start().value + kInstBytes ? 1 : 0;
    EXPECT_EQ(state().r[0], state().r[5] + ahead);
  }
}

TEST_P(Threads, IndirectLoopIsInterrupted) {
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).op(JumpReg, 1);
  cpu_ = make_cpu(p.start());
  state().r[1] = p.start().value;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    cpu_->request_interrupt();
  });
  EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
  other.join();
}

TEST_P(Threads, InterruptBeforeEntryIsNotLost) {
  Program p;
  p.op(Addi, 0, 0, 0, 1).op(System);
  cpu_ = make_cpu(p.start());
  cpu_->request_interrupt();
  EXPECT_EQ(run(*cpu_).reason, StopReason::Interrupted);
  EXPECT_EQ(state().r[0], 0u);
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
}

thread_local backend::Cpu* interrupted_cpu = nullptr;

TEST_P(Threads, ASignalHandlerInterrupts) {
  struct sigaction action = {};
  action.sa_handler = [](int) {
    if (interrupted_cpu) interrupted_cpu->request_interrupt();
  };
  sigaction(SIGUSR1, &action, nullptr);
  Program p;
  put_work(p, 1'000'000'000);
  auto cpu = make_cpu(p.start());
  state(*cpu).r[1] = p.at("f").value;
  std::atomic<bool> started{false};
  uint64_t interrupts = 0;
  std::thread runner([&] {
    interrupted_cpu = cpu.get();
    started = true;
    for (; interrupts < 100; ++interrupts) ASSERT_EQ(run(*cpu).reason, StopReason::Interrupted);
    interrupted_cpu = nullptr;
  });
  while (!started) std::this_thread::yield();
  std::atomic<bool> done{false};
  std::thread sender([&] {
    while (!done) {
      pthread_kill(runner.native_handle(), SIGUSR1);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  while (interrupts < 100) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  done = true;
  sender.join();
  runner.join();
  EXPECT_GE(state(*cpu).r[0], state(*cpu).r[14]);
}

/// Forks again and again while other threads run and translate; the child runs old and new code.
TEST_P(Threads, ForkInAThreadedProcess) {
  Program p, fresh;
  put_work(p, 1'000'000'000);
  put_work(fresh, 2000);
  std::atomic<bool> done{false};
  std::vector<std::unique_ptr<backend::Cpu>> cpus;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    cpus.push_back(make_cpu(p.start()));
    backend::Cpu& cpu = *cpus.back();
    state(cpu).r[1] = p.at("f").value;
    threads.emplace_back([&] {
      while (!done) {
        run(cpu);
        engine_->invalidate(p.start(), p.start() + 256);
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    for (auto& cpu : cpus) cpu->request_interrupt();
    engine_->prepare_fork();
    const pid_t child = fork();
    if (child == 0) {
      engine_->after_fork_child();
      alarm(20);
      bool good = true;
      for (int i = 0; i < 3; ++i) {
        auto cpu = make_cpu(fresh.start());
        state(*cpu).r[1] = fresh.at("f").value;
        good &= run(*cpu).reason == StopReason::SystemCall && state(*cpu).r[0] == 4000;
        engine_->invalidate(fresh.start(), fresh.start() + 64);
        engine_->set_precise_faults(i % 2 == 0);
      }
      _exit(good ? 0 : 1);
    }
    engine_->after_fork_parent();
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  done = true;
  for (auto& cpu : cpus) cpu->request_interrupt();
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace ferry::toy
