#pragma once

#include "backend/engine.h"
#include "linux-user/guest_task.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

/// Installs the host handlers that are always there (kHostFaults), reads the inherited mask and ignored
/// signals. Called once, before the first Task runs.
void start_signals(Task& main_task);

/// What a new thread does before it runs its Task: its own stack for host handlers, `current_task`. Host
/// signals are blocked.
void start_task_signals(Task& task);
/// The reverse, before the thread ends; host signals are blocked from here on.
void end_task_signals(Task& task);

/// Delivers what is pending and not blocked: builds frames, or ends or stops the process. `restart` is the
/// SysResult's restart code (kErestart*, positive) of the call that just ended, or 0: decides whether that
/// call is restarted or answers EINTR. Called by the run loop whenever TaskSignals::pending is set or
/// `restart` is not 0.
void deliver_signals(Task& task, int restart);

/// Makes a Fault, Illegal or Breakpoint stop the guest's synchronous signal (delivered at once; a blocked or
/// ignored one kills).
void deliver_fault(Task& task, const backend::Stop& stop);

/// The calling thread found a tag mismatch that is reported later (see Abi::make_memory_tags).
void note_tag_mismatch();
/// Sends the thread the signal for it: SIGSEGV with SEGV_MTEAERR.
void report_tag_mismatch(Task& task);

/// Raises SIGSEGV for a frame that cannot be written or read (force_sigsegv of kernel/signal.c).
void force_segv(Task& task, uint64_t address);

/// For calls that wait under a temporary mask (ppoll, pselect6, epoll_pwait, rt_sigsuspend): to be called
/// when the host's call, made with `mask`, answered -EINTR. The handler then runs under `mask` and its frame
/// restores the mask of before. Answers the SysResult to return.
SysResult interrupted_under_mask(Task& task, uint64_t mask);

/// Ends ferry as `signal` would have ended the guest: by the same signal, with one core dump if there is one.
[[noreturn]] void die_by_signal(Task& task, int signal);

}  // namespace ferry::linux_user
