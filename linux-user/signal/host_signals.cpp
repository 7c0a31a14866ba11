#include "linux-user/signal/host_signals.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {

namespace {

/// The kernel's struct sigaction of x86-64.
struct HostSigaction {
  uint64_t handler = 0;
  uint64_t flags = 0;
  uint64_t restorer = 0;
  uint64_t mask = 0;
};
constexpr uint64_t kSaRestorer = 0x04000000;
constexpr size_t kKernelMaskBytes = 8;

// Where the host's handlers return to. x86-64 has no default for it.
asm(R"(
.text
.globl ferry_host_sigreturn
.type ferry_host_sigreturn, @function
.p2align 4
ferry_host_sigreturn:
  movq $15, %rax
  syscall
.size ferry_host_sigreturn, . - ferry_host_sigreturn
)");
extern "C" void ferry_host_sigreturn();

int64_t host_sigaction(int signal, const HostSigaction* action, HostSigaction* old) {
  return raw_syscall(SYS_rt_sigaction, static_cast<uint64_t>(signal), reinterpret_cast<uint64_t>(action),
                     reinterpret_cast<uint64_t>(old), kKernelMaskBytes);
}

/// Whether an instruction raised the signal, not somebody who sent it. The siginfo alone does not tell: a
/// thread may queue itself one with any si_code (kernel/signal.c, do_rt_tgsigqueueinfo).
bool raised_by_instruction(int signal, const siginfo_t& info, const ucontext_t* context) {
  const bool asynchronous = (signal == SIGBUS && info.si_code == BUS_MCEERR_AO) ||
                            (signal == SIGSEGV && info.si_code == SEGV_MTEAERR);
  return is_host_fault(signal) && info.si_code > 0 && !asynchronous && !is_behind_system_call(context);
}

/// The kernel's part of uc_sigmask; the C library's type is larger than what lies in the frame.
void set_context_mask(ucontext_t* context, uint64_t mask) {
  __builtin_memcpy(&context->uc_sigmask, &mask, kKernelMaskBytes);
}

/// What the kernel does by itself with all but kHostFaults: a blocked signal waits, an ignored one is
/// dropped. Answers whether that, or a full slot, is all there is to do now.
bool keep_back(Task& task, int signal, const siginfo_t& info, ucontext_t* context) {
  TaskSignals& signals = task.signals;
  const uint64_t bit = signal_bit(signal);
  const bool blocked = (signals.mask & bit) != 0;
  const bool ignored = (task.group->signals.ignored.load(std::memory_order_relaxed) & bit) != 0;
  if (blocked || ignored) signals.kept_back.store(true, std::memory_order_relaxed);
  if (ignored && !blocked) return true;
  if (!blocked && !signals.slot_full.load(std::memory_order_relaxed)) return false;
  // Of each there is one at most, the first (kernel/signal.c, legacy_queue).
  if ((signals.held_set.load(std::memory_order_relaxed) & bit) == 0) signals.held_info(signal) = info;
  signals.held_set.fetch_or(bit, std::memory_order_relaxed);
  // A call that looks for it is made again, and then finds it in the kernel (blocking_syscall).
  rewind_safe_syscall(context);
  return true;
}

/// Stores a signal for delivery at the next safe point.
void accept_signal(Task& task, int signal, const siginfo_t& info, ucontext_t* context) {
  TaskSignals& signals = task.signals;
  if (is_host_fault(signal) && keep_back(task, signal, info, context)) return;
  signals.slot = info;
  signals.slot_full.store(true, std::memory_order_relaxed);
  signals.pending.store(1, std::memory_order_relaxed);
  set_context_mask(context, kAllBlocked);
  task.cpu->request_interrupt();
  rewind_safe_syscall(context);
}

/// Formats without the C library, which is not to be trusted here.
class CrashLine {
 public:
  CrashLine& text(std::string_view words) {
    const size_t count = std::min(words.size(), buffer_.size() - size_);
    std::copy_n(words.begin(), count, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += count;
    return *this;
  }
  CrashLine& number(uint64_t value, unsigned base) {
    std::array<char, 20> digits;
    size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    return text({digits.data() + first, digits.size() - first});
  }
  void print() const {
    raw_syscall(SYS_write, STDERR_FILENO, reinterpret_cast<uint64_t>(buffer_.data()), size_);
  }

 private:
  std::array<char, 256> buffer_{};
  size_t size_ = 0;
};

/// A fault in ferry's own code: says where and lets the kernel end us at the same instruction.
void report_internal_fault(int signal, const siginfo_t& info, const ucontext_t* context) {
  CrashLine line;
  line.text("ferry: internal error: signal ").number(static_cast<uint64_t>(signal), 10);
  line.text(" at host pc 0x").number(static_cast<uint64_t>(context->uc_mcontext.gregs[REG_RIP]), 16);
  line.text(", address 0x").number(reinterpret_cast<uint64_t>(info.si_addr), 16);
  if (current_task != nullptr && current_task->cpu != nullptr) {
    const Abi& abi = current_task->process.abi;
    line.text(", guest pc 0x").number(abi.pc(current_task->state()).value, 16);
  }
  line.text(". This is a bug in ferry.\n").print();
  set_host_disposition(signal, false);
}

void host_handler(int signal, siginfo_t* info, void* raw_context) {
  const int saved_errno = errno;
  auto* context = static_cast<ucontext_t*>(raw_context);
  Task* task = current_task;
  if (raised_by_instruction(signal, *info, context)) {
    const bool may_be_copy = signal == SIGSEGV || signal == SIGBUS;
    if (!(may_be_copy && recover_guest_copy(context))) {
      if (task == nullptr || !task->process.engine->handle_fault(*task->cpu, signal, *info, context)) {
        report_internal_fault(signal, *info, context);
      }
    }
  } else if (task != nullptr) {
    accept_signal(*task, signal, *info, context);
  }
  errno = saved_errno;
}

}  // namespace

HostSignalStack::HostSignalStack() {
  // A frame holds the processor's whole extended state (11 KiB with AMX); handlers themselves are shallow.
  constexpr size_t kHandlerBytes = 32 << 10;
  constexpr size_t kPage = 4096;
  size_ =
      (std::max<size_t>(getauxval(AT_MINSIGSTKSZ), MINSIGSTKSZ) + kHandlerBytes + kPage - 1) & ~(kPage - 1);
  base_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base_ == MAP_FAILED) return;
  const stack_t stack{.ss_sp = base_, .ss_flags = 0, .ss_size = size_};
  sigaltstack(&stack, nullptr);
}

HostSignalStack::~HostSignalStack() {
  if (base_ == MAP_FAILED) return;
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  sigaltstack(&none, nullptr);
  munmap(base_, size_);
}

uint64_t change_host_mask(int how, uint64_t bits) {
  uint64_t old = 0;
  raw_syscall(SYS_rt_sigprocmask, static_cast<uint64_t>(how), reinterpret_cast<uint64_t>(&bits),
              reinterpret_cast<uint64_t>(&old), kKernelMaskBytes);
  return old;
}

uint64_t set_host_mask(uint64_t mask) { return change_host_mask(SIG_SETMASK, mask); }

int64_t install_host_action(const TaskGroup& group, int signal, const GuestSigaction& action) {
  // Children are the kernel's business: these two flags must reach it.
  constexpr uint64_t kPassedOn = SA_NOCLDSTOP | SA_NOCLDWAIT;
  HostSigaction host;
  host.flags = kSaRestorer | (action.flags & kPassedOn);
  host.restorer = reinterpret_cast<uint64_t>(&ferry_host_sigreturn);
  host.mask = ~uint64_t{0};
  const bool fatal = action.is_default() && (signal_bit(signal) & (kHarmlessByDefault | kUnblockable)) == 0;
  const bool handled = !action.is_default() && !action.is_ignored();
  if (is_host_fault(signal) || handled || (fatal && group.borrows_memory)) {
    host.handler = reinterpret_cast<uint64_t>(&host_handler);
    host.flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  } else {
    host.handler = action.handler;
  }
  return host_sigaction(signal, &host, nullptr);
}

int64_t set_host_disposition(int signal, bool ignore) {
  const HostSigaction host{.handler = ignore ? 1u : 0u};
  return host_sigaction(signal, &host, nullptr);
}

bool host_ignores(int signal) {
  HostSigaction host;
  return host_sigaction(signal, nullptr, &host) == 0 && host.handler == 1;
}

void hand_ignored_to_kernel(const Task& task) {
  const uint64_t ignored = task.group->signals.ignored.load(std::memory_order_relaxed);
  for (const int signal : kHostFaultSignals) {
    if ((ignored & signal_bit(signal)) != 0) set_host_disposition(signal, true);
  }
}

void take_ignored_back(const Task& task) {
  for (const int signal : kHostFaultSignals) {
    if (host_ignores(signal)) install_host_action(*task.group, signal, GuestSigaction{.handler = 1});
  }
}

void requeue_signal(const siginfo_t& info) {
  const auto process = static_cast<uint64_t>(getpid());
  const auto signal = static_cast<uint64_t>(info.si_signo);
  const auto address = reinterpret_cast<uint64_t>(&info);
  // kill(2) means the process. Only its first thread may say so again.
  const bool sent =
      info.si_code == SI_USER && raw_syscall(SYS_rt_sigqueueinfo, process, signal, address) == 0;
  if (!sent) raw_syscall(SYS_rt_tgsigqueueinfo, process, static_cast<uint64_t>(gettid()), signal, address);
}

SysResult change_guest_mask(Task& task, uint64_t mask) {
  mask &= ~kUnblockable;
  const uint64_t host_mask = host_mask_for(mask);
  const SysResult result = safe_syscall(task.signals.pending, SYS_rt_sigprocmask, SIG_SETMASK,
                                        reinterpret_cast<uint64_t>(&host_mask), 0, kKernelMaskBytes);
  if (result.failed()) return result;
  task.signals.mask = mask;
  release_held_signals(task);
  return 0;
}

void release_held_signals(Task& task) {
  TaskSignals& signals = task.signals;
  const uint64_t ready = signals.held_set.load(std::memory_order_relaxed) & ~signals.mask;
  if (ready == 0) return;
  set_host_mask(~kUnblockable);
  if (signals.pending.load(std::memory_order_relaxed) == 0) {
    const int signal = *std::find_if(kHostFaultSignals.begin(), kHostFaultSignals.end(),
                                     [&](int candidate) { return (ready & signal_bit(candidate)) != 0; });
    signals.held_set.fetch_and(~signal_bit(signal), std::memory_order_relaxed);
    signals.slot = signals.held_info(signal);
    signals.slot_full.store(true, std::memory_order_relaxed);
    signals.pending.store(1, std::memory_order_relaxed);
    task.cpu->request_interrupt();
  }
  set_host_mask(kAllBlocked);
}

void refresh_default_actions(TaskGroup& group) {
  SignalActions& signals = group.signals;
  const std::scoped_lock lock(signals.mutex);
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    const GuestSigaction& action = signals.actions[static_cast<size_t>(signal)];
    if (action.is_default()) install_host_action(group, signal, action);
  }
}

void clear_signal_handlers(TaskGroup& group) {
  SignalActions& signals = group.signals;
  const std::scoped_lock lock(signals.mutex);
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    const GuestSigaction& entry = signals.actions[static_cast<size_t>(signal)];
    if (entry.is_default() || entry.is_ignored()) continue;
    signals.set(signal, GuestSigaction{});
    install_host_action(group, signal, entry);
  }
}

void start_task_signals(Task& task) {
  task.signals.host_stack = std::make_unique<HostSignalStack>();
  current_task = &task;
}

void end_task_signals(Task& task) {
  set_host_mask(~kUnblockable);
  current_task = nullptr;
  task.signals.host_stack.reset();
}

}  // namespace ferry::linux_user
