#include <linux/prctl.h>

#include <optional>
#include <utility>

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

SysResult make_call(Task& task) {
  const uint64_t number = task.process.abi.syscall_number(task.state());
  const SyscallRow* row = task.process.abi.find_syscall(number);
  task.process.stats.count_call();
  return row ? call_row(task, *row, arguments(task, *row)) : call_unknown(task, number);
}

void do_syscall(Task& task) {
  const auto made = std::exchange(task.direct_result, std::nullopt);
  const SysResult result = made ? *made : make_call(task);
  if (result.keeps_registers()) return;
  if (result.wants_restart()) {
    deliver_signals(task, result.restart_code());
  } else {
    task.process.abi.set_syscall_result(task.state(), result.value);
  }
}

void guard_branches(Task& task) {
  if (task.guards_branches || !task.process.memory.has_guarded_pages()) return;
  task.guards_branches = true;
  task.process.abi.guard_branches(task.state());
}

}  // namespace

bool ignores_tags(const Task& task) { return (task.tagged_address_control & PR_TAGGED_ADDR_ENABLE) != 0; }

GuestAddr untagged(const Task& task, GuestAddr address) {
  return ignores_tags(task) ? GuestAddr{task.process.arch.without_tag(address.value)} : address;
}

bool make_direct_call(void* state) {
  Task& task = *current_task;
  const Process& process = task.process;
  const SyscallRow* row = process.abi.find_syscall(process.abi.syscall_number(state));
  const bool guards = task.guards_branches || !process.memory.has_guarded_pages();
  if (!row || !row->direct || !guards || !process.engine->step_out(*task.cpu)) return false;
  task.process.stats.count_call();
  const SysResult result = row->handler(task, arguments(task, *row));
  task.direct_result = result;
  // step_in() may leave for run_task() by itself.
  if (!process.engine->step_in(*task.cpu) || result.wants_restart()) return false;
  task.direct_result.reset();
  process.abi.set_syscall_result(state, result.value);
  return true;
}

void run_task(Task& task) {
  backend::Engine& engine = *task.process.engine;
  while (!task.exiting) {
    if (task.signals.tag_mismatch) report_tag_mismatch(task);
    if (task.signals.pending.load(std::memory_order_acquire) != 0) deliver_signals(task, 0);
    guard_branches(task);
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
