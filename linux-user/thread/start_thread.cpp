#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <xmmintrin.h>

#include <atomic>
#include <memory>
#include <utility>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"
#include "linux-user/thread/clone.h"

namespace ferry::linux_user {
namespace {

/// For ferry's own code; the guest's stack is the guest's. Only what is touched costs memory, and LLVM may
/// compile on it.
constexpr size_t kHostStackBytes = 1 << 20;

/// What parent and child of a thread's start have in common.
struct ThreadStart {
  std::unique_ptr<Task> task;
  CloneRequest request;
  unsigned mxcsr;
  std::atomic<int32_t> outcome{0};  ///< the child's number, or -errno
};

/// What a host thread always shares and this one shall have for itself, and its own namespaces.
int64_t take_own_resources(const CloneRequest& request) {
  constexpr uint64_t kShared = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM;
  constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  const uint64_t own = (~request.flags & kShared) | (request.flags & kNamespaces);
  return own == 0 ? 0 : raw_syscall(SYS_unshare, own);
}

void* thread_main(void* argument) {
  const std::unique_ptr<std::shared_ptr<ThreadStart>> holder(
      static_cast<std::shared_ptr<ThreadStart>*>(argument));
  std::shared_ptr<ThreadStart> start = std::move(*holder);
  const std::unique_ptr<Task> task = std::move(start->task);

  constexpr uint64_t kRobustHeadBytes = 24;
  raw_syscall(SYS_set_robust_list, 0, kRobustHeadBytes);
  _mm_setcsr(start->mxcsr);
  int64_t outcome = take_own_resources(start->request);
  if (outcome == 0) {
    announce_child(*task, start->request);
    outcome = task->tid;
    if (start->request.has(CLONE_PARENT_SETTID)) (void)start->request.parent_tid.write(task->tid);
    start_task_signals(*task);
  }
  start->outcome.store(static_cast<int32_t>(outcome));
  start->outcome.notify_one();
  start.reset();
  if (outcome < 0) return nullptr;

  set_host_mask(host_mask_for(task->signals.mask));
  run_task(*task);
  end_task(*task);
  end_task_signals(*task);
  return nullptr;
}

int create_host_thread(std::shared_ptr<ThreadStart> start) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kHostStackBytes);
  auto holder = std::make_unique<std::shared_ptr<ThreadStart>>(std::move(start));
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, &thread_main, holder.get());
  if (error == 0) (void)holder.release();
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

SysResult start_thread(Task& parent, const CloneRequest& request) {
  // A thread cannot begin in other PID or user namespaces than its process (copy_process), and has no
  // descriptor of its own here.
  if (request.has(CLONE_NEWPID | CLONE_NEWUSER | CLONE_PIDFD)) return SysResult::error(EINVAL);
  const SignalBlocker blocker(parent);
  if (blocker.must_restart()) return SignalBlocker::restart();

  auto start = std::make_shared<ThreadStart>();
  start->task = make_child_task(parent, request);
  if (start->task == nullptr) return SysResult::error(ENOMEM);
  start->task->group = parent.group;
  start->request = request;
  start->mxcsr = _mm_getcsr();

  parent.group->live_threads.fetch_add(1);
  if (create_host_thread(start) != 0) {
    parent.group->live_threads.fetch_sub(1);
    return SysResult::error(EAGAIN);
  }
  start->outcome.wait(0);
  const int32_t outcome = start->outcome.load();
  if (outcome < 0) parent.group->live_threads.fetch_sub(1);
  return outcome;
}

}  // namespace ferry::linux_user
