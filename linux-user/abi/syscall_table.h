#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "linux-user/host/safe_syscall.h"
#include "linux-user/mm/guest_copy.h"
#include "linux-user/signal/blocking_syscall.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

struct Task;

using SyscallArgs = std::array<uint64_t, 6>;
using SyscallFn = SysResult (*)(Task&, const SyscallArgs&);

enum class Support : uint8_t {
  Full,
  Partial,  ///< the note says what is missing
  None,     ///< answers an error; the note says which and why
};

/// One row of a guest's table. A table is made of .def files (abi/arm64/syscalls_*.def) of
///   CALL(number, name, handler, "argument words", Support, "note")     a typed handler SysResult
///   handler(Task&, ...) ENDS(number, name, handler, "argument words")                      the same for a
///   call that does not return PASS(number, name, "argument words") forward<SYS_name> BLOCK(number, name,
///   "argument words")                              forward_blocking<SYS_name>
///   WAIT(number, name, "argument words")           forward_waiting<SYS_name>
///   DIRECT(number, name, handler, "argument words")       the same as CALL, complete and `direct`
///   IDENTITY(number, name, "argument words")       forward_identity<SYS_name>
///   VECTORS(number, name, "argument words")        forward_vectors<SYS_name>
struct SyscallRow {
  uint16_t number;
  SyscallFn handler;
  const char* name;
  const char* args;  ///< one word per argument: what it is (see strace_formats.def)
  Support support;
  const char* note;
  bool no_return;        ///< --strace prints it before it runs
  bool direct;           ///< translated code may make it: see make_direct_call()
  uint8_t pointers = 0;  ///< a bit per argument, made from `args`: see pointer_arguments()
};

/// Words in a row's argument list.
constexpr size_t count_words(std::string_view text) {
  size_t words = 0;
  bool inside = false;
  for (char c : text) {
    if (c != ' ' && !inside) ++words;
    inside = c != ' ';
  }
  return words;
}

/// A bit for each argument that is a pointer to the guest's memory: one whose tag the kernel does not look at
/// once the guest has asked for that (Documentation/arch/arm64/tagged-address-abi.rst).
constexpr uint8_t pointer_arguments(std::string_view words) {
  constexpr std::string_view kPointers[] = {"ptr", "path", "str", "strs", "buffer", "time", "mask"};
  uint8_t pointers = 0;
  for (unsigned argument = 0; !words.empty(); ++argument) {
    const std::string_view word = words.substr(0, words.find(' '));
    for (const std::string_view pointer : kPointers) {
      if (word == pointer) pointers |= static_cast<uint8_t>(1u << argument);
    }
    words.remove_prefix(word.size() < words.size() ? word.size() + 1 : words.size());
  }
  return pointers;
}

namespace detail {

/// One argument register as the kernel's SYSCALL_DEFINE converts it: integers are truncated to the
/// parameter's type.
template <typename T>
constexpr T convert_argument(uint64_t value) {
  if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, GuestAddr>) {
    return GuestAddr{value};
  } else {
    return T{GuestAddr{value}};  // Ptr<...>
  }
}

template <typename>
struct HandlerTraits;
template <typename... Args>
struct HandlerTraits<SysResult (*)(Task&, Args...)> {
  static constexpr size_t kCount = sizeof...(Args);
  template <auto Handler, size_t... I>
  static SysResult call(Task& task, const SyscallArgs& args, std::index_sequence<I...>) {
    return Handler(task, convert_argument<Args>(args[I])...);
  }
};

}  // namespace detail

/// Calls a typed handler `SysResult handler(Task&, T0, T1...)` with the guest's argument registers.
template <auto Handler>
SysResult call_handler(Task& task, const SyscallArgs& args) {
  using Traits = detail::HandlerTraits<decltype(Handler)>;
  return Traits::template call<Handler>(task, args, std::make_index_sequence<Traits::kCount>{});
}

template <auto Handler>
inline constexpr size_t kHandlerArgs = detail::HandlerTraits<decltype(Handler)>::kCount;

/// Calls that mean the same on the host, structures included, and do not block.
template <long HostNumber>
SysResult forward(Task&, const SyscallArgs& a) {
  return raw_syscall(HostNumber, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/// The same for calls that may block.
template <long HostNumber>
SysResult forward_blocking(Task& task, const SyscallArgs& a) {
  return blocking_syscall(task, HostNumber, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/// The same for calls that wait for a time that begins with them.
template <long HostNumber>
SysResult forward_waiting(Task& task, const SyscallArgs& a) {
  return waiting_syscall(task, HostNumber, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // namespace ferry::linux_user
