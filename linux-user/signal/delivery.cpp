#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {
namespace {

constexpr uint64_t kSaExposeTagbits = 0x800;
constexpr uint64_t kSaNodefer = 0x40000000;
constexpr uint64_t kSaResethand = 0x80000000;
constexpr int32_t kSsAutodisarm = static_cast<int32_t>(1u << 31);

/// Whether `sp` lies on the alternate stack (on_sig_stack of linux/sched/signal.h).
bool on_alternate_stack(const GuestStack& stack, uint64_t sp) {
  if ((stack.flags & kSsAutodisarm) != 0) return false;
  return sp > stack.sp && sp - stack.sp <= stack.size;
}

/// The action for `signal`, and what taking it does to the table: SA_RESETHAND handlers run once.
GuestSigaction take_action(Task& task, int signal) {
  SignalActions& table = task.group->signals;
  const std::scoped_lock lock(table.mutex);
  const GuestSigaction action = table.actions[static_cast<size_t>(signal)];
  if (!action.is_default() && !action.is_ignored() && (action.flags & kSaResethand) != 0) {
    GuestSigaction spent = action;
    spent.handler = 0;
    table.set(signal, spent);
    install_host_action(*task.group, signal, spent);
  }
  return action;
}

void note_signal(const Task& task, const siginfo_t& info) {
  const Strace& strace = task.process.strace;
  if (!strace.enabled()) return;
  const char* name = sigabbrev_np(info.si_signo);
  const std::string text =
      name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(info.si_signo);
  strace.note(task.tid, "--- " + text + " {si_code=" + std::to_string(info.si_code) + "} ---");
}

/// The call that a handler cut short: made again after the handler, or answered with EINTR
/// (arm64/kernel/signal.c, do_signal).
void finish_call_before_handler(Task& task, int restart, uint64_t handler_flags) {
  if (restart == 0) return;
  const Abi& abi = task.process.abi;
  const bool again =
      restart == kErestartnointr || (restart == kErestartsys && (handler_flags & SA_RESTART) != 0);
  if (again) {
    abi.rewind_syscall(task.state());
  } else {
    abi.set_syscall_result(task.state(), -EINTR);
  }
}

/// Host signals follow the guest's mask again, unless one came meanwhile (then all stay blocked until it is
/// delivered).
void unblock_host_signals(Task& task) {
  if (task.signals.pending.load(std::memory_order_relaxed) == 0)
    set_host_mask(host_mask_for(task.signals.mask));
}

/// Whether si_addr is an address of the guest's that may have a tag (arch_untagged_si_addr() of arm64).
bool tells_of_access(const siginfo_t& info) {
  return may_come_from_access(info.si_signo) && info.si_code > 0 && info.si_code < SI_KERNEL;
}

/// What the handler is told: without an address's tag unless it asked for that
/// (Documentation/arch/arm64/tagged-pointers.rst).
siginfo_t shown_info(const Task& task, const siginfo_t& info, const GuestSigaction& action) {
  siginfo_t shown = info;
  if (tells_of_access(info) && (action.flags & kSaExposeTagbits) == 0) {
    const auto address = reinterpret_cast<uint64_t>(info.si_addr);
    shown.si_addr = reinterpret_cast<void*>(task.process.arch.without_tag(address));
  }
  return shown;
}

/// Builds the frame and goes to the handler. Host signals are blocked.
void run_handler(Task& task, const siginfo_t& info, const GuestSigaction& action) {
  TaskSignals& signals = task.signals;
  const Abi& abi = task.process.abi;
  note_signal(task, info);

  const uint64_t restored_mask = signals.has_saved_mask ? signals.saved_mask : signals.mask;
  signals.has_saved_mask = false;
  GuestAddr stack_top = abi.sp(task.state());
  const GuestStack& alternate = signals.alternate_stack;
  if ((action.flags & SA_ONSTACK) != 0 && alternate.size != 0 &&
      !on_alternate_stack(alternate, stack_top.value)) {
    stack_top = GuestAddr{alternate.sp} + alternate.size;
  }
  const SignalDelivery delivery{.signal = info.si_signo,
                                .info = shown_info(task, info, action),
                                .handler = action.handler,
                                .flags = action.flags,
                                .restorer = action.restorer,
                                .mask = restored_mask,
                                .stack_top = stack_top,
                                .fault_address = signals.fault_address};
  if (!abi.push_signal_frame(task, delivery)) {
    signals.mask = restored_mask;
    if (info.si_signo == SIGSEGV) die_by_signal(task, SIGSEGV);
    force_segv(task, 0);
    return;
  }
  if ((signals.alternate_stack.flags & kSsAutodisarm) != 0) signals.alternate_stack = GuestStack{};
  signals.mask |= action.mask;
  if ((action.flags & kSaNodefer) == 0) signals.mask |= signal_bit(info.si_signo);
  signals.mask &= ~kUnblockable;
}

/// Takes the one pending signal. Host signals are blocked.
siginfo_t take_pending(TaskSignals& signals) {
  const siginfo_t info = signals.slot;
  // In this order: a SIGSEGV that somebody sends between the two is held, not lost.
  signals.pending.store(0, std::memory_order_relaxed);
  signals.slot_full.store(false, std::memory_order_relaxed);
  return info;
}

/// Answers whether a handler runs; `restart` is settled then.
bool deliver_one(Task& task, const siginfo_t& info, int restart) {
  const int signal = info.si_signo;
  if ((task.signals.mask & signal_bit(signal)) != 0) {
    requeue_signal(info);  // it came before a synchronous signal whose handler blocks it
    return false;
  }
  const GuestSigaction action = take_action(task, signal);
  if (action.is_ignored()) return false;
  if (action.is_default()) {
    // What the kernel does by default it does itself; here because another thread removed the handler
    // meanwhile, or see install_host_action().
    if (is_host_fault(signal) || task.group->borrows_memory) die_by_signal(task, signal);
    requeue_signal(info);
    return false;
  }
  finish_call_before_handler(task, restart, action.flags);
  run_handler(task, info, action);
  return true;
}

/// A signal that cannot wait: blocked or ignored, it kills (force_sig_info_to_task of kernel/signal.c).
void force_signal(Task& task, const siginfo_t& info) {
  set_host_mask(kAllBlocked);
  const GuestSigaction action = take_action(task, info.si_signo);
  const bool blocked = (task.signals.mask & signal_bit(info.si_signo)) != 0;
  if (blocked || action.is_default() || action.is_ignored()) {
    note_signal(task, info);
    die_by_signal(task, info.si_signo);
  }
  run_handler(task, info, action);
  unblock_host_signals(task);
}

siginfo_t make_info(int signal, int code, uint64_t address) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = code;
  info.si_addr = reinterpret_cast<void*>(address);
  return info;
}

/// ESR_EL1 of a data abort from EL0 (Arm ARM D17.2.37): the guest's handlers look at WnR.
uint64_t data_abort_syndrome(const backend::Stop& stop) {
  constexpr uint64_t kDataAbortLowerEl = uint64_t{0x24} << 26 | uint64_t{1} << 25;
  constexpr uint64_t kWriteNotRead = 1 << 6;
  constexpr uint64_t kTranslationLevel3 = 0x07;
  constexpr uint64_t kPermissionLevel3 = 0x0f;
  constexpr uint64_t kAlignment = 0x21;
  constexpr uint64_t kTagCheck = 0x11;
  if (stop.signal == SIGBUS && stop.code == BUS_ADRALN) return kDataAbortLowerEl | kAlignment;
  const int segv_code = stop.signal == SIGSEGV ? stop.code : 0;
  const uint64_t status = segv_code == SEGV_ACCERR    ? kPermissionLevel3
                          : segv_code == SEGV_MTESERR ? kTagCheck
                                                      : kTranslationLevel3;
  return kDataAbortLowerEl | status | (stop.write ? kWriteNotRead : 0);
}

}  // namespace

void deliver_signals(Task& task, int restart) {
  TaskSignals& signals = task.signals;
  for (;;) {
    release_held_signals(task);
    if (signals.pending.load(std::memory_order_relaxed) == 0) break;
    if (deliver_one(task, take_pending(signals), restart)) restart = 0;
    unblock_host_signals(task);
  }
  if (restart != 0) task.process.abi.rewind_syscall(task.state());
  if (signals.has_saved_mask) {
    // The call under a temporary mask is made again, and sets that mask again.
    signals.has_saved_mask = false;
    signals.mask = signals.saved_mask;
    set_host_mask(kAllBlocked);
    unblock_host_signals(task);
  }
}

void deliver_fault(Task& task, const backend::Stop& stop) {
  TaskSignals& signals = task.signals;
  const uint64_t pc = task.process.abi.pc(task.state()).value;
  if (pc % task.process.abi.instruction_alignment() != 0) {
    // arm64/mm/fault.c, do_sp_pc_abort.
    signals.fault_address = 0;
    force_signal(task, make_info(SIGBUS, BUS_ADRALN, pc));
    return;
  }
  switch (stop.reason) {
    case backend::StopReason::Illegal:
      task.group->illegal.report(task.process, GuestAddr{pc});
      signals.fault_address = 0;
      signals.fault_syndrome = 0;
      force_signal(task, make_info(SIGILL, ILL_ILLOPC, pc));
      return;
    case backend::StopReason::Breakpoint:
      force_signal(task, make_info(SIGTRAP, TRAP_BRKPT, pc));
      return;
    case backend::StopReason::Fault: {
      signals.fault_address = task.process.arch.without_tag(stop.address);
      signals.fault_syndrome = data_abort_syndrome(stop);
      force_signal(task, make_info(stop.signal, stop.code, stop.address));
      return;
    }
    case backend::StopReason::SystemCall:
    case backend::StopReason::Interrupted:
      return;
  }
}

void note_tag_mismatch() {
  current_task->signals.tag_mismatch = true;
  current_task->cpu->request_interrupt();
}

void report_tag_mismatch(Task& task) {
  task.signals.tag_mismatch = false;
  task.signals.fault_address = 0;
  task.signals.fault_syndrome = 0;
  requeue_signal(make_info(SIGSEGV, SEGV_MTEAERR, 0));
}

void force_segv(Task& task, uint64_t address) {
  force_signal(task, make_info(SIGSEGV, SEGV_MAPERR, address));
}

SysResult interrupted_under_mask(Task& task, uint64_t mask) {
  TaskSignals& signals = task.signals;
  signals.saved_mask = signals.mask;
  signals.has_saved_mask = true;
  signals.mask = mask & ~kUnblockable;
  return SysResult::error(kErestartnohand);
}

void die_by_signal(Task& task, int signal) {
  if (!task.group->borrows_memory) flush_reports(task.process);
  set_host_disposition(signal, false);
  set_host_mask(~signal_bit(signal));
  raw_syscall(SYS_tgkill, static_cast<uint64_t>(getpid()), static_cast<uint64_t>(gettid()),
              static_cast<uint64_t>(signal));
  // Only the init process of a PID namespace survives its own fatal signal.
  constexpr uint64_t kShellStatus = 128;
  for (;;) raw_syscall(SYS_exit_group, kShellStatus + static_cast<uint64_t>(signal));
}

}  // namespace ferry::linux_user
