#include "linux-user/sys/vectors.h"

#include <limits.h>

namespace ferry::linux_user {
namespace {

void* untagged_pointer(const Task& task, const void* pointer) {
  return host_pointer(untagged(task, guest_address(pointer)));
}

SysResult call(Task& task, long number, int fd, const void* message, uint32_t flags) {
  return blocking_syscall(task, number, static_cast<uint64_t>(fd), reinterpret_cast<uint64_t>(message),
                          flags);
}

/// A message whose pointers have no tags.
struct PlainMessage {
  PlainMessage(const Task& task, const msghdr& guest)
      : vectors(task, guest_address(guest.msg_iov), guest.msg_iovlen), header(guest) {
    header.msg_name = untagged_pointer(task, guest.msg_name);
    header.msg_iov = static_cast<iovec*>(host_pointer(vectors.address()));
    header.msg_control = untagged_pointer(task, guest.msg_control);
  }

  Vectors vectors;
  msghdr header;
};

}  // namespace

Vectors::Vectors(const Task& task, GuestAddr array, uint64_t count) : address_(untagged(task, array)) {
  if (!ignores_tags(task) || count > IOV_MAX) return;
  copy_.resize(count);
  // What cannot be read or is too long the kernel refuses.
  if (!Ptr<iovec>{address_}.read_array(copy_.data(), count)) return;
  for (iovec& buffer : copy_) buffer.iov_base = untagged_pointer(task, buffer.iov_base);
  address_ = guest_address(copy_.data());
}

SysResult sys_sendmsg(Task& task, int fd, Ptr<msghdr> message, uint32_t flags) {
  msghdr header;
  if (!ignores_tags(task) || !message.read(header))
    return call(task, SYS_sendmsg, fd, host_pointer(message.address), flags);
  const PlainMessage plain(task, header);
  return call(task, SYS_sendmsg, fd, &plain.header, flags);
}

SysResult sys_recvmsg(Task& task, int fd, Ptr<msghdr> message, uint32_t flags) {
  msghdr header;
  if (!ignores_tags(task) || !message.read(header))
    return call(task, SYS_recvmsg, fd, host_pointer(message.address), flags);
  PlainMessage plain(task, header);
  const SysResult result = call(task, SYS_recvmsg, fd, &plain.header, flags);
  if (result.failed()) return result;
  header.msg_namelen = plain.header.msg_namelen;
  header.msg_controllen = plain.header.msg_controllen;
  header.msg_flags = plain.header.msg_flags;
  return message.write(header) ? result : SysResult::error(EFAULT);
}

}  // namespace ferry::linux_user
