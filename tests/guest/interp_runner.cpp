#include <csetjmp>
#include <csignal>

#include "frontend/arm64/state.h"
#include "frontend/registry.h"
#include "ir/interp.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "tests/guest/guest_state.h"
#include "tests/guest/runner.h"

namespace ferry::guest_test {
namespace {

/// Where a host fault in interpreted code goes on. The signal handler needs it.
sigjmp_buf* fault_exit = nullptr;

void on_fault(int signal, siginfo_t*, void*) {
  if (fault_exit == nullptr) {
    std::signal(signal, SIG_DFL);
    return;
  }
  siglongjmp(*fault_exit, 1);
}

class InterpRunner final : public Runner {
 public:
  InterpRunner(GuestMemory& memory, const ir::TranslateLimits& limits)
      : memory_(memory), limits_(limits), arch_(*frontend::find_guest("aarch64")) {
    context_.address_mask = arch_.address_mask();
  }

  std::string complaint() const override { return complaint_; }

  GuestRun run(const GuestRun& start) override {
    complaint_.clear();
    memory_.load(start);
    GuestRun result = start;
    const GuestFpEnvironment environment;
    load_state(start.cpu, memory_.tags(), state_);
    struct sigaction action = {}, before, before_ill;
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before);
    sigaction(SIGILL, &action, &before_ill);
    sigjmp_buf exit;
    if (sigsetjmp(exit, 1) == 0) {
      fault_exit = &exit;
      result.stop = step();
    } else {
      state_.pc = context_.current_pc;
      result.stop = kGuestStopFault;
    }
    fault_exit = nullptr;
    sigaction(SIGSEGV, &before, nullptr);
    sigaction(SIGILL, &before_ill, nullptr);
    save_state(state_, result.cpu);
    memory_.save(result);
    return result;
  }

 private:
  uint32_t step() {
    constexpr unsigned kMaxBlocks = 10000;
    for (unsigned i = 0; i < kMaxBlocks; ++i) {
      arch_.translate({GuestAddr{state_.pc}, arch_.mode(&state_)}, limits_, function_);
      if (const auto broken = ir::verify(function_)) {
        complaint_ = "  IR breaks a rule: " + broken->message + "\n" + ir::print(function_);
        return kGuestStopStuck;
      }
      const ir::InterpResult left = ir::run(function_, &state_, context_);
      state_.pc = left.target.value;
      if (left.how != ir::Leave::Trap) continue;
      switch (left.trap) {
        case ir::TrapKind::Breakpoint:
          return kGuestStopBrk;
        case ir::TrapKind::Illegal:
          return kGuestStopIllegal;
        case ir::TrapKind::SystemCall:
          return kGuestStopSvc;
        default:
          break;
      }
    }
    return kGuestStopStuck;
  }

  GuestMemory& memory_;
  ir::TranslateLimits limits_;
  const ir::GuestArch& arch_;
  ir::Function function_;
  ir::InterpContext context_;
  arm64::State state_{};
  std::string complaint_;
};

}  // namespace

std::unique_ptr<Runner> make_interp_runner(GuestMemory& memory, const ir::TranslateLimits& limits) {
  return std::make_unique<InterpRunner>(memory, limits);
}

}  // namespace ferry::guest_test
