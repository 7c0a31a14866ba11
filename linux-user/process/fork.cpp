#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "linux-user/guest_process.h"
#include "linux-user/host/clone_call.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/process/fork_locks.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/thread/clone.h"

// glibc keeps its allocator in order around its own fork(), which knows no flags. A statically linked program
// can reach what it calls for that; elsewhere they are absent, and fork with flags is safe in single-threaded
// guests only.
extern "C" {
[[gnu::weak]] void __malloc_fork_lock_parent();
[[gnu::weak]] void __malloc_fork_unlock_parent();
[[gnu::weak]] void __malloc_fork_unlock_child();
}

namespace ferry::linux_user {
namespace {

void call_if_present(void (*function)()) {
  if (function != nullptr) function();
}

/// Flags whose effect set_child_registers() and announce_child() have on the child; the host's kernel is not
/// told.
constexpr uint64_t kDoneInChild =
    CLONE_SETTLS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_CLEAR_SIGHAND;

bool is_plain_fork(const CloneRequest& request) {
  constexpr uint64_t kDoneHere = kDoneInChild | CLONE_PARENT_SETTID;
  return (request.flags & ~kDoneHere) == 0 && request.exit_signal == SIGCHLD && request.set_tid_count == 0;
}

int64_t plain_fork(const CloneRequest& request) {
  const pid_t pid = fork();
  if (pid < 0) return -errno;
  if (pid > 0 && request.has(CLONE_PARENT_SETTID)) (void)request.parent_tid.write(pid);
  return pid;
}

int64_t fork_with_flags(const CloneRequest& request) {
  clone_args args{};
  args.flags = request.flags & ~kDoneInChild;
  args.exit_signal = request.exit_signal;
  args.pidfd = request.has(CLONE_PIDFD) ? request.pidfd.address.value : 0;
  args.parent_tid = request.has(CLONE_PARENT_SETTID) ? request.parent_tid.address.value : 0;
  args.set_tid = request.set_tid;
  args.set_tid_size = request.set_tid_count;
  args.cgroup = request.cgroup;
  call_if_present(&__malloc_fork_lock_parent);
  const int64_t pid = host_clone(args, nullptr, nullptr);
  call_if_present(pid == 0 ? &__malloc_fork_unlock_child : &__malloc_fork_unlock_parent);
  return pid;
}

/// The child has one thread, the caller.
void become_child_process(Task& task, const CloneRequest& request) {
  TaskGroup& group = *task.group;
  group.live_threads.store(1);
  group.leader_status.store(0);
  if (group.borrows_memory) {
    group.borrows_memory = false;
    refresh_default_actions(group);
  }
  if (request.has(CLONE_CLEAR_SIGHAND)) clear_signal_handlers(group);
  // A signal of the parent's that a handler accepted in the last moment is not the child's.
  task.signals.held_set.store(0);
  task.signals.slot_full.store(false);
  task.signals.pending.store(0);
  // fork(2) of glibc registered its own list; a new process has none (copy_process).
  constexpr uint64_t kHeadBytes = 24;
  raw_syscall(SYS_set_robust_list, 0, kHeadBytes);
  set_child_registers(task, request);
  announce_child(task, request);
}

}  // namespace

ForkLocks::ForkLocks(Task& task) : task_(task) {
  task_.process.memory.lock();
  task_.process.engine->prepare_fork();
  task_.process.memory.lock_map();
  task_.process.limits.lock();
  task_.group->signals.mutex.lock();
  task_.group->illegal.lock();
  task_.process.stats.lock();
}

void ForkLocks::release_leaves() {
  task_.process.limits.unlock();
  task_.process.memory.unlock_map();
  task_.process.stats.unlock();
  task_.group->illegal.unlock();
  task_.group->signals.mutex.unlock();
}

void ForkLocks::release_in_parent() {
  release_leaves();
  task_.process.engine->after_fork_parent();
  task_.process.memory.unlock();
}

void ForkLocks::release_in_child() {
  release_leaves();
  task_.process.memory.after_fork_child();
  task_.process.engine->after_fork_child();
  task_.process.memory.unlock();
}

void ForkLocks::release_left(Task& task) {
  task.process.limits.unlock_if_left();
  task.process.memory.unlock_if_left();
  task.process.stats.unlock_if_left();
  task.process.engine->abandon(*task.cpu);
}

SysResult fork_process(Task& parent, const CloneRequest& request) {
  const SignalBlocker blocker(parent);
  if (blocker.must_restart()) return SignalBlocker::restart();
  ForkLocks locks(parent);
  const int64_t pid = is_plain_fork(request) ? plain_fork(request) : fork_with_flags(request);
  if (pid != 0) {
    locks.release_in_parent();
    return pid;
  }
  locks.release_in_child();
  become_child_process(parent, request);
  return 0;
}

}  // namespace ferry::linux_user
