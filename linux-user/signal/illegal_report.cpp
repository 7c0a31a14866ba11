#include "linux-user/signal/illegal_report.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#include "linux-user/guest_process.h"
#include "linux-user/mm/guest_copy.h"

namespace ferry::linux_user {

void IllegalReports::report(const Process& process, GuestAddr pc) {
  constexpr size_t kShownBytes = 4;
  std::array<std::byte, kShownBytes> bytes{};
  if (!copy_from_guest(bytes.data(), pc, bytes.size())) return;
  const std::string reason = process.arch.why_illegal(bytes);
  {
    const std::scoped_lock lock(mutex_);
    if (!reported_.insert(pc).second) return;
    if (!reason.empty() && !reported_reasons_.insert(reason).second) return;
  }
  std::array<char, 64> head;
  int length =
      std::snprintf(head.data(), head.size(),
                    "ferry: illegal instruction at 0x%llx:", static_cast<unsigned long long>(pc.value));
  for (const std::byte byte : bytes) {
    const size_t room = head.size() - static_cast<size_t>(length);
    length += std::snprintf(head.data() + length, room, " %02x", std::to_integer<unsigned>(byte));
  }
  std::string line(head.data(), static_cast<size_t>(length));
  line += "  " + process.arch.disassemble(pc, bytes);
  if (!reason.empty()) line += ": " + reason;
  line += '\n';
  // Standard error may be closed or full: nothing to be done about it.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ferry::linux_user
