// A guest process in the memory of its parent: vfork(2), posix_spawn(3), and clone(2) with CLONE_VM alone. It
// is a host process in our memory as well, so that stores, mappings and descriptors are shared exactly as the
// guest asks. Two host processes in one memory need two thread-local storages: a suspended parent
// (CLONE_VFORK) lends its own; where the guest's parent goes on running, a thread made for the purpose is the
// one that is suspended.
#include <linux/sched.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <utility>

#include "linux-user/guest_process.h"
#include "linux-user/host/clone_call.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/process/fork_locks.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"
#include "linux-user/thread/clone.h"

namespace ferry::linux_user {
namespace {

/// The child's stack for ferry's own code.
class HostStack {
 public:
  HostStack()
      : base_(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0)) {
    if (valid()) mprotect(base_, kGuardBytes, PROT_NONE);
  }
  ~HostStack() {
    if (valid()) munmap(base_, kBytes);
  }
  HostStack(const HostStack&) = delete;
  HostStack& operator=(const HostStack&) = delete;

  bool valid() const { return base_ != MAP_FAILED; }
  uint64_t top() const { return reinterpret_cast<uint64_t>(base_) + kBytes; }

 private:
  static constexpr size_t kBytes = 1 << 20;
  static constexpr size_t kGuardBytes = 4096;
  void* base_;
};

struct SharingStart {
  std::unique_ptr<Task> task;
  CloneRequest request;
  HostStack stack;
  unsigned mxcsr;
  int32_t pid = 0;  ///< stored by the kernel before the child runs
  std::atomic<int32_t> outcome{
      0};  ///< the child's number or -errno, for a parent that does not wait for the child's end
};

void announce_to_parent(SharingStart& start, int32_t outcome) {
  start.outcome.store(outcome);
  start.outcome.notify_one();
}

/// The child process, on its own stack with its parent's thread-local storage.
void sharing_process_main(void* argument) {
  auto& start = *static_cast<SharingStart*>(argument);
  Task& task = *start.task;
  current_task = &task;
  _mm_setcsr(start.mxcsr);
  announce_child(task, start.request);
  if (start.request.has(CLONE_PARENT_SETTID)) (void)start.request.parent_tid.write(start.pid);
  refresh_default_actions(*task.group);
  if (start.request.has(CLONE_CLEAR_SIGHAND)) clear_signal_handlers(*task.group);
  announce_to_parent(start, start.pid);
  set_host_mask(host_mask_for(task.signals.mask));
  run_task(task);
  end_task(task);
  end_process(task, task.exit_status);
}

/// Runs the child while the calling thread is suspended. Host signals are blocked. Answers its number or
/// -errno.
int64_t run_sharing_process(SharingStart& start) {
  const CloneRequest& request = start.request;
  constexpr uint64_t kDoneInChild = CLONE_SETTLS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID |
                                    CLONE_PARENT_SETTID | CLONE_CLEAR_SIGHAND | CLONE_SIGHAND;
  clone_args args{};
  args.flags = (request.flags & ~kDoneInChild) | CLONE_VFORK | CLONE_PARENT_SETTID;
  args.exit_signal = request.exit_signal;
  args.parent_tid = reinterpret_cast<uint64_t>(&start.pid);
  args.pidfd = request.has(CLONE_PIDFD) ? request.pidfd.address.value : 0;
  args.set_tid = request.set_tid;
  args.set_tid_size = request.set_tid_count;
  args.cgroup = request.cgroup;
  args.stack = start.stack.top();
  Task* const caller = current_task;
  const int64_t pid = host_clone(args, &sharing_process_main, &start);
  current_task = caller;
  // The child execs, exits, or was killed in the middle of anything.
  ForkLocks::release_left(*start.task);
  return pid;
}

std::shared_ptr<TaskGroup> make_child_group(const Task& parent) {
  auto group = std::make_shared<TaskGroup>();
  group->borrows_memory = true;
  const std::scoped_lock lock(parent.group->signals.mutex);
  for (int signal = 1; signal <= kSignalCount; ++signal)
    group->signals.set(signal, parent.group->signals.actions[static_cast<size_t>(signal)]);
  return group;
}

/// The thread that lends its thread-local storage to a child whose parent goes on.
void* lender_main(void* argument) {
  const std::unique_ptr<std::shared_ptr<SharingStart>> holder(
      static_cast<std::shared_ptr<SharingStart>*>(argument));
  const HostSignalStack handlers_stack;
  SharingStart& start = **holder;
  const int64_t pid = run_sharing_process(start);
  if (pid < 0) announce_to_parent(start, static_cast<int32_t>(pid));
  return nullptr;
}

SysResult start_beside_parent(std::shared_ptr<SharingStart> start) {
  auto holder = std::make_unique<std::shared_ptr<SharingStart>>(start);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  constexpr size_t kLenderStackBytes = 64 << 10;
  pthread_attr_setstacksize(&attributes, kLenderStackBytes);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, &lender_main, holder.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return SysResult::error(EAGAIN);
  (void)holder.release();
  start->outcome.wait(0);
  return start->outcome.load();
}

}  // namespace

SysResult start_sharing_process(Task& parent, const CloneRequest& request) {
  const SignalBlocker blocker(parent);
  if (blocker.must_restart()) return SignalBlocker::restart();
  auto start = std::make_shared<SharingStart>();
  start->task = make_child_task(parent, request);
  if (start->task == nullptr || !start->stack.valid()) return SysResult::error(ENOMEM);
  start->task->group = make_child_group(parent);
  start->request = request;
  start->mxcsr = _mm_getcsr();
  if (!request.has(CLONE_VFORK)) return start_beside_parent(std::move(start));
  return run_sharing_process(*start);
}

}  // namespace ferry::linux_user
