#include "linux-user/loader/kernel_view.h"

#include <linux/prctl.h>
#include <sys/syscall.h>

#include "linux-user/host/safe_syscall.h"

// The linker's names for the parts of ferry's image.
extern "C" const char __executable_start, etext, edata, end;

namespace ferry::linux_user {

void show_to_kernel(const StackLayout& layout) {
  const auto address = [](const char& symbol) { return reinterpret_cast<uint64_t>(&symbol); };
  const auto current_break = static_cast<uint64_t>(raw_syscall(SYS_brk, 0));
  prctl_mm_map map{};
  // The call sets all of it at once: ferry's own image and break as they are.
  map.start_code = address(__executable_start);
  map.end_code = address(etext);
  map.start_data = address(etext);
  map.end_data = address(edata);
  map.start_brk = address(end);
  map.brk = current_break;
  map.start_stack = layout.sp.value;
  map.arg_start = layout.argv_first.value;
  map.arg_end = layout.argv_last.value;
  map.env_start = layout.environment_first.value;
  map.env_end = layout.environment_last.value;
  map.exe_fd = static_cast<uint32_t>(-1);
  raw_syscall(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, reinterpret_cast<uint64_t>(&map), sizeof map, 0);
}

}  // namespace ferry::linux_user
