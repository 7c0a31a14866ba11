#include "linux-user/sys/poll.h"

#include <sys/epoll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {

namespace {

constexpr uint64_t kMaskBytes = 8;
/// Events fetched by one call at most: epoll_wait may always answer fewer than asked for.
constexpr int kMaxEvents = 4096;

/// Calls wait(host_mask pointer) under the guest's temporary mask, if there is one.
template <typename Wait>
SysResult wait_under_mask(Task& task, Ptr<uint64_t> mask, uint64_t mask_bytes, Wait wait) {
  if (!mask) return wait(uint64_t{0});
  if (mask_bytes != kMaskBytes) return SysResult::error(EINVAL);
  uint64_t guest_mask;
  if (!mask.read(guest_mask)) return SysResult::error(EFAULT);
  const uint64_t host_mask = waiting_mask(task, guest_mask);
  const SysResult result = wait(reinterpret_cast<uint64_t>(&host_mask));
  return result.error_number() == EINTR ? interrupted_under_mask(task, guest_mask) : result;
}

/// The mask argument of pselect6: a pointer to {const sigset_t*, size_t}.
struct MaskAndSize {
  Ptr<uint64_t> mask{};
  uint64_t bytes = 0;
};
SysResult read_mask_argument(const Task& task, GuestAddr address, MaskAndSize& out) {
  struct {
    uint64_t mask, bytes;
  } argument{};
  if (address.value != 0 && !copy_from_guest(&argument, address, sizeof argument))
    return SysResult::error(EFAULT);
  out = {{untagged(task, {argument.mask})}, argument.bytes};
  return 0;
}

template <typename Wait>
SysResult wait_for_events(Task& task, GuestAddr events, int count, Ptr<uint64_t> mask, uint64_t mask_bytes,
                          Wait wait) {
  if (count <= 0 || count > INT_MAX / 16) return SysResult::error(EINVAL);
  std::vector<epoll_event> host(static_cast<size_t>(std::min(count, kMaxEvents)));
  const SysResult result =
      wait_under_mask(task, mask, mask_bytes, [&](uint64_t host_mask) { return wait(host, host_mask); });
  if (result.value <= 0) return result;
  const std::span<const epoll_event> ready(host.data(), static_cast<size_t>(result.value));
  return task.process.abi.write_epoll_events(events, ready) ? result : SysResult::error(EFAULT);
}

uint64_t word(int value) { return static_cast<uint64_t>(value); }
uint64_t word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

}  // namespace

SysResult sys_epoll_ctl(Task& task, int epoll, int operation, int fd, GuestAddr address) {
  epoll_event event{};
  if (operation != EPOLL_CTL_DEL && !task.process.abi.read_epoll_event(address, event))
    return SysResult::error(EFAULT);
  return raw_syscall(SYS_epoll_ctl, word(epoll), word(operation), word(fd), word(&event));
}

SysResult sys_epoll_pwait(Task& task, int epoll, GuestAddr events, int count, int timeout, Ptr<uint64_t> mask,
                          uint64_t mask_bytes) {
  return wait_for_events(task, events, count, mask, mask_bytes,
                         [&](std::vector<epoll_event>& host, uint64_t host_mask) {
                           return waiting_syscall(task, SYS_epoll_pwait, word(epoll), word(host.data()),
                                                  host.size(), word(timeout), host_mask, kMaskBytes);
                         });
}

SysResult sys_epoll_pwait2(Task& task, int epoll, GuestAddr events, int count, Ptr<timespec> timeout,
                           Ptr<uint64_t> mask, uint64_t mask_bytes) {
  return wait_for_events(task, events, count, mask, mask_bytes,
                         [&](std::vector<epoll_event>& host, uint64_t host_mask) {
                           return waiting_syscall(task, SYS_epoll_pwait2, word(epoll), word(host.data()),
                                                  host.size(), timeout.address.value, host_mask, kMaskBytes);
                         });
}

SysResult sys_ppoll(Task& task, GuestAddr fds, uint32_t count, GuestAddr timeout, Ptr<uint64_t> mask,
                    uint64_t mask_bytes) {
  return wait_under_mask(task, mask, mask_bytes, [&](uint64_t host_mask) {
    return waiting_syscall(task, SYS_ppoll, fds.value, count, timeout.value, host_mask, kMaskBytes);
  });
}

SysResult sys_pselect6(Task& task, int count, GuestAddr read, GuestAddr write, GuestAddr except,
                       GuestAddr timeout, GuestAddr mask_and_size) {
  MaskAndSize argument;
  if (const SysResult result = read_mask_argument(task, mask_and_size, argument); result.failed())
    return result;
  return wait_under_mask(task, argument.mask, argument.bytes, [&](uint64_t host_mask) {
    const uint64_t host_argument[] = {host_mask, kMaskBytes};
    return waiting_syscall(task, SYS_pselect6, word(count), read.value, write.value, except.value,
                           timeout.value, word(host_argument));
  });
}

SysResult sys_io_pgetevents(Task& task, uint64_t context, int64_t at_least, int64_t count, GuestAddr events,
                            GuestAddr timeout, GuestAddr mask_and_size) {
  MaskAndSize argument;
  if (const SysResult result = read_mask_argument(task, mask_and_size, argument); result.failed())
    return result;
  return wait_under_mask(task, argument.mask, argument.bytes, [&](uint64_t host_mask) {
    const uint64_t host_argument[] = {host_mask, kMaskBytes};
    return waiting_syscall(task, SYS_io_pgetevents, context, static_cast<uint64_t>(at_least),
                           static_cast<uint64_t>(count), events.value, timeout.value, word(host_argument));
  });
}

}  // namespace ferry::linux_user
