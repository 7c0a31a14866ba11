#include "linux-user/sys/signal.h"

#include <sys/syscall.h>

#include <mutex>

#include "linux-user/guest_process.h"
#include "linux-user/signal/blocking_syscall.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {
namespace {

constexpr uint64_t kMaskBytes = 8;
constexpr uint64_t kSaExposeTagbits = 0x800;
constexpr uint64_t kSaRestorer = 0x04000000;
/// The flags that the kernel keeps (UAPI_SA_FLAGS).
constexpr uint64_t kKnownFlags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                                 SA_NODEFER | static_cast<uint32_t>(SA_RESETHAND) | kSaExposeTagbits |
                                 kSaRestorer;
constexpr uint32_t kSsAutodisarm = 1u << 31;

/// sas_ss_flags() of linux/sched/signal.h.
int32_t alternate_stack_state(const GuestStack& stack, uint64_t sp) {
  if (stack.size == 0) return SS_DISABLE;
  const bool inside = (static_cast<uint32_t>(stack.flags) & kSsAutodisarm) == 0 && sp > stack.sp &&
                      sp - stack.sp <= stack.size;
  return inside ? SS_ONSTACK : 0;
}

}  // namespace

SysResult sys_rt_sigaction(Task& task, int signal, Ptr<GuestSigaction> action, Ptr<GuestSigaction> old,
                           uint64_t mask_bytes) {
  if (mask_bytes != kMaskBytes || signal < 1 || signal > kSignalCount) return SysResult::error(EINVAL);
  GuestSigaction wanted;
  if (action) {
    if (!action.read(wanted)) return SysResult::error(EFAULT);
    if ((signal_bit(signal) & kUnblockable) != 0) return SysResult::error(EINVAL);
    wanted.flags &= kKnownFlags;
    wanted.mask &= ~kUnblockable;
  }
  GuestSigaction previous;
  {
    SignalActions& table = task.group->signals;
    const std::scoped_lock lock(table.mutex);
    previous = table.actions[static_cast<size_t>(signal)];
    if (action) {
      table.set(signal, wanted);
      install_host_action(*task.group, signal, wanted);
    }
  }
  // The kernel drops what is pending and ignored now; what it does not know of, too.
  if (wanted.is_ignored()) task.signals.held_set.fetch_and(~signal_bit(signal), std::memory_order_relaxed);
  const bool handled = action && !wanted.is_default() && !wanted.is_ignored();
  if (handled && may_come_from_access(signal)) task.process.engine->set_precise_faults(true);
  return old && !old.write(previous) ? SysResult::error(EFAULT) : 0;
}

SysResult sys_rt_sigprocmask(Task& task, int how, Ptr<uint64_t> set, Ptr<uint64_t> old, uint64_t mask_bytes) {
  if (mask_bytes != kMaskBytes) return SysResult::error(EINVAL);
  const uint64_t before = task.signals.mask;
  if (set) {
    uint64_t bits = 0;
    if (!set.read(bits)) return SysResult::error(EFAULT);
    uint64_t mask = before;
    switch (how) {
      case SIG_BLOCK:
        mask |= bits;
        break;
      case SIG_UNBLOCK:
        mask &= ~bits;
        break;
      case SIG_SETMASK:
        mask = bits;
        break;
      default:
        return SysResult::error(EINVAL);
    }
    if (const SysResult result = change_guest_mask(task, mask); result.failed()) return result;
  }
  return old && !old.write(before) ? SysResult::error(EFAULT) : 0;
}

SysResult sys_rt_sigpending(Task& task, Ptr<uint64_t> set, uint64_t mask_bytes) {
  if (mask_bytes > kMaskBytes) return SysResult::error(EINVAL);
  uint64_t bits = 0;
  const SysResult result =
      waiting_syscall(task, SYS_rt_sigpending, reinterpret_cast<uint64_t>(&bits), kMaskBytes);
  if (result.failed()) return result;
  return copy_to_guest(set.address, &bits, mask_bytes) ? 0 : SysResult::error(EFAULT);
}

SysResult sys_rt_sigsuspend(Task& task, Ptr<uint64_t> mask, uint64_t mask_bytes) {
  if (mask_bytes != kMaskBytes) return SysResult::error(EINVAL);
  uint64_t bits = 0;
  if (!mask.read(bits)) return SysResult::error(EFAULT);
  const uint64_t host_mask = waiting_mask(task, bits);
  const SysResult result =
      waiting_syscall(task, SYS_rt_sigsuspend, reinterpret_cast<uint64_t>(&host_mask), kMaskBytes);
  return result.error_number() == EINTR ? interrupted_under_mask(task, bits) : result;
}

SysResult sys_rt_sigreturn(Task& task) {
  const Abi& abi = task.process.abi;
  uint64_t mask = 0;
  const uint64_t frame = abi.sp(task.state()).value;
  bool valid = abi.signal_frame_mask(task, mask);
  if (valid) {
    // The mask first: a signal that came before this call runs its handler under the old one, and the call is
    // made again.
    if (const SysResult result = change_guest_mask(task, mask); result.failed()) return result;
    valid = abi.pop_signal_frame(task, mask);
  }
  if (!valid) force_segv(task, frame);
  return SysResult::keep_registers();
}

SysResult sys_sigaltstack(Task& task, Ptr<GuestStack> stack, Ptr<GuestStack> old) {
  GuestStack& current = task.signals.alternate_stack;
  const uint64_t sp = task.process.abi.sp(task.state()).value;
  const int32_t state = alternate_stack_state(current, sp);
  GuestStack previous = current;
  previous.flags = static_cast<int32_t>(static_cast<uint32_t>(state) |
                                        (static_cast<uint32_t>(current.flags) & kSsAutodisarm));
  if (stack) {
    GuestStack wanted;
    if (!stack.read(wanted)) return SysResult::error(EFAULT);
    if (state == SS_ONSTACK) return SysResult::error(EPERM);
    const auto flags = static_cast<uint32_t>(wanted.flags);
    const uint32_t mode = flags & ~kSsAutodisarm;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return SysResult::error(EINVAL);
    if (mode == SS_DISABLE) {
      wanted.sp = 0;
      wanted.size = 0;
    } else if (wanted.size < task.process.abi.min_alternate_stack()) {
      return SysResult::error(ENOMEM);
    }
    current = GuestStack{.sp = wanted.sp, .flags = wanted.flags, .size = wanted.size};
  }
  return old && !old.write(previous) ? SysResult::error(EFAULT) : 0;
}

SysResult sys_restart_syscall(Task&) { return SysResult::error(EINTR); }

}  // namespace ferry::linux_user
