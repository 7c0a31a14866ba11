#include <csignal>

#include "frontend/arm64/state.h"
#include "frontend/registry.h"
#include "tests/guest/guest_state.h"
#include "tests/guest/runner.h"

namespace ferry::guest_test {
namespace {

/// The engine and CPU whose faults the signal handler reports; one runner runs at a time.
struct Running {
  backend::Engine* engine;
  backend::Cpu* cpu;
};
Running running = {};

void on_fault(int signal, siginfo_t* info, void* context) {
  if (running.engine != nullptr && running.engine->handle_fault(*running.cpu, signal, *info, context)) return;
  std::signal(signal, SIG_DFL);
}

class EngineRunner final : public Runner {
 public:
  EngineRunner(GuestMemory& memory, std::unique_ptr<backend::Engine> engine,
               std::unique_ptr<backend::Cpu> cpu)
      : memory_(memory), engine_(std::move(engine)), cpu_(std::move(cpu)) {
    engine_->set_precise_faults(true);
  }

  GuestRun run(const GuestRun& start) override {
    memory_.load(start);
    engine_->invalidate(GuestAddr{GUEST_CODE_BASE}, GuestAddr{GUEST_CODE_BASE + GUEST_CODE_SIZE});
    cpu_->forget_predictions();
    auto& state = *static_cast<arm64::State*>(cpu_->state());
    GuestRun result = start;
    const GuestFpEnvironment environment;
    load_state(start.cpu, memory_.tags(), state);
    struct sigaction action = {}, before, before_ill;
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before);
    sigaction(SIGILL, &action, &before_ill);
    running = {engine_.get(), cpu_.get()};
    result.stop = stop_of(engine_->run(*cpu_));
    running = {};
    sigaction(SIGSEGV, &before, nullptr);
    sigaction(SIGILL, &before_ill, nullptr);
    save_state(state, result.cpu);
    memory_.save(result);
    return result;
  }

 private:
  static uint32_t stop_of(const backend::Stop& stop) {
    switch (stop.reason) {
      case backend::StopReason::SystemCall:
        return kGuestStopSvc;
      case backend::StopReason::Illegal:
        return kGuestStopIllegal;
      case backend::StopReason::Breakpoint:
        return kGuestStopBrk;
      case backend::StopReason::Fault:
        return kGuestStopFault;
      case backend::StopReason::Interrupted:
        break;
    }
    return kGuestStopStuck;
  }

  GuestMemory& memory_;
  std::unique_ptr<backend::Engine> engine_;
  std::unique_ptr<backend::Cpu> cpu_;
};

}  // namespace

std::unique_ptr<Runner> make_engine_runner(GuestMemory& memory, const backend::EngineOptions& options,
                                           std::string& error) {
  auto engine = backend::Engine::create(*frontend::find_guest("aarch64"), options);
  if (!engine) {
    error = engine.error().message;
    return nullptr;
  }
  auto cpu = (*engine)->create_cpu();
  if (!cpu) {
    error = cpu.error().message;
    return nullptr;
  }
  return std::make_unique<EngineRunner>(memory, std::move(*engine), std::move(*cpu));
}

}  // namespace ferry::guest_test
