#pragma once

#include <atomic>
#include <csignal>
#include <optional>
#include <string_view>

#include "backend/engine.h"
#include "backend/runtime/cpu.h"
#include "backend/runtime/region_view.h"
#include "ir/guest_arch.h"
#include "ir/passes/pipeline.h"

namespace ferry::backend {

/// A host fault met while working on the guest's behalf outside translated code.
struct CaughtFault {
  int signal = 0;
  int code = 0;
  uint64_t address = 0;
  bool write = false;

  explicit operator bool() const { return signal != 0; }
  /// A non-canonical address raises #GP (#SS for some base registers), which the kernel reports without an
  /// address.
  bool non_canonical() const { return code == SI_KERNEL && (signal == SIGSEGV || signal == SIGBUS); }
  bool misaligned() const { return code == BUS_ADRALN && signal == SIGBUS; }
  Stop stop() const { return {StopReason::Fault, signal, code, address, write}; }
};

/// Reads a fault that the signal handler left in `cpu`.
CaughtFault take_fault(CpuImpl& cpu);

/// Runs `work` so that a host fault in it (Engine::handle_fault) comes back here. `work` must not hold
/// anything that only a destructor gives back: it is left as by longjmp.
template <typename Work>
[[gnu::noinline]] CaughtFault run_guarded(CpuImpl& cpu, Work&& work) {
  const auto before = cpu.activity;
  if (setjmp(cpu.recovery) != 0) {
    cpu.activity = before;
    return take_fault(cpu);
  }
  cpu.activity = static_cast<int>(Activity::Guarded);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  work();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  cpu.activity = before;
  return {};
}

/// Where IR comes from: guest code through the guest architecture and the passes, with everything that can go
/// wrong.
class Source {
 public:
  Source(const ir::GuestArch& arch, const EngineOptions& options)
      : arch_(arch), options_(options), access_(options.access) {}

  const ir::GuestArch& arch() const { return arch_; }

  /// Translates the code at `key` into `out`. A fault: the guest cannot execute there.
  CaughtFault translate(CpuImpl& cpu, ir::BlockKey key, const ir::TranslateLimits& limits,
                        ir::Function& out) const;

  /// Runs a tier's passes. False, with a report on stderr, when the verifier found a mistake of ours.
  bool optimize(ir::Function& function, ir::PassTier tier, ir::PassContext& passes) const;

  /// For dump=asm.
  void dump_code(const CodeImage& image, const PlacedCode& placed) const;

  /// The limits of one baseline block.
  ir::TranslateLimits block_limits() const;
  /// The limits of one optimized region; `code` must outlive its translation.
  ir::TranslateLimits region_limits(bool precise, const ir::CodeView& code) const;
  /// Guest memory as the embedder describes it, nothing more.
  const ir::CodeView& access() const { return access_; }

 private:
  bool dumps(std::string_view stage) const;
  bool may_execute(GuestAddr pc) const { return !options_.access || options_.access->executable(pc); }

  const ir::GuestArch& arch_;
  const EngineOptions& options_;
  const AccessView access_;
};

}  // namespace ferry::backend
