#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "backend/engine.h"
#include "toy.h"

namespace ferry::toy {

/// One way to run the tests: an engine with some switches.
struct Config {
  std::string name;
  backend::EngineOptions options;
};

inline void PrintTo(const Config& config, std::ostream* out) { *out << config.name; }

/// Every engine that this build has, and the switches that change how code is reached.
std::vector<Config> configs();

/// The CPU that the host's signal handler asks about on this thread.
class CurrentCpu {
 public:
  CurrentCpu(backend::Engine& engine, backend::Cpu& cpu);
  ~CurrentCpu();
  CurrentCpu(const CurrentCpu&) = delete;
  CurrentCpu& operator=(const CurrentCpu&) = delete;
};

/// An engine for the toy guest, with the process's signal handlers in place.
class EngineTest : public testing::TestWithParam<Config> {
 protected:
  void SetUp() override { start(GetParam().options); }
  void start(const backend::EngineOptions& options);

  static State& state(backend::Cpu& cpu) { return *static_cast<State*>(cpu.state()); }
  std::unique_ptr<backend::Cpu> make_cpu(GuestAddr pc);
  /// Runs `cpu` on this thread until it stops.
  backend::Stop run(backend::Cpu& cpu);
  /// A new CPU, run from `pc`.
  backend::Stop run_from(GuestAddr pc) {
    cpu_ = make_cpu(pc);
    return run(*cpu_);
  }
  State& state() { return state(*cpu_); }
  bool compiles() const { return engine_->options().kind != backend::EngineKind::Interp; }
  bool optimizes() const { return engine_->options().kind >= backend::EngineKind::Llvm; }

  Arch arch_;
  std::unique_ptr<backend::Engine> engine_;
  std::unique_ptr<backend::Cpu> cpu_;
};

}  // namespace ferry::toy
