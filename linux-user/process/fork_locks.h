#pragma once

#include "linux-user/guest_task.h"

namespace ferry::linux_user {

/// Brings everything that other threads may be changing to rest around fork(2), so that the child, which has
/// only this thread, finds no lock held and nothing half done. Locks are taken in one order: memory map
/// (whose operations call the engine), engine, then those that nothing is called under.
class ForkLocks {
 public:
  explicit ForkLocks(Task& task);
  void release_in_parent();
  void release_in_child();

  /// Gives back what a process left locked that shared the caller's memory and storage (vfork) and was
  /// killed. `task` is that process's.
  static void release_left(Task& task);

 private:
  void release_leaves();

  Task& task_;
};

}  // namespace ferry::linux_user
