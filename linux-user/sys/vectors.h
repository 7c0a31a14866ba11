#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <vector>

#include "linux-user/guest_process.h"

namespace ferry::linux_user {

/// The buffers that a call names by an array of iovec: the guest's own array, or a copy where the thread's
/// pointers may carry tags, which the host's kernel does not ignore.
class Vectors {
 public:
  Vectors(const Task& task, GuestAddr array, uint64_t count);

  GuestAddr address() const { return address_; }

 private:
  std::vector<iovec> copy_;
  GuestAddr address_;
};

/// readv(2), writev(2) and their kin, whose second and third arguments are such an array.
template <long HostNumber>
SysResult forward_vectors(Task& task, const SyscallArgs& a) {
  const Vectors vectors(task, GuestAddr{a[1]}, a[2]);
  return blocking_syscall(task, HostNumber, a[0], vectors.address().value, a[2], a[3], a[4], a[5]);
}

SysResult sys_sendmsg(Task& task, int fd, Ptr<msghdr> message, uint32_t flags);
SysResult sys_recvmsg(Task& task, int fd, Ptr<msghdr> message, uint32_t flags);

}  // namespace ferry::linux_user
