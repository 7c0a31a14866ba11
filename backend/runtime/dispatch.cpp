// Engine::run: find code for the guest's pc, run it, see why it came back.
#include <csignal>
#include <utility>

#include "backend/runtime/engine_impl.h"

namespace ferry::backend {

namespace {

constexpr uint64_t kInvalidatedLine = 64;  ///< bytes that one TrapKind::InvalidateCode is about

}  // namespace

Stop EngineImpl::run(Cpu& opaque) {
  auto& cpu = static_cast<CpuImpl&>(opaque);
  refresh_mode(cpu);
  for (;;) {
    if (std::exchange(cpu.wants_precise, false)) set_precise_faults(true);
    if (Outcome stop = take_interrupt(cpu)) return *stop;
    if (Outcome stop = step(cpu)) return *stop;
  }
}

void EngineImpl::refresh_mode(CpuImpl& cpu) {
  const uint64_t mode = arch_.mode(cpu.state());
  if (mode == cpu.mode) return;
  cpu.mode = mode;
  // Both hold addresses without modes.
  cpu.forget_predictions();
}

EngineImpl::Outcome EngineImpl::take_interrupt(CpuImpl& cpu) {
  std::atomic<uint32_t>& interrupt = cpu.area().interrupt;
  if ((interrupt.load(std::memory_order_relaxed) & kInterruptEmbedder) == 0) return std::nullopt;
  interrupt.fetch_and(~kInterruptEmbedder, std::memory_order_seq_cst);
  return Stop{StopReason::Interrupted};
}

/// Branches leave the tag of an address behind.
GuestAddr EngineImpl::canonical_pc(CpuImpl& cpu) const {
  const GuestAddr pc{arch_.without_tag(cpu.pc().value)};
  if (pc != cpu.pc()) cpu.set_pc(pc);
  return pc;
}

/// From outside to outside.
EngineImpl::Outcome EngineImpl::step(CpuImpl& cpu) {
  world_.enter(cpu);
  for (bool by_branch = false;;) {
    const ir::BlockKey key{canonical_pc(cpu), cpu.mode};
    const Record* record = find(cpu, key);
    if (!record) {
      world_.leave(cpu);
      const CaughtFault fault = prepare(cpu, key, nullptr, 0);
      return fault ? after_fault(cpu, fault) : std::nullopt;
    }
    if (!record->entry()) return run_function(cpu, *record);
    if (by_branch && wants_gate(*record)) {
      world_.leave(cpu);
      count_target(key);
      world_.enter(cpu);
      continue;
    }
    if (by_branch && options_.jump_cache) cpu.cache_target(*record);
    run_code(cpu, *record);
    if (static_cast<ExitKind>(cpu.area().exit_kind) != ExitKind::Indirect) return after_code(cpu);
    // The most frequent exit: go on without leaving, unless somebody wants us.
    cpu.set_pc({cpu.area().exit_value});
    if (cpu.area().exit_value == kNoGuestPc) cpu.empty_return_stack();
    if (cpu.area().interrupt.load(std::memory_order_relaxed) != 0) {
      world_.leave(cpu);
      return std::nullopt;
    }
    by_branch = true;
  }
}

/// Inside. What was just made ready needs no look-up, if nothing happened since.
const Record* EngineImpl::find(CpuImpl& cpu, ir::BlockKey key) {
  const Record* prepared = std::exchange(cpu.prepared, nullptr);
  if (prepared && cpu.prepared_in == cpu.generation && prepared->key == key &&
      prepared->valid.load(std::memory_order_acquire)) {
    return prepared;
  }
  return translations_.find(key);
}

void EngineImpl::run_code(CpuImpl& cpu, const Record& record) {
  cpu.dispatches.store(cpu.dispatches.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  cpu.activity = static_cast<int>(Activity::Translated);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  stubs_.enter(cpu.state(), record.entry());
  std::atomic_signal_fence(std::memory_order_seq_cst);
  cpu.activity = static_cast<int>(Activity::Outside);
  if (cpu.relocation != RelocationPool::kNone) release_relocation(cpu);
}

bool EngineImpl::step_out(Cpu& opaque) {
  auto& cpu = static_cast<CpuImpl&>(opaque);
  if (cpu.activity != static_cast<int>(Activity::Translated)) return false;
  cpu.activity = static_cast<int>(Activity::Outside);
  world_.leave(cpu);
  return true;
}

bool EngineImpl::step_in(Cpu& opaque) {
  auto& cpu = static_cast<CpuImpl&>(opaque);
  if (!world_.return_to_code(cpu)) leave_lost_code(cpu);
  cpu.activity = static_cast<int>(Activity::Translated);
  return cpu.area().interrupt.load(std::memory_order_relaxed) == 0 && arch_.mode(cpu.state()) == cpu.mode;
}

/// Out of a system call whose translated code is no more.
void EngineImpl::leave_lost_code(CpuImpl& cpu) {
  RuntimeArea& area = cpu.area();
  area.exit_kind = static_cast<uint32_t>(ExitKind::Trap);
  area.exit_value = static_cast<uint64_t>(ir::TrapKind::SystemCall);
  cpu.empty_return_stack();
  register void* state asm("r12") = cpu.state();
  asm volatile("jmp *%[leave]" : : [leave] "r"(stubs_.entries.leave), "r"(state) : "memory");
  __builtin_unreachable();
}

EngineImpl::Outcome EngineImpl::after_code(CpuImpl& cpu) {
  const RuntimeArea& area = cpu.area();
  switch (static_cast<ExitKind>(area.exit_kind)) {
    case ExitKind::ResolveLink:
      return after_link(cpu, *reinterpret_cast<LinkSlot*>(area.exit_value), false);
    case ExitKind::Hot:
      return after_link(cpu, *reinterpret_cast<LinkSlot*>(area.exit_value), true);
    case ExitKind::Trap:
      world_.leave(cpu);
      return after_trap(cpu, static_cast<ir::TrapKind>(area.exit_value));
    case ExitKind::Fault:
      world_.leave(cpu);
      return after_fault(cpu, take_fault(cpu));
    case ExitKind::Interrupt:
    case ExitKind::Indirect:
      break;
  }
  world_.leave(cpu);
  return std::nullopt;
}

EngineImpl::Outcome EngineImpl::after_link(CpuImpl& cpu, LinkSlot& slot, bool hot) {
  const ir::BlockKey key{{slot.guest_pc}, slot.mode};
  const uint64_t generation = cpu.generation;
  cpu.set_pc(key.pc);
  world_.leave(cpu);
  if (hot) heat(cpu, slot, key, generation);
  if (!options_.chain) return std::nullopt;
  const CaughtFault fault = prepare(cpu, key, &slot, generation);
  return fault ? after_fault(cpu, fault) : std::nullopt;
}

EngineImpl::Outcome EngineImpl::after_trap(CpuImpl& cpu, ir::TrapKind kind) {
  switch (kind) {
    case ir::TrapKind::SystemCall:
      return Stop{StopReason::SystemCall};
    case ir::TrapKind::Illegal:
      return Stop{StopReason::Illegal};
    case ir::TrapKind::Breakpoint:
      return Stop{StopReason::Breakpoint};
    case ir::TrapKind::InvalidateCode: {
      const GuestAddr line{cpu.trap_arg() & ~(kInvalidatedLine - 1)};
      invalidate(line, line + kInvalidatedLine);
      break;
    }
    case ir::TrapKind::Yield:
      break;
  }
  refresh_mode(cpu);
  return std::nullopt;
}

EngineImpl::Outcome EngineImpl::run_function(CpuImpl& cpu, const Record& record) {
  cpu.dispatches.store(cpu.dispatches.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  ir::InterpResult result;
  const CaughtFault fault =
      run_guarded(cpu, [&] { result = ir::run(*record.function, cpu.state(), cpu.interp); });
  world_.leave(cpu);
  if (fault) {
    cpu.set_pc({cpu.interp.current_pc.load(std::memory_order_relaxed)});
    return after_fault(cpu, fault);
  }
  cpu.set_pc(result.target);
  return result.how == ir::Leave::Trap ? after_trap(cpu, result.trap) : std::nullopt;
}

/// The state's pc is the instruction at fault.
EngineImpl::Outcome EngineImpl::after_fault(CpuImpl& cpu, CaughtFault fault) {
  arch_.after_fault(cpu.state());
  const bool is_imprecise = std::exchange(cpu.fault_is_imprecise, false);
  if (is_tagged_access(fault) && !is_imprecise && cpu.interp.address_mask == ~uint64_t{0})
    return step_masked(cpu, fault.address);
  faults_.fetch_add(1, std::memory_order_relaxed);
  if (fault.non_canonical()) return Stop{StopReason::Fault, SIGSEGV, SEGV_MAPERR, fault.address};
  return fault.stop();
}

/// An instruction of optimized code has run with another address. From now on code is compiled so that there
/// is no need for that.
void EngineImpl::release_relocation(CpuImpl& cpu) {
  relocations_.release(cpu.relocation);
  cpu.relocation = RelocationPool::kNone;
  cpu.wants_precise = true;
}

/// One guest instruction whose address, `tagged`, carries a tag, by the interpreter.
EngineImpl::Outcome EngineImpl::step_masked(CpuImpl& cpu, uint64_t tagged) {
  tagged_accesses_.fetch_add(1, std::memory_order_relaxed);
  set_precise_faults(true);
  auto function = std::make_unique<ir::Function>();
  ir::TranslateLimits one = source_.block_limits();
  one.max_insts = 1;
  const ir::BlockKey key{cpu.pc(), cpu.mode};
  if (const CaughtFault fault = source_.translate(cpu, key, one, *function)) return after_fault(cpu, fault);
  cpu.interp.address_mask = arch_.address_mask();
  ir::InterpResult result;
  const CaughtFault fault = run_guarded(cpu, [&] { result = ir::run(*function, cpu.state(), cpu.interp); });
  Outcome outcome;
  if (fault) {
    outcome = after_fault(cpu, fault);
    outcome->address |= tagged & ~arch_.address_mask();
  } else {
    cpu.set_pc(result.target);
    if (result.how == ir::Leave::Trap) outcome = after_trap(cpu, result.trap);
  }
  cpu.interp.address_mask = ~uint64_t{0};
  return outcome;
}

}  // namespace ferry::backend
