#include <linux/prctl.h>
#include <sys/syscall.h>

#include <algorithm>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/sys/process.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

namespace ferry::linux_user {
namespace {

/// Options that mean the same for the host's process or thread, pointers included. Of the others some are
/// about the guest's processor (Abi::processor_prctl); what that does not know is about the processor too
/// (speculation), about code that only the host sees (seccomp filters, syscall user dispatch, PR_SET_MM) or
/// unknown, and answers EINVAL as a kernel without it does.
constexpr int kPassedOn[] = {
    PR_SET_PDEATHSIG,
    PR_GET_PDEATHSIG,
    PR_GET_DUMPABLE,
    PR_SET_DUMPABLE,
    PR_GET_KEEPCAPS,
    PR_SET_KEEPCAPS,
    PR_GET_TIMING,
    PR_SET_TIMING,
    PR_SET_NAME,
    PR_GET_NAME,
    PR_CAPBSET_READ,
    PR_CAPBSET_DROP,
    PR_GET_SECUREBITS,
    PR_SET_SECUREBITS,
    PR_SET_TIMERSLACK,
    PR_GET_TIMERSLACK,
    PR_MCE_KILL,
    PR_MCE_KILL_GET,
    PR_SET_PTRACER,
    PR_SET_CHILD_SUBREAPER,
    PR_GET_CHILD_SUBREAPER,
    PR_SET_NO_NEW_PRIVS,
    PR_GET_NO_NEW_PRIVS,
    PR_SET_THP_DISABLE,
    PR_GET_THP_DISABLE,
    PR_CAP_AMBIENT,
    PR_SET_IO_FLUSHER,
    PR_GET_IO_FLUSHER,
    PR_SCHED_CORE,
    PR_SET_VMA,
    PR_SET_MEMORY_MERGE,
    PR_GET_MEMORY_MERGE,
    PR_TASK_PERF_EVENTS_DISABLE,
    PR_TASK_PERF_EVENTS_ENABLE,
};

/// Those of them that change credentials.
constexpr int kOfIdentity[] = {PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS,
                               PR_CAP_AMBIENT};

template <size_t N>
bool is_in(const int (&options)[N], int option) {
  return std::find(std::begin(options), std::end(options), option) != std::end(options);
}

}  // namespace

SysResult settle_identity(Task& task, SysResult result) {
  if (!result.failed()) task.process.engine->end_background();
  return result;
}

SysResult sys_prctl(Task& task, int option, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4) {
  if (option == PR_GET_TID_ADDRESS) {
    return Ptr<uint64_t>{GuestAddr{a1}}.write(task.clear_child_tid) ? SysResult{0} : SysResult::error(EFAULT);
  }
  if (option == PR_GET_SECCOMP) return 0;
  if (const auto result = task.process.abi.processor_prctl(task, option, {a1, a2, a3, a4})) return *result;
  if (!is_in(kPassedOn, option)) return SysResult::error(EINVAL);
  const SysResult result = raw_syscall(SYS_prctl, static_cast<uint64_t>(option), a1, a2, a3, a4);
  return is_in(kOfIdentity, option) ? settle_identity(task, result) : result;
}

}  // namespace ferry::linux_user
