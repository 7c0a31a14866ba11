#pragma once

#include <cstdint>
#include <memory>

#include "linux-user/guest_task.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// What clone(2) and clone3(2) ask for; the fields of struct clone_args (linux/sched.h).
struct CloneRequest {
  uint64_t flags = 0;  ///< CLONE_ bits without the exit signal
  uint64_t exit_signal = 0;
  GuestAddr stack;  ///< the new stack pointer; 0: the parent's
  uint64_t tls = 0;
  Ptr<int32_t> pidfd;
  Ptr<int32_t> parent_tid;
  Ptr<int32_t> child_tid;
  uint64_t set_tid = 0;  ///< guest address of pid_t[set_tid_count]
  uint64_t set_tid_count = 0;
  uint64_t cgroup = 0;

  bool has(uint64_t flag) const { return (flags & flag) != 0; }
};

/// Makes a thread or a process of the guest. Answers what clone(2) answers to the parent; the child goes its
/// own way.
SysResult clone_task(Task& parent, const CloneRequest& request);

// The three ways, for clone_task().

/// CLONE_THREAD: a host thread of this process.
SysResult start_thread(Task& parent, const CloneRequest& request);
/// Neither CLONE_VM nor CLONE_THREAD: fork(2). Returns twice.
SysResult fork_process(Task& parent, const CloneRequest& request);
/// CLONE_VM without CLONE_THREAD: a process of its own in our memory (vfork, posix_spawn).
SysResult start_sharing_process(Task& parent, const CloneRequest& request);

// Parts that they share.

/// The new thread's Task: a CPU of its own with the parent's registers, changed as `request` says. nullptr:
/// no memory.
std::unique_ptr<Task> make_child_task(Task& parent, const CloneRequest& request);
/// Changes the registers of the child as `request` says; the call answers 0 there.
void set_child_registers(Task& child, const CloneRequest& request);
/// On the child's thread: remembers its number and stores it where the guest wants it.
void announce_child(Task& child, const CloneRequest& request);

/// A thread's orderly end, after run_task(): releases what it holds in the guest's eyes. Does not return for
/// the last thread of the process, nor for the thread-group leader (which cannot give its stack back).
void end_task(Task& task);

/// exit_group(2): the end of the whole process.
[[noreturn]] void end_process(Task& task, int status);

}  // namespace ferry::linux_user
