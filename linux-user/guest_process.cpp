#include "linux-user/guest_process.h"

#include <sys/syscall.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "linux-user/host/safe_syscall.h"
#include "linux-user/report.h"
#include "linux-user/signal/signals.h"

namespace ferry::linux_user {

constinit thread_local Task* current_task = nullptr;

Process::Process(Options opts, std::unique_ptr<const Abi> guest_abi,
                 std::unique_ptr<const ir::GuestArch> guest_arch)
    : options(std::move(opts)),
      abi_(std::move(guest_abi)),
      arch_(std::move(guest_arch)),
      abi(*abi_),
      arch(*arch_),
      memory_tags(abi.make_memory_tags(&note_tag_mismatch)),
      paths(options.sysroot) {
  memory.set_memory_tags(memory_tags.get());
}

std::vector<int> Process::own_fds() const {
  std::vector<int> fds;
  if (own_executable_fd >= 0) fds.push_back(own_executable_fd);
  if (log_fd != STDERR_FILENO) fds.push_back(log_fd);
  std::sort(fds.begin(), fds.end());
  return fds;
}

void flush_reports(Process& process) {
  if (!process.options.stats) return;
  const std::string text = stats_report(process);
  const int fd = process.log_fd;
  for (size_t done = 0; done < text.size();) {
    const int64_t put = raw_syscall(SYS_write, static_cast<uint64_t>(fd),
                                    reinterpret_cast<uint64_t>(text.data() + done), text.size() - done);
    if (put <= 0) break;
    done += static_cast<size_t>(put);
  }
}

void exit_process(Process& process, int status) {
  if (process.engine) process.engine->save_code();
  flush_reports(process);
  for (;;) raw_syscall(SYS_exit_group, static_cast<uint64_t>(status));
}

}  // namespace ferry::linux_user
