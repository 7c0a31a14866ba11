#include "linux-user/report.h"

#include <sys/resource.h>

#include <cstdarg>
#include <cstdio>

#include "linux-user/guest_process.h"

namespace ferry::linux_user {

namespace {

[[gnu::format(printf, 2, 3)]] void append(std::string& text, const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text += line;
}

unsigned long long number(uint64_t value) { return value; }

void append_tier(std::string& text, const char* name, const char* unit, uint64_t units, uint64_t insts,
                 uint64_t ns, uint64_t bytes) {
  const double us = static_cast<double>(ns) / 1000;
  append(text, "  %-9s %llu %s, %llu guest instructions, %llu bytes of code, %.0f us", name, number(units),
         unit, number(insts), number(bytes), us);
  if (insts > 0)
    append(text, " (%.3f us and %.1f bytes per instruction)", us / static_cast<double>(insts),
           static_cast<double>(bytes) / static_cast<double>(insts));
  text += "\n";
}

const char* support_name(Support support) {
  switch (support) {
    case Support::Full:
      return "full";
    case Support::Partial:
      return "partial";
    case Support::None:
      return "none";
  }
  return "";
}

}  // namespace

std::string stats_report(const Process& process) {
  std::string text = "ferry: statistics\n";
  if (process.engine) {
    const backend::EngineStats s = process.engine->stats();
    append_tier(text, "baseline:", "blocks", s.baseline_blocks, s.baseline_insts, s.baseline_ns,
                s.baseline_bytes);
    append_tier(text, "llvm:", "regions", s.llvm_regions, s.llvm_insts, s.llvm_ns, s.llvm_bytes);
    append(text, "  stored:   %llu blocks, %llu regions, %llu guest instructions\n", number(s.stored_blocks),
           number(s.stored_regions), number(s.stored_insts));
    append(
        text,
        "  engine:   %llu dispatches, %llu invalidations, %llu flushes, %llu faults, %llu tagged accesses\n",
        number(s.dispatches), number(s.invalidations), number(s.flushes), number(s.faults),
        number(s.tagged_accesses));
  }
  append(text, "  system calls: %llu\n", number(process.stats.calls()));
  for (const auto& [nr, count] : process.stats.missing()) {
    const SyscallRow* row = process.abi.find_syscall(nr);
    append(text, "  missing system call %llu (%s): %llu times\n", number(nr), row ? row->name : "unknown",
           number(count));
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  append(text, "  memory: %ld KiB at most\n", usage.ru_maxrss);
  return text;
}

std::string syscalls_report(const Abi& abi) {
  std::string text;
  for (const SyscallRow& row : abi.syscalls()) {
    append(text, "%4u %-24s %-8s%s%s\n", row.number, row.name, support_name(row.support),
           *row.note ? " " : "", row.note);
  }
  return text;
}

}  // namespace ferry::linux_user
