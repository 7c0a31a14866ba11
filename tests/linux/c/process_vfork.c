// vfork children that keep the processor busy: what the translator starts for hot code must outlive them.
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

static volatile unsigned work;

static long used_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void busy_until(long ms) {
  while (used_ms() < ms)
    for (unsigned i = 0; i < 20000; i++) work += i ^ (work >> 3);
}

static void wait_for(pid_t pid) {
  int status = -1;
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

// In a process of its own, whose clock starts anew.
static void busy_child_then_fork(long ms) {
  alarm(20);
  pid_t borrower = vfork();
  if (borrower == 0) {
    busy_until(ms);
    _exit(0);
  }
  wait_for(borrower);
  pid_t child = fork();
  if (child == 0) _exit(0);
  wait_for(child);
  _exit(0);
}

int main(void) {
  for (long ms = 100; ms <= 124; ms += 4) {
    pid_t pid = fork();
    if (pid == 0) busy_child_then_fork(ms);
    wait_for(pid);
  }
  DONE();
}
