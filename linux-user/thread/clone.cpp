#include "linux-user/thread/clone.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"
#include "linux-user/thread/robust_list.h"

namespace ferry::linux_user {
namespace {

size_t state_bytes(const Process& process) { return process.arch.layout().size; }

/// mm_release() of kernel/fork.c: tells who waits for the thread's end.
void clear_child_tid(Task& task) {
  const GuestAddr address{task.clear_child_tid};
  task.clear_child_tid = 0;
  if (address.value == 0 || !zero_guest(address, sizeof(int32_t))) return;
  raw_syscall(SYS_futex, address.value, FUTEX_WAKE, 1);
}

[[noreturn]] void exit_host_thread() {
  for (;;) raw_syscall(SYS_exit, 0);
}

}  // namespace

SysResult clone_task(Task& parent, const CloneRequest& request) {
  // The checks of copy_process() that the host's kernel does not get to see; it makes all others itself.
  const bool shares_handlers = request.has(CLONE_SIGHAND);
  if (request.has(CLONE_THREAD) && !shares_handlers) return SysResult::error(EINVAL);
  if (shares_handlers && !request.has(CLONE_VM)) return SysResult::error(EINVAL);
  if (shares_handlers && request.has(CLONE_CLEAR_SIGHAND)) return SysResult::error(EINVAL);
  if (request.has(CLONE_THREAD)) return start_thread(parent, request);
  if (request.has(CLONE_VM)) return start_sharing_process(parent, request);
  return fork_process(parent, request);
}

std::unique_ptr<Task> make_child_task(Task& parent, const CloneRequest& request) {
  auto cpu = parent.process.engine->create_cpu();
  if (!cpu) return nullptr;
  auto child = std::make_unique<Task>(parent.process);
  child->cpu = std::move(*cpu);
  std::memcpy(child->state(), parent.state(), state_bytes(parent.process));
  child->file_system = parent.file_system;
  if (!request.has(CLONE_FS)) unshare_file_system(*child);
  child->signals.mask = parent.signals.mask;
  child->tagged_address_control = parent.tagged_address_control;
  // sas_ss_reset() in copy_process(): two threads cannot have one alternate stack.
  const bool keeps_stack = !request.has(CLONE_VM) || request.has(CLONE_VFORK);
  if (keeps_stack) child->signals.alternate_stack = parent.signals.alternate_stack;
  set_child_registers(*child, request);
  return child;
}

void set_child_registers(Task& child, const CloneRequest& request) {
  const Abi& abi = child.process.abi;
  abi.set_syscall_result(child.state(), 0);
  if (request.stack.value != 0) abi.set_sp(child.state(), request.stack);
  if (request.has(CLONE_SETTLS)) abi.set_tls(child.state(), request.tls);
}

void announce_child(Task& child, const CloneRequest& request) {
  child.tid = gettid();
  child.clear_child_tid = request.has(CLONE_CHILD_CLEARTID) ? request.child_tid.address.value : 0;
  child.robust_list = 0;
  // The kernel does not look whether these stores succeed either.
  if (request.has(CLONE_CHILD_SETTID)) (void)request.child_tid.write(child.tid);
}

void end_task(Task& task) {
  set_host_mask(kAllBlocked);
  release_robust_list(task);
  constexpr uint64_t kHeadBytes = 24;
  raw_syscall(SYS_set_robust_list, 0, kHeadBytes);
  TaskGroup& group = *task.group;
  const bool leader = task.tid == getpid();
  if (leader) group.leader_status.store(task.exit_status);
  if (group.live_threads.fetch_sub(1) == 1) end_process(task, group.leader_status.load());
  clear_child_tid(task);
  if (leader) exit_host_thread();
}

void end_process(Task& task, int status) {
  if (!task.group->borrows_memory) exit_process(task.process, status);
  clear_child_tid(task);
  for (;;) raw_syscall(SYS_exit_group, static_cast<uint64_t>(status));
}

}  // namespace ferry::linux_user
