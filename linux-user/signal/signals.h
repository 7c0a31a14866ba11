#pragma once

#include "backend/engine.h"
#include "linux-user/guest_task.h"

namespace ferry::linux_user {

/// Installs the host handlers that are always there (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP...), reads the inherited mask and
/// ignored signals. Called once, before the first Task runs.
void start_signals(Process& process, Task& main_task);

/// Delivers what is pending and not blocked: builds frames, or ends or stops the process. `restart` is the SysResult's restart code (kErestart*, positive)
/// of the call that just ended, or 0: decides whether that call is restarted or answers EINTR. Called by the run loop whenever
/// TaskSignals::pending is set or `restart` is not 0.
void deliver_signals(Task& task, int restart);

/// Makes a Fault, Illegal or Breakpoint stop the guest's synchronous signal (delivered at once; a blocked or ignored one kills).
void deliver_fault(Task& task, const backend::Stop& stop);

}  // namespace ferry::linux_user
