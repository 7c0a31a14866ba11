#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ir/support/address.h"

namespace ferry::linux_user {

/// Where the guest's memory lies in ours: at the same address (docs/adr/0007-address-space.md).
inline void* host_pointer(GuestAddr address) { return reinterpret_cast<void*>(address.value); }
inline GuestAddr guest_address(const void* pointer) { return {reinterpret_cast<uint64_t>(pointer)}; }

/// Copies between guest memory and ours. False (EFAULT) when a part of the guest's range is not accessible;
/// bytes before it may have been copied. Async-signal-safe as long as the handler for SIGSEGV and SIGBUS
/// calls recover_guest_copy().
[[nodiscard]] bool copy_from_guest(void* destination, GuestAddr source, size_t size);
[[nodiscard]] bool copy_to_guest(GuestAddr destination, const void* source, size_t size);
[[nodiscard]] bool zero_guest(GuestAddr destination, size_t size);

enum class Exchange : uint8_t { Done, Differed, Fault };
/// Atomic compare-and-exchange of an aligned word in guest memory. `expected` becomes what was there when it
/// differed; Fault: not writable.
[[nodiscard]] Exchange exchange_in_guest(GuestAddr word, uint32_t& expected, uint32_t desired);

/// Copies a string of the guest with its terminator. Answers its length, or -EFAULT, or -ENAMETOOLONG when
/// there is no terminator within `capacity` bytes.
int64_t copy_string_from_guest(char* destination, GuestAddr source, size_t capacity);

/// For the host's handler of SIGSEGV and SIGBUS: when `context` (a ucontext_t*) faulted inside one of the
/// accesses above, makes that access answer its failure and returns true. Async-signal-safe.
bool recover_guest_copy(void* context);

/// An object of type T in guest memory. T has the guest's layout.
template <typename T>
struct Ptr {
  static_assert(std::is_trivially_copyable_v<T>);
  GuestAddr address;

  explicit operator bool() const { return address.value != 0; }
  [[nodiscard]] bool read(T& out) const { return copy_from_guest(&out, address, sizeof(T)); }
  [[nodiscard]] bool write(const T& in) const { return copy_to_guest(address, &in, sizeof(T)); }
  Ptr element(uint64_t index) const { return {address + index * sizeof(T)}; }
  [[nodiscard]] bool read_array(T* out, size_t count) const {
    return copy_from_guest(out, address, count * sizeof(T));
  }
  [[nodiscard]] bool write_array(const T* in, size_t count) const {
    return copy_to_guest(address, in, count * sizeof(T));
  }
};

}  // namespace ferry::linux_user
