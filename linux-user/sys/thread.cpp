#include "linux-user/sys/thread.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/thread/clone.h"

namespace ferry::linux_user {
namespace {

/// clone(2)'s arguments; a descriptor of the child goes where the parent's copy of its number would.
CloneRequest classic_request(uint64_t flags, GuestAddr stack, Ptr<int32_t> parent_tid, Ptr<int32_t> child_tid,
                             uint64_t tls) {
  const uint64_t bits = static_cast<uint32_t>(flags) & ~uint32_t{CSIGNAL};
  return {.flags = bits,
          .exit_signal = flags & CSIGNAL,
          .stack = stack,
          .tls = tls,
          .pidfd = parent_tid,
          .parent_tid = parent_tid,
          .child_tid = child_tid};
}

/// Reads the guest's clone_args, which may be of an older or newer kernel's size (copy_struct_from_user).
SysResult read_clone_args(GuestAddr address, uint64_t size, clone_args& out) {
  constexpr uint64_t kLargest = 4096;
  if (size > kLargest) return SysResult::error(E2BIG);
  if (size < CLONE_ARGS_SIZE_VER0) return SysResult::error(EINVAL);
  out = {};
  if (!copy_from_guest(&out, address, std::min<uint64_t>(size, sizeof out))) return SysResult::error(EFAULT);
  if (size <= sizeof out) return 0;
  std::array<std::byte, kLargest> rest;
  const size_t count = size - sizeof out;
  if (!copy_from_guest(rest.data(), address + sizeof out, count)) return SysResult::error(EFAULT);
  const bool known = std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count),
                                 [](std::byte b) { return b == std::byte{0}; });
  return known ? SysResult{0} : SysResult::error(E2BIG);
}

/// clone3_args_valid() of kernel/fork.c.
bool valid_clone_args(const clone_args& args) {
  constexpr uint64_t kUnknown = ~((uint64_t{1} << 34) - 1);
  if ((args.flags & (kUnknown | CLONE_DETACHED | (CSIGNAL & ~uint64_t{CLONE_NEWTIME}))) != 0) return false;
  if ((args.flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) == (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
    return false;
  if ((args.flags & (CLONE_THREAD | CLONE_PARENT)) != 0 && args.exit_signal != 0) return false;
  return (args.stack == 0) == (args.stack_size == 0) && (args.exit_signal & ~uint64_t{CSIGNAL}) == 0;
}

}  // namespace

SysResult sys_clone_backwards(Task& task, uint64_t flags, GuestAddr stack, Ptr<int32_t> parent_tid,
                              uint64_t tls, Ptr<int32_t> child_tid) {
  return clone_task(task, classic_request(flags, stack, parent_tid, child_tid, tls));
}

SysResult sys_clone(Task& task, uint64_t flags, GuestAddr stack, Ptr<int32_t> parent_tid,
                    Ptr<int32_t> child_tid, uint64_t tls) {
  return clone_task(task, classic_request(flags, stack, parent_tid, child_tid, tls));
}

SysResult sys_clone3(Task& task, GuestAddr arguments, uint64_t size) {
  clone_args args;
  if (const SysResult result = read_clone_args(arguments, size, args); result.failed()) return result;
  if (!valid_clone_args(args)) return SysResult::error(EINVAL);
  return clone_task(task, {.flags = args.flags,
                           .exit_signal = args.exit_signal,
                           .stack = GuestAddr{args.stack} + args.stack_size,
                           .tls = args.tls,
                           .pidfd = {GuestAddr{args.pidfd}},
                           .parent_tid = {GuestAddr{args.parent_tid}},
                           .child_tid = {GuestAddr{args.child_tid}},
                           .set_tid = args.set_tid,
                           .set_tid_count = args.set_tid_size,
                           .cgroup = args.cgroup});
}

SysResult sys_unshare(Task& task, uint64_t flags) {
  task.process.engine->end_background();
  const SysResult result = raw_syscall(SYS_unshare, flags);
  // Who leaves a mount or user namespace cannot share its root (kernel/fork.c, ksys_unshare).
  constexpr uint64_t kOwnRoot = CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER;
  if (!result.failed() && (flags & kOwnRoot) != 0) unshare_file_system(task);
  return result;
}

SysResult sys_setns(Task& task, int fd, int flags) {
  task.process.engine->end_background();
  return raw_syscall(SYS_setns, static_cast<uint64_t>(fd), static_cast<uint64_t>(flags));
}

SysResult sys_membarrier(Task& task, int command, uint64_t flags, int cpu) {
  const SysResult result = raw_syscall(SYS_membarrier, static_cast<uint64_t>(int64_t{command}), flags,
                                       static_cast<uint64_t>(int64_t{cpu}));
  if (!result.failed() && command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)
    task.process.engine->synchronize();
  return result;
}

SysResult sys_set_tid_address(Task& task, GuestAddr address) {
  task.clear_child_tid = address.value;
  return task.tid;
}

SysResult sys_set_robust_list(Task& task, GuestAddr head, uint64_t size) {
  const SysResult result = raw_syscall(SYS_set_robust_list, head.value, size);
  if (!result.failed()) task.robust_list = head.value;
  return result;
}

}  // namespace ferry::linux_user
