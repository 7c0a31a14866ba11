#include "linux-user/abi/arm64/syscalls.h"

#include <algorithm>
#include <array>

#include "linux-user/sys/fd.h"
#include "linux-user/sys/fs.h"
#include "linux-user/sys/info.h"
#include "linux-user/sys/ipc.h"
#include "linux-user/sys/mm.h"
#include "linux-user/sys/path_calls.h"
#include "linux-user/sys/poll.h"
#include "linux-user/sys/process.h"
#include "linux-user/sys/signal.h"
#include "linux-user/sys/thread.h"
#include "linux-user/sys/time.h"
#include "linux-user/sys/vectors.h"

namespace ferry::linux_user {

namespace {

/// The host's number of a call: asm/unistd_64.h; those that the headers of Debian 12 do not have are the same
/// on all machines.
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/// A row's words must be as many as its handler takes.
template <size_t Words, size_t Args>
constexpr bool same_count() {
  static_assert(Words == Args,
                "a row of syscalls_*.def names more or fewer arguments than its handler takes");
  return true;
}

constexpr SyscallRow kRows[] = {
#define CALL(number, name, handler, args, support, note)                              \
  {number,                                                                            \
   (same_count<count_words(args), kHandlerArgs<&handler>>(), call_handler<&handler>), \
   #name,                                                                             \
   args,                                                                              \
   Support::support,                                                                  \
   note,                                                                              \
   false,                                                                             \
   false},
#define ENDS(number, name, handler, args)                                                            \
  {number,        (same_count<count_words(args), kHandlerArgs<&handler>>(), call_handler<&handler>), \
   #name,         args,                                                                              \
   Support::Full, "",                                                                                \
   true,          false},
#define DIRECT(number, name, handler, args)                                                          \
  {number,        (same_count<count_words(args), kHandlerArgs<&handler>>(), call_handler<&handler>), \
   #name,         args,                                                                              \
   Support::Full, "",                                                                                \
   false,         true},
#define PASS(number, name, args) {number, forward<SYS_##name>, #name, args, Support::Full, "", false, true},
#define BLOCK(number, name, args) \
  {number, forward_blocking<SYS_##name>, #name, args, Support::Full, "", false, true},
#define WAIT(number, name, args) \
  {number, forward_waiting<SYS_##name>, #name, args, Support::Full, "", false, true},
#define IDENTITY(number, name, args) \
  {number, forward_identity<SYS_##name>, #name, args, Support::Full, "", false, false},
#define VECTORS(number, name, args) \
  {number, forward_vectors<SYS_##name>, #name, args, Support::Full, "", false, true},
#define PATH(number, name, path, rule, args) \
  {number, forward_path<SYS_##name, path, FollowRule::rule>, #name, args, Support::Full, "", false, false},
#define AT(number, name, dir, rule, flags, args)                                                        \
  {number, forward_at<SYS_##name, dir, FollowRule::rule, flags>, #name, args, Support::Full, "", false, \
   false},
#define MISSING(number, name, args, note) \
  {number, call_handler<&sys_missing>, #name, args, Support::None, note, false, false},
#include "linux-user/abi/arm64/syscalls_files.def"
#include "linux-user/abi/arm64/syscalls_other.def"
#include "linux-user/abi/arm64/syscalls_tasks.def"
#undef CALL
#undef ENDS
#undef DIRECT
#undef PASS
#undef BLOCK
#undef WAIT
#undef IDENTITY
#undef VECTORS
#undef PATH
#undef AT
#undef MISSING
};

constexpr auto kSorted = [] {
  std::array<SyscallRow, std::size(kRows)> rows{};
  std::copy(std::begin(kRows), std::end(kRows), rows.begin());
  for (SyscallRow& row : rows) row.pointers = pointer_arguments(row.args);
  std::sort(rows.begin(), rows.end(),
            [](const SyscallRow& a, const SyscallRow& b) { return a.number < b.number; });
  return rows;
}();
static_assert(std::adjacent_find(kSorted.begin(), kSorted.end(),
                                 [](const SyscallRow& a, const SyscallRow& b) {
                                   return a.number == b.number;
                                 }) == kSorted.end(),
              "two rows have one number");

/// Row numbers by system-call number; 0 stands for none, so they count from 1.
constexpr auto kIndex = [] {
  std::array<uint16_t, kSorted.back().number + 1> index{};
  for (size_t i = 0; i < kSorted.size(); ++i) index[kSorted[i].number] = static_cast<uint16_t>(i + 1);
  return index;
}();

}  // namespace

std::span<const SyscallRow> arm64_syscalls() { return kSorted; }

const SyscallRow* find_arm64_syscall(uint64_t number) {
  if (number >= kIndex.size() || kIndex[number] == 0) return nullptr;
  return &kSorted[kIndex[number] - 1];
}

}  // namespace ferry::linux_user
