#pragma once

#include <unistd.h>

#include <mutex>

namespace ferry::support {

/// Whether `mutex` was left locked by a process that shared this one's memory and borrowed the calling
/// thread's thread-local storage (vfork), and that was killed. The C library writes into a mutex the number
/// of the thread whose storage its owner has: the caller's, who cannot have locked it itself.
inline bool is_left(std::mutex& mutex) { return mutex.native_handle()->__data.__owner == gettid(); }

/// Unlocks it then. What the mutex guards may be half changed; waiting for ever helps nobody.
inline void unlock_if_left(std::mutex& mutex) {
  if (is_left(mutex)) mutex.unlock();
}

}  // namespace ferry::support
