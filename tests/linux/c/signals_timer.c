/* A thousand signals a second during computation, memory faults, system calls and allocation: nothing is lost or bent. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t ticks, faults;
static volatile double handler_sum;
static long page;

static void tick(int sig) {
  (void)sig;
  int saved = errno;
  ticks++;
  handler_sum += 0.5 * ticks;
  char buffer[64];
  snprintf(buffer, sizeof buffer, "%d", (int)ticks);
  errno = saved;
}

static void repair(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  faults++;
  mprotect((void*)((uintptr_t)info->si_addr & ~(uintptr_t)(page - 1)), page, PROT_READ | PROT_WRITE);
}

static uint64_t crc(uint64_t seed, int rounds) {
  uint64_t x = seed;
  for (int i = 0; i < rounds; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    x += (uint64_t)i * 2654435761u;
  }
  return x;
}

static double series(int n) {
  double sum = 0;
  for (int i = 1; i < n; i++) sum += 1.0 / ((double)i * i);
  return sum;
}

static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

static uint64_t sorting(void) {
  static int values[20000];
  uint64_t x = 88172645463325252ull;
  for (int i = 0; i < 20000; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    values[i] = (int)(x & 0xffffff);
  }
  qsort(values, 20000, sizeof *values, compare);
  uint64_t sum = 0;
  for (int i = 0; i < 20000; i++) sum = sum * 31 + (uint64_t)values[i];
  return sum;
}

static uint64_t faulting(void) {
  const long pages = 64;
  unsigned char* area = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t sum = 0;
  for (int round = 0; round < 20; round++) {
    for (long i = 0; i < pages; i++) sum = sum * 3 + ++area[i * page + round];
    mprotect(area, pages * page, PROT_NONE);
  }
  munmap(area, pages * page);
  return sum;
}

static uint64_t calling(void) {
  uint64_t sum = 0;
  int ends[2];
  if (pipe(ends) != 0) return 0;
  for (int i = 0; i < 3000; i++) {
    unsigned char byte = (unsigned char)i;
    if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1) return 0;
    sum += byte;
    void* block = malloc((size_t)(i % 1000) + 1);
    memset(block, i, (size_t)(i % 1000) + 1);
    sum += ((unsigned char*)block)[0];
    free(block);
  }
  close(ends[0]);
  close(ends[1]);
  return sum;
}

static volatile uint64_t protected_mask_count;
static void masking(void) {
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  for (int i = 0; i < 3000; i++) {
    sigprocmask(SIG_BLOCK, &set, &old);
    sig_atomic_t before = ticks;
    crc(i, 50);
    CHECK(ticks == before);
    sigprocmask(SIG_SETMASK, &old, NULL);
  }
}

static sigjmp_buf back;
static void leap(int sig) {
  (void)sig;
  ticks++;
  siglongjmp(back, 1);
}

int main(void) {
  page = sysconf(_SC_PAGESIZE);
  struct sigaction action = {0};
  action.sa_handler = tick;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  struct sigaction fix = {0};
  fix.sa_sigaction = repair;
  fix.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &fix, NULL);
  struct itimerval timer = {{0, 1000}, {0, 1000}};

  uint64_t want_crc = crc(1, 3000000), want_sort = sorting(), want_fault = faulting(), want_calls = calling();
  double want_series = series(300000);
  setitimer(ITIMER_REAL, &timer, NULL);
  for (int round = 0; round < 20 || ticks < 300; round++) {
    CHECK(crc(1, 3000000) == want_crc);
    CHECK(series(300000) == want_series);
    CHECK(sorting() == want_sort);
    CHECK(faulting() == want_fault);
    CHECK(calling() == want_calls);
    masking();
    if (check_failures > 5) break;
  }
  CHECK(ticks >= 300);
  puts("computation");

  /* siglongjmp out of an asynchronous handler, again and again. */
  action.sa_handler = leap;
  action.sa_flags = 0;
  volatile int leaps = 0;
  volatile uint64_t work = 0;
  if (sigsetjmp(back, 1) != 0) leaps++;
  sigaction(SIGALRM, &action, NULL);
  while (leaps < 200) work = crc(work, 1000);
  struct itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &off, NULL);
  printf("leaps %s\n", leaps >= 200 ? "enough" : "too few");
  DONE();
}
