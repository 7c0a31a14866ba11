#include "harness.h"

#include <csignal>
#include <cstdio>

#ifdef FERRY_TEST_LLVM
#include "backend/engine.h"
#endif

namespace ferry::toy {

namespace {

using backend::EngineKind;
using backend::EngineOptions;

thread_local backend::Engine* current_engine = nullptr;
thread_local backend::Cpu* current_cpu = nullptr;

constexpr int kFaultSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

void on_fault(int signal, siginfo_t* info, void* context) {
  if (current_cpu && current_engine->handle_fault(*current_cpu, signal, *info, context)) return;
  std::signal(signal, SIG_DFL);
}

void install_handlers() {
  struct sigaction action = {};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO;
  sigfillset(&action.sa_mask);
  for (const int signal : kFaultSignals) sigaction(signal, &action, nullptr);
}

EngineOptions base(EngineKind kind) {
  EngineOptions options;
  options.kind = kind;
  options.verify = true;
  options.code_bytes = 16u << 20;
#ifdef FERRY_TEST_LLVM
  options.llvm = &backend::make_llvm_codegen;
#endif
  return options;
}

EngineOptions eager(bool background) {
  EngineOptions options = base(EngineKind::Auto);
  options.hot_threshold = 8;
  options.background = background;
  options.optimize_after_ms = 0;
  options.optimize_precise = true;
  return options;
}

}  // namespace

std::vector<Config> configs() {
  std::vector<Config> all;
  const auto add = [&](std::string name, const EngineOptions& options) -> EngineOptions& {
    all.push_back({std::move(name), options});
    return all.back().options;
  };
  add("Interp", base(EngineKind::Interp));
  const EngineOptions baseline = base(EngineKind::Baseline);
  add("Baseline", baseline);
  add("NoChain", baseline).chain = false;
  add("NoJumpCache", baseline).jump_cache = false;
  add("NoReturnStack", baseline).return_stack = false;
  add("NoPasses", baseline).optimize = false;
  add("OneInst", baseline).max_block_insts = 1;
#ifdef FERRY_TEST_LLVM
  add("Llvm", base(EngineKind::Llvm));
  add("AutoSync", eager(false));
  add("AutoBackground", eager(true));
#endif
  return all;
}

CurrentCpu::CurrentCpu(backend::Engine& engine, backend::Cpu& cpu) {
  current_engine = &engine;
  current_cpu = &cpu;
}

CurrentCpu::~CurrentCpu() { current_cpu = nullptr; }

void EngineTest::start(const EngineOptions& options) {
  install_handlers();
  cpu_.reset();
  auto engine = backend::Engine::create(arch_, options);
  ASSERT_TRUE(engine) << engine.error().message;
  engine_ = std::move(*engine);
}

std::unique_ptr<backend::Cpu> EngineTest::make_cpu(GuestAddr pc) {
  auto cpu = engine_->create_cpu();
  if (!cpu) std::abort();
  state(**cpu).pc = pc.value;
  return std::move(*cpu);
}

backend::Stop EngineTest::run(backend::Cpu& cpu) {
  const CurrentCpu current(*engine_, cpu);
  return engine_->run(cpu);
}

}  // namespace ferry::toy
