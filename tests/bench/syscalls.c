/* The time of one call: `syscalls NAME` prints whether the call did what it should and, on the standard error, nanoseconds for each
 * call; without arguments, the names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { kBatches = 5 };

static int zero = -1;

static int call_clock_gettime(void) {
  struct timespec t;
  return clock_gettime(CLOCK_MONOTONIC, &t) == 0 && t.tv_nsec < 1000000000;
}

static int call_gettimeofday(void) {
  struct timeval t;
  return gettimeofday(&t, NULL) == 0 && t.tv_usec < 1000000;
}

static int call_getcpu(void) {
  unsigned cpu, node;
  return getcpu(&cpu, &node) == 0;
}

static int call_getpid(void) { return syscall(SYS_getpid) > 0; }

static int call_read(void) {
  char buffer[16];
  return read(zero, buffer, sizeof buffer) == sizeof buffer && buffer[15] == 0;
}

static const struct {
  const char* name;
  int (*call)(void);
  unsigned times; /* of one batch: some 50 ms natively */
} calls[] = {
    {"clock_gettime", call_clock_gettime, 1000000}, {"gettimeofday", call_gettimeofday, 1000000}, {"getcpu", call_getcpu, 1000000},
    {"getpid", call_getpid, 500000},                {"read", call_read, 300000},
};

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int measure(unsigned index) {
  uint64_t fastest = ~(uint64_t)0;
  unsigned good = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const uint64_t start = now();
    for (unsigned i = 0; i < calls[index].times; ++i) good += (unsigned)calls[index].call();
    const uint64_t took = now() - start;
    if (took < fastest) fastest = took;
  }
  printf("%s %u\n", calls[index].name, good);
  fprintf(stderr, "%.3f\n", (double)fastest / calls[index].times);
  return 0;
}

int main(int argc, char** argv) {
  zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  if (zero < 0) return 1;
  for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; ++i) {
    if (argc < 2) puts(calls[i].name);
    else if (strcmp(argv[1], calls[i].name) == 0) return measure(i);
  }
  return argc < 2 ? 0 : 2;
}
