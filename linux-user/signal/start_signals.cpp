#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstring>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {
namespace {

/// The page that handlers without SA_RESTORER return through: the kernel has it in its vDSO.
GuestAddr map_trampoline(Process& process) {
  const auto code = process.abi.signal_trampoline();
  AddressSpace& memory = process.memory;
  const SysResult page = memory.mmap(GuestAddr{0}, AddressSpace::kPageSize, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page.failed()) return GuestAddr{0};
  const GuestAddr address{static_cast<uint64_t>(page.value)};
  const bool copied = copy_to_guest(address, code.data(), code.size());
  if (!copied || memory.mprotect(address, AddressSpace::kPageSize, PROT_READ | PROT_EXEC).failed())
    return GuestAddr{0};
  memory.set_kind(address, VmaKind::Vdso);
  return address;
}

/// Ignored signals stay ignored across execve(2); all others are at their default.
void inherit_ignored(SignalActions& signals) {
  const std::scoped_lock lock(signals.mutex);
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (host_ignores(signal)) signals.set(signal, GuestSigaction{.handler = 1});
  }
}

}  // namespace

void start_signals(Process& process, Task& main_task) {
  TaskGroup& group = *main_task.group;
  inherit_ignored(group.signals);
  main_task.signals.mask = change_host_mask(SIG_BLOCK, kAllBlocked);
  start_task_signals(main_task);
  for (const int signal : kHostFaultSignals)
    install_host_action(group, signal, group.signals.actions[static_cast<size_t>(signal)]);
  group.signal_trampoline = map_trampoline(process);
  // The C library registered a list of its own for this thread; the guest has none until it says so.
  constexpr uint64_t kHeadBytes = 24;
  raw_syscall(SYS_set_robust_list, 0, kHeadBytes);
  set_host_mask(host_mask_for(main_task.signals.mask));
}

}  // namespace ferry::linux_user
