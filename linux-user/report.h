#pragma once

#include <string>

#include "linux-user/abi/abi.h"

namespace ferry::linux_user {

struct Process;

/// What --stats prints.
std::string stats_report(const Process& process);
/// What --syscalls prints: a line per row.
std::string syscalls_report(const Abi& abi);

}  // namespace ferry::linux_user
