#pragma once

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <memory>
#include <span>

#include "backend/engine.h"
#include "backend/runtime/context.h"
#include "backend/runtime/record.h"
#include "backend/runtime/relocation_pool.h"
#include "ir/helper.h"
#include "ir/interp.h"
#include "ir/state_layout.h"
#include "ir/support/result.h"

namespace ferry::backend {

/// What a Cpu's thread is doing, for the signal handler of that thread.
enum class Activity : int {
  Outside,     ///< a fault is not ours
  Translated,  ///< in translated code or a helper that it called
  Guarded,     ///< in C++ code that touches guest memory on the guest's behalf: goes back to Cpu::recovery
};

/// A Cpu as the engine sees it: one mapping with a guard page, the return stack, RuntimeArea and the guest's
/// state.
class CpuImpl final : public Cpu {
 public:
  /// `on_destroy` is called with `owner` before the memory goes away.
  using OnDestroy = void (*)(void* owner, CpuImpl& cpu);
  static support::Result<std::unique_ptr<CpuImpl>> create(const ir::StateLayout& layout,
                                                          std::span<const ir::HelperInfo> helpers,
                                                          const Stubs& stubs, OnDestroy on_destroy,
                                                          void* owner);
  ~CpuImpl() override;
  CpuImpl(const CpuImpl&) = delete;
  CpuImpl& operator=(const CpuImpl&) = delete;

  void* state() override { return state_; }
  void request_interrupt() override {
    area().interrupt.fetch_or(kInterruptEmbedder, std::memory_order_seq_cst);
  }
  void forget_predictions() override;

  RuntimeArea& area() { return *reinterpret_cast<RuntimeArea*>(state_ - sizeof(RuntimeArea)); }
  GuestAddr pc() const;
  void set_pc(GuestAddr pc);
  uint64_t trap_arg() const;
  void empty_return_stack() { area().return_rsp = area().return_stack_top; }

  /// By this Cpu's thread: lets indirect branches to `record`'s address find it without the engine.
  void cache_target(const Record& record);
  /// By any thread: a line that leads to `from` now leads to `to`; nullptr: to the engine. Lines never change
  /// their guest address here, so whoever is reading one jumps right.
  void redirect_target(const Record& from, const Record* to);
  /// By any thread: all indirect branches ask the engine again.
  void forget_targets();

  // Belongs to the engine.
  std::atomic<uint32_t> inside{0};  ///< not 0: may hold pointers to records and code
  uint64_t generation = 0;          ///< of translations that the predictions were made from
  uint64_t mode = 0;
  Record* prepared = nullptr;  ///< what was made ready for the pc, in generation `prepared_in`
  uint64_t prepared_in = 0;
  volatile std::sig_atomic_t activity = static_cast<int>(Activity::Outside);
  std::jmp_buf recovery;  ///< where a fault while Guarded continues
  ir::InterpContext interp;
  volatile std::sig_atomic_t relocation =
      RelocationPool::kNone;        ///< place of an instruction that ran with another address
  bool fault_is_imprecise = false;  ///< the last fault's registers are not exact
  bool wants_precise = false;       ///< precise faults are to be switched on when next outside
  std::atomic<uint64_t> dispatches{0};

 private:
  CpuImpl(std::byte* mapping, const ir::StateLayout& layout);
  void set_up_return_stack();

  std::byte* mapping_;
  std::byte* state_ = nullptr;
  const ir::StateLayout& layout_;
  OnDestroy on_destroy_ = nullptr;
  void* owner_ = nullptr;
};

}  // namespace ferry::backend
