#pragma once

#include <cerrno>
#include <cstdint>

namespace ferry::linux_user {

// What a handler answers when a signal cut its call short (include/linux/errno.h of the kernel). They never
// reach the guest: signal delivery turns them into a restart of the call or into EINTR.
inline constexpr int kErestartsys = 512;     ///< restart if no handler runs or the handler has SA_RESTART
inline constexpr int kErestartnointr = 513;  ///< restart always
inline constexpr int kErestartnohand = 514;  ///< restart only if no handler runs
/// The handler has put the registers in order itself (rt_sigreturn).
inline constexpr int kKeepRegisters = 600;

/// What a system call answers: a value, or an error number of the host as -errno. The error numbers of
/// AArch64 are those of asm-generic/errno.h, as x86-64's are.
struct SysResult {
  int64_t value = 0;

  constexpr SysResult() = default;
  constexpr SysResult(int64_t v) : value(v) {}

  static constexpr SysResult error(int number) { return SysResult{-int64_t{number}}; }
  /// The result of a libc wrapper that answers -1 and sets errno.
  static SysResult from_libc(int64_t v) { return v == -1 ? error(errno) : SysResult{v}; }
  static constexpr SysResult keep_registers() { return error(kKeepRegisters); }

  constexpr bool failed() const { return value < 0 && value >= -4095; }
  constexpr int error_number() const { return failed() ? static_cast<int>(-value) : 0; }
  constexpr bool wants_restart() const { return value <= -kErestartsys && value >= -kErestartnohand; }
  constexpr int restart_code() const { return wants_restart() ? static_cast<int>(-value) : 0; }
  constexpr bool keeps_registers() const { return value == -kKeepRegisters; }
};

}  // namespace ferry::linux_user
