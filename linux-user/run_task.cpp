#include <linux/prctl.h>

#include "linux-user/guest_process.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {

namespace {

SysResult call_row(Task& task, const SyscallRow& row, const SyscallArgs& args) {
  Process& process = task.process;
  if (row.support == Support::None) process.stats.count_missing(row.number);
  if (!process.strace.enabled()) return row.handler(task, args);
  const std::string call = process.strace.format_call(row, args);
  if (row.no_return) process.strace.note(task.tid, call + " = ?");
  const SysResult result = row.handler(task, args);
  process.strace.print(task.tid, call, result);
  return result;
}

SysResult call_unknown(Task& task, uint64_t number) {
  task.process.stats.count_missing(number);
  task.process.strace.note(
      task.tid, "syscall " + std::to_string(number) + " = -1 ENOSYS (ferry does not know this number)");
  return SysResult::error(ENOSYS);
}

SyscallArgs arguments(const Task& task, const SyscallRow& row) {
  SyscallArgs args = task.process.abi.syscall_args(task.cpu->state());
  if (!ignores_tags(task)) return args;
  for (size_t i = 0; i < args.size(); ++i) {
    if ((row.pointers >> i & 1) != 0) args[i] = untagged(task, GuestAddr{args[i]}).value;
  }
  return args;
}

void do_syscall(Task& task) {
  const Abi& abi = task.process.abi;
  void* state = task.state();
  const uint64_t number = abi.syscall_number(state);
  const SyscallRow* row = abi.find_syscall(number);
  task.process.stats.count_call();
  const SysResult result = row ? call_row(task, *row, arguments(task, *row)) : call_unknown(task, number);
  if (result.keeps_registers()) return;
  if (result.wants_restart()) {
    deliver_signals(task, result.restart_code());
  } else {
    abi.set_syscall_result(state, result.value);
  }
}

}  // namespace

bool ignores_tags(const Task& task) { return (task.tagged_address_control & PR_TAGGED_ADDR_ENABLE) != 0; }

GuestAddr untagged(const Task& task, GuestAddr address) {
  return ignores_tags(task) ? GuestAddr{task.process.arch.without_tag(address.value)} : address;
}

void run_task(Task& task) {
  backend::Engine& engine = *task.process.engine;
  while (!task.exiting) {
    if (task.signals.tag_mismatch) report_tag_mismatch(task);
    if (task.signals.pending.load(std::memory_order_acquire) != 0) deliver_signals(task, 0);
    if (task.process.memory.has_guarded_pages()) task.process.abi.guard_branches(task.state());
    const backend::Stop stop = engine.run(*task.cpu);
    switch (stop.reason) {
      case backend::StopReason::SystemCall:
        do_syscall(task);
        break;
      case backend::StopReason::Interrupted:
        break;
      case backend::StopReason::Illegal:
      case backend::StopReason::Breakpoint:
      case backend::StopReason::Fault:
        deliver_fault(task, stop);
        break;
    }
  }
}

}  // namespace ferry::linux_user
