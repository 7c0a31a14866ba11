#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "backend/codegen.h"
#include "backend/engine.h"
#include "backend/runtime/clock.h"
#include "backend/runtime/code_cache.h"
#include "backend/runtime/code_store.h"
#include "backend/runtime/cpu.h"
#include "backend/runtime/optimizer.h"
#include "backend/runtime/source.h"
#include "backend/runtime/translations.h"
#include "backend/runtime/world.h"
#include "backend/x64/stubs.h"
#include "ir/passes/pipeline.h"

namespace ferry::backend {

/// The engine. Its methods are in four files: engine.cpp (making it, the embedder's interface), dispatch.cpp
/// (run), translate.cpp (finding and making code), faults.cpp (host signals).
class EngineImpl final : public Engine {
 public:
  EngineImpl(const ir::GuestArch& arch, const EngineOptions& options, std::unique_ptr<CodeCache> cache);

  /// Second half of the construction: what may fail.
  std::optional<support::Error> start();

  const EngineOptions& options() const override { return options_; }
  support::Result<std::unique_ptr<Cpu>> create_cpu() override;
  Stop run(Cpu& cpu) override;
  bool step_out(Cpu& cpu) override;
  bool step_in(Cpu& cpu) override;
  void abandon(Cpu& cpu) override;
  void invalidate(GuestAddr first, GuestAddr last) override;
  void add_file(GuestAddr first, GuestAddr last, const FileIdentity& file) override;
  void save_code() override;
  void synchronize() override;
  bool handle_fault(Cpu& cpu, int signal, const siginfo_t& info, void* context) override;
  void set_precise_faults(bool precise) override;
  void end_background() override;
  void prepare_fork() override;
  void after_fork_parent() override;
  void after_fork_child() override;
  EngineStats stats() const override;

 private:
  // -- dispatch.cpp. A Stop is what run() returns; nothing: go on at the state's pc.
  using Outcome = std::optional<Stop>;
  GuestAddr canonical_pc(CpuImpl& cpu) const;
  Outcome step(CpuImpl& cpu);
  const Record* find(CpuImpl& cpu, ir::BlockKey key);
  void run_code(CpuImpl& cpu, const Record& record);
  [[noreturn]] void leave_lost_code(CpuImpl& cpu);
  Outcome run_function(CpuImpl& cpu, const Record& record);
  Outcome after_code(CpuImpl& cpu);
  Outcome after_link(CpuImpl& cpu, LinkSlot& slot, bool hot);
  Outcome after_trap(CpuImpl& cpu, ir::TrapKind kind);
  Outcome after_fault(CpuImpl& cpu, CaughtFault fault);
  Outcome step_masked(CpuImpl& cpu, uint64_t tagged);
  Outcome take_interrupt(CpuImpl& cpu);
  void refresh_mode(CpuImpl& cpu);

  // -- translate.cpp
  /// Outside, lock not held: makes the code at `key` ready; with `slot`, which was read while the CPU was of
  /// generation `generation`, links that to it.
  CaughtFault prepare(CpuImpl& cpu, ir::BlockKey key, LinkSlot* slot, uint64_t generation);
  /// Lock held, outside. Nullptr: `fault` says why the guest cannot execute there.
  Record* obtain(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault);
  Made make(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault);
  /// Publishes what the code store has for `key` and what that leads to. Nullptr: it has nothing.
  Record* load(CpuImpl& cpu, ir::BlockKey key);
  /// Nothing: it is not there, or there is no room.
  Made fetch(CpuImpl& cpu, ir::BlockKey key);
  void store_block(CpuImpl& cpu, const CodeImage& image);
  Made make_block(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault);
  /// Nothing: the cache is full, or the generator cannot do it.
  Made compile_block(const ir::Function& block);
  Made make_interpreted(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault);
  Made make_region(CpuImpl& cpu, ir::BlockKey key);
  /// The IR of a region at `key`, or nullptr when its code cannot be read.
  std::unique_ptr<ir::Function> translate_region(CpuImpl& cpu, ir::BlockKey key, bool precise,
                                                 const ir::CodeView& code);
  void flush();
  /// A loop or call edge was taken often: outside, lock not held.
  void heat(CpuImpl& cpu, LinkSlot& slot, ir::BlockKey key, uint64_t generation);
  /// Whether entries of `record` that no edge counts should be counted from now on.
  bool wants_gate(const Record& record) const;
  /// Outside, lock not held: counts entries of what `key` names, if that is still there.
  void count_target(ir::BlockKey key);
  /// Lock held.
  void make_gate(Record& record);
  /// Lock held: the optimizer is worth its start, so that it pays to count entries by indirect branches.
  void start_counting();

  // -- faults.cpp
  bool fault_in_code(CpuImpl& cpu, CaughtFault fault, void* context);
  bool follow_tagged_address(CpuImpl& cpu, void* context);
  bool is_tagged_access(CaughtFault fault) const;
  void release_relocation(CpuImpl& cpu);

  static void forget_cpu(void* self, CpuImpl& cpu);

  const ir::GuestArch& arch_;
  EngineOptions options_;
  /// The translation lock.
  mutable std::mutex lock_;
  EngineStats stats_;
  TickClock clock_;
  uint64_t baseline_ticks_ = 0;
  std::atomic<uint64_t> faults_{0};
  std::atomic<uint64_t> tagged_accesses_{0};
  std::unique_ptr<CodeCache> cache_;
  World world_;
  Source source_;
  CodeStore store_;
  Translations translations_;
  Optimizer optimizer_;
  x64::StubCode stubs_;
  RelocationPool relocations_;
  std::unique_ptr<Codegen> baseline_;
  ir::Function scratch_;
  ir::PassContext passes_;
  std::vector<std::byte> guest_code_;  ///< scratch
  bool precise_ = false;
  std::atomic<bool> counting_{false};  ///< see start_counting()
};

}  // namespace ferry::backend
