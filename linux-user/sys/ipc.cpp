#include "linux-user/sys/ipc.h"

#include <sys/sem.h>
#include <sys/syscall.h>

#include "linux-user/guest_process.h"
#include "linux-user/host/safe_syscall.h"

namespace ferry::linux_user {

SysResult sys_semctl(Task& task, int id, int number, int command, uint64_t argument) {
  const Abi& abi = task.process.abi;
  const auto call = [&](uint64_t host_argument) {
    return SysResult{raw_syscall(SYS_semctl, static_cast<uint64_t>(id), static_cast<uint64_t>(number),
                                 static_cast<uint64_t>(command), host_argument)};
  };
  semid_ds info{};
  switch (command) {
    case IPC_SET:
      if (!abi.read_semid({argument}, info)) return SysResult::error(EFAULT);
      return call(reinterpret_cast<uint64_t>(&info));
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY: {
      const SysResult result = call(reinterpret_cast<uint64_t>(&info));
      if (result.failed()) return result;
      return abi.write_semid({argument}, info) ? result : SysResult::error(EFAULT);
    }
    default:
      return call(argument);
  }
}

SysResult sys_mq_open(Task& task, GuestAddr name, int flags, uint32_t mode, GuestAddr attributes) {
  return raw_syscall(SYS_mq_open, name.value, static_cast<uint64_t>(task.process.abi.host_open_flags(flags)),
                     mode, attributes.value);
}

}  // namespace ferry::linux_user
