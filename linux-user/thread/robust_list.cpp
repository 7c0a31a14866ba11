#include "linux-user/thread/robust_list.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <cstdint>

#include "linux-user/host/safe_syscall.h"
#include "linux-user/mm/guest_copy.h"

namespace ferry::linux_user {
namespace {

struct ListHead {
  uint64_t first;
  int64_t futex_offset;
  uint64_t pending;
};
static_assert(sizeof(ListHead) == sizeof(robust_list_head));

/// Bit 0 of a list pointer: a priority-inheritance futex.
constexpr uint64_t kPiBit = 1;
constexpr unsigned kListLimit = ROBUST_LIST_LIMIT;

void wake_one(GuestAddr address) { raw_syscall(SYS_futex, address.value, FUTEX_WAKE, 1); }

/// handle_futex_death(). `pending`: the thread was about to take or release the futex. False: the word is
/// misaligned or out of reach.
[[nodiscard]] bool release_futex(const Task& task, GuestAddr address, bool pi, bool pending) {
  uint32_t word = 0;
  if (address.value % sizeof(word) != 0 || !copy_from_guest(&word, address, sizeof word)) return false;
  if (pending && !pi && word == 0) {
    wake_one(address);
    return true;
  }
  Exchange outcome;
  do {
    if ((word & FUTEX_TID_MASK) != static_cast<uint32_t>(task.tid)) return true;
    outcome = exchange_in_guest(address, word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
  } while (outcome == Exchange::Differed);
  if (outcome == Exchange::Fault) return false;
  if (!pi && (word & FUTEX_WAITERS) != 0) wake_one(address);
  return true;
}

}  // namespace

void release_robust_list(Task& task) {
  const GuestAddr head_address{task.robust_list};
  task.robust_list = 0;
  ListHead head;
  if (head_address.value == 0 || !copy_from_guest(&head, head_address, sizeof head)) return;
  const auto futex_of = [&head](uint64_t entry) {
    return GuestAddr{(entry & ~kPiBit) + static_cast<uint64_t>(head.futex_offset)};
  };
  uint64_t entry = head.first;
  for (unsigned count = 0; (entry & ~kPiBit) != head_address.value && count < kListLimit; ++count) {
    uint64_t next = 0;
    const bool more = copy_from_guest(&next, GuestAddr{entry & ~kPiBit}, sizeof next);
    const bool is_pending = ((entry ^ head.pending) & ~kPiBit) == 0;
    if (!is_pending && !release_futex(task, futex_of(entry), (entry & kPiBit) != 0, false)) return;
    if (!more) return;
    entry = next;
  }
  if ((head.pending & ~kPiBit) != 0)
    (void)release_futex(task, futex_of(head.pending), (head.pending & kPiBit) != 0, true);
}

}  // namespace ferry::linux_user
