/* Lists of robust futexes that no C library makes: the kernel walks them at a thread's end and survives whatever they
 * hold (kernel/futex/core.c, exit_robust_list). */
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "check.h"

struct entry {
  struct robust_list link;
  unsigned word;
};

#define OFFSET ((long)offsetof(struct entry, word))

struct plan {
  struct robust_list_head* head;
  struct entry* entries[2];
  struct entry* pending;
  int read_only; /* the first entry cannot be written when the thread ends */
};

static void* end_with_list(void* argument) {
  struct plan* plan = argument;
  const unsigned tid = (unsigned)syscall(SYS_gettid);
  for (int i = 0; i < 2; i++)
    if (plan->entries[i]) plan->entries[i]->word = tid;
  if (plan->pending) plan->pending->word = tid;
  if (plan->read_only) mprotect(plan->entries[0], 4096, PROT_READ);
  syscall(SYS_set_robust_list, plan->head, sizeof *plan->head);
  return NULL;
}

static void run(struct plan* plan) {
  pthread_t thread;
  pthread_create(&thread, NULL, end_with_list, plan);
  pthread_join(thread, NULL);
}

int main(void) {
  static struct entry second, pending;
  static struct robust_list_head head;
  struct entry* first = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  first->link.next = &second.link;
  second.link.next = &head.list;
  head.list.next = &first->link;
  head.futex_offset = OFFSET;
  head.list_op_pending = &pending.link;
  struct plan plan = {.head = &head, .entries = {first, &second}, .pending = &pending};

  run(&plan);
  printf("all: %x %x %x\n", first->word, second.word, pending.word);

  plan.read_only = 1;
  run(&plan);
  printf("read-only: %d %d %d\n", first->word == FUTEX_OWNER_DIED, second.word == FUTEX_OWNER_DIED,
         pending.word == FUTEX_OWNER_DIED);
  mprotect(first, 4096, PROT_READ | PROT_WRITE);

  /* A misaligned word ends the walk, the pending one included. */
  plan.read_only = 0;
  head.futex_offset = OFFSET + 1;
  run(&plan);
  printf("misaligned: %d %d\n", second.word == FUTEX_OWNER_DIED, pending.word == FUTEX_OWNER_DIED);

  /* A bad link after a good entry: that one is released, and the pending one is not. */
  head.futex_offset = OFFSET;
  plan.entries[1] = NULL;
  first->link.next = (struct robust_list*)8;
  run(&plan);
  printf("bad link: %x %d\n", first->word, pending.word == FUTEX_OWNER_DIED);

  /* An entry that is the pending one too, once with the bit for priority inheritance. */
  plan.entries[1] = NULL;
  plan.pending = first;
  first->link.next = &head.list;
  head.list_op_pending = (struct robust_list*)((char*)first + 1);
  run(&plan);
  printf("pending in the list: %x\n", first->word);
  DONE();
}
