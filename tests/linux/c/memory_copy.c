/* Memory copy and set, on AArch64 by the instructions of FEAT_MOPS: against loops of bytes, with pages that a
 * handler makes accessible in the middle, and under a timer. */
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "check.h"

#ifdef __aarch64__
#include <sys/auxv.h>

#define OPERATION(prologue, main, epilogue, to, from, size)             \
  __asm__ volatile(".arch armv8.8-a\n" prologue "\n" main "\n" epilogue \
                   : "+r"(to), "+r"(from), "+r"(size)                   \
                   :                                                    \
                   : "cc", "memory")

static void copy_either_way(void* to, const void* from, size_t size) {
  register void* x0 __asm__("x0") = to;
  register const void* x1 __asm__("x1") = from;
  register size_t x2 __asm__("x2") = size;
  OPERATION("cpyp [x0]!, [x1]!, x2!", "cpym [x0]!, [x1]!, x2!", "cpye [x0]!, [x1]!, x2!", x0, x1, x2);
  CHECK(x2 == 0);
}
static void copy_forward(void* to, const void* from, size_t size) {
  register void* x0 __asm__("x0") = to;
  register const void* x1 __asm__("x1") = from;
  register size_t x2 __asm__("x2") = size;
  OPERATION("cpyfp [x0]!, [x1]!, x2!", "cpyfm [x0]!, [x1]!, x2!", "cpyfe [x0]!, [x1]!, x2!", x0, x1, x2);
  CHECK(x2 == 0 && x0 == (char*)to + size && x1 == (const char*)from + size);
}
static void set(void* to, int byte, size_t size) {
  register void* x0 __asm__("x0") = to;
  register uint64_t x1 __asm__("x1") = (uint64_t)byte;
  register size_t x2 __asm__("x2") = size;
  OPERATION("setp [x0]!, x2!, x1", "setm [x0]!, x2!, x1", "sete [x0]!, x2!, x1", x0, x1, x2);
  CHECK(x2 == 0 && x0 == (char*)to + size);
}
static void check_announced(void) {
  const unsigned long hwcap2_mops = 1ul << 43;
  CHECK((getauxval(AT_HWCAP2) & hwcap2_mops) != 0);
}
#else
static void copy_either_way(void* to, const void* from, size_t size) { memmove(to, from, size); }
static void copy_forward(void* to, const void* from, size_t size) { memmove(to, from, size); }
static void set(void* to, int byte, size_t size) { memset(to, byte, size); }
static void check_announced(void) {}
#endif

enum { kArea = 5 * 4096 };
static unsigned char area[kArea], wanted[kArea];
static uint64_t seed = 1;

static uint64_t draw(uint64_t below) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (seed >> 33) % below;
}

/* Half of the draws are small. */
static size_t draw_size(size_t most) { return draw(2) ? draw(most + 1) : draw(most < 40 ? most + 1 : 40); }

static void one_copy(size_t to, size_t from, size_t size) {
  for (size_t i = 0; i < size; i++) wanted[to + i] = area[from + i];
  const int forward = to <= from || to >= from + size;
  if (forward && draw(2)) {
    copy_forward(area + to, area + from, size);
  } else {
    copy_either_way(area + to, area + from, size);
  }
}

static void random_operations(void) {
  for (int i = 0; i < kArea; i++) area[i] = wanted[i] = (unsigned char)draw(256);
  for (int round = 0; round < 1500; round++) {
    const size_t to = draw(kArea);
    size_t from = draw(2) ? draw(kArea) : to + draw(64) - 32;
    if (from >= kArea) from = to;
    const size_t size = draw_size(kArea - (to > from ? to : from));
    const int byte = (int)draw(256);
    if (draw(3) != 0) {
      one_copy(to, from, size);
    } else {
      for (size_t j = 0; j < size; j++) wanted[to + j] = (unsigned char)byte;
      set(area + to, byte, size);
    }
    if (memcmp(area, wanted, kArea) != 0) {
      CHECK(!"the areas agree");
      return;
    }
  }
  uint64_t sum = 0;
  for (int i = 0; i < kArea; i++) sum = sum * 31 + area[i];
  printf("random %lx\n", (unsigned long)sum);
}

static long page;
static volatile int repairs;
static char *end_of_forward, *start_of_backward;

static void repair(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  repairs++;
  char* base = (char*)((uintptr_t)info->si_addr & ~(uintptr_t)(page - 1));
#ifdef __aarch64__
  /* What was done ends at the page of the fault. */
  const int64_t left = (int64_t)((ucontext_t*)context)->uc_mcontext.regs[2];
  if (end_of_forward) CHECK(end_of_forward + left == base && info->si_addr == base);
  if (start_of_backward) CHECK(start_of_backward + left - 1 == (char*)info->si_addr);
#endif
  if (mprotect(base, page, PROT_READ | PROT_WRITE) != 0) _exit(9);
}

static void faults(void) {
  struct sigaction action = {0};
  action.sa_sigaction = repair;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  const size_t size = 16 * page;
  char* from = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* to = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < size; i++) from[i] = (char)(i * 7 + i / 256);

  end_of_forward = to + size;
  copy_forward(to, from, size);
  CHECK(memcmp(to, from, size) == 0);
  mprotect(to, size, PROT_NONE);
  set(to, 5, size);
  for (size_t i = 0; i < size; i++) CHECK(to[i] == 5);
  printf("repairs %d\n", repairs);

  /* The source faults, and is near. */
  end_of_forward = NULL;
  mprotect(from, size, PROT_NONE);
  copy_either_way(from, from + 3, size - 3);
  for (size_t i = 0; i < size - 3; i++) CHECK(from[i] == (char)((i + 3) * 7 + (i + 3) / 256));
  mprotect(from, size, PROT_NONE);
  copy_either_way(from + 3, from, size - 3);
  for (size_t i = 3; i < size - 3; i++) CHECK(from[i] == (char)(i * 7 + i / 256));
  printf("repairs %d\n", repairs);

  /* The destination faults, copied backwards. */
  char* both = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < size; i++) both[i] = (char)(i * 3 + i / 256);
  mprotect(both + size, size, PROT_NONE);
  start_of_backward = both + size / 2 + page / 2;
  const int before = repairs;
  copy_either_way(both + size / 2 + page / 2, both, size);
  for (size_t i = 0; i < size; i++) CHECK(both[size / 2 + page / 2 + i] == (char)(i * 3 + i / 256));
  printf("repairs %d\n", repairs - before);
  start_of_backward = NULL;
}

static volatile int ticks;
static void tick(int sig) {
  (void)sig;
  ticks++;
}

static void under_a_timer(void) {
  signal(SIGALRM, tick);
  const struct itimerval often = {{0, 500}, {0, 500}};
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
  const size_t size = 24u << 20;
  char* from = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int round = 0; ticks < 10 || round < 3; round++) {
    set(from, round, size);
    from[round] = 77;
    copy_forward(to, from, size);
    copy_either_way(to + 1, to, size - 1);
    CHECK(to[0] == (round ? round : 77) && memcmp(to + 1, from, size - 1) == 0);
  }
  const struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never, NULL);
  puts("timer");
}

int main(void) {
  page = sysconf(_SC_PAGESIZE);
  check_announced();
  random_operations();
  faults();
  under_a_timer();
  DONE();
}
