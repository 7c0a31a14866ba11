/* Calls that translated code makes by itself: while a thread waits in one, the code that it came from may go away. */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static int ends[2];
enum { kRounds = 60 };

static void on_fault(int signal) { _exit(signal); }

/* As many values in registers as there are, across the call. */
static void* reader(void* argument) {
  unsigned long a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, sum = 0;
  unsigned char byte;
  (void)argument;
  while (read(ends[0], &byte, 1) == 1 && byte != 255) {
    sum += byte;
    a = a * 3 + b, b = b * 5 + c, c = c * 7 + d, d = d * 9 + e;
    e = e * 11 + f, f = f * 13 + g, g = g * 15 + h, h = h * 17 + sum;
  }
  return (void*)(a ^ b ^ c ^ d ^ e ^ f ^ g ^ h);
}

static void send_byte(unsigned char byte) { CHECK(write(ends[1], &byte, 1) == 1); }

/* A first handler for SIGSEGV, and the end of the last one, change what translated code must do. */
static void lost_code(void) {
  pthread_t thread;
  void* waited;
  CHECK(pipe(ends) == 0 && pthread_create(&thread, NULL, reader, NULL) == 0);
  for (int i = 0; i < kRounds; i++) {
    nanosleep(&(struct timespec){0, 500000}, NULL);
    signal(SIGSEGV, i % 2 == 0 ? on_fault : SIG_DFL);
    send_byte((unsigned char)i);
  }
  send_byte(255);
  CHECK(pthread_join(thread, &waited) == 0);
  for (int i = 0; i < kRounds; i++) send_byte((unsigned char)i);
  send_byte(255);
  CHECK(reader(NULL) == waited);
}

static volatile sig_atomic_t handled;
static void on_signal(int signal) { handled = signal; }

/* A signal that a call sends to its own thread is handled before the call returns. */
static void own_signals(void) {
  signal(SIGUSR1, on_signal);
  signal(SIGALRM, on_signal);
  for (int i = 0; i < 100; i++) {
    handled = 0;
    CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1) == 0 && handled == SIGUSR1);
    handled = 0;
    CHECK(kill(getpid(), SIGUSR1) == 0 && handled == SIGUSR1);
  }
  handled = 0;
  struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
  unsigned char byte;
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGALRM, &action, NULL);
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
  CHECK(read(ends[0], &byte, 1) == -1 && errno == EINTR && handled == SIGALRM);
  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* A call that ended when a signal came has ended: the child is gone, and would not be found again. */
static void made_once(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  for (int i = 0; i < 50; i++) {
    pid_t child = fork();
    if (child == 0) {
      usleep(3000);
      _exit(3);
    }
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    setitimer(ITIMER_REAL, &never, NULL);
  }
}

static void bad_pointers(void) {
  unsigned cpu = ~0u, node = ~0u;
  cpu_set_t allowed;
  CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  CHECK(syscall(SYS_getcpu, &cpu, &node, 8) == 0 && CPU_ISSET(cpu, &allowed) && node != ~0u);
  CHECK(syscall(SYS_getcpu, NULL, NULL, NULL) == 0);
  CHECK(syscall(SYS_getcpu, 8, NULL, NULL) == -1 && errno == EFAULT);
  CHECK(syscall(SYS_getcpu, &cpu, 8, NULL) == -1 && errno == EFAULT);
  CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8) == -1 && errno == EFAULT);
  CHECK(syscall(SYS_gettimeofday, 8, NULL) == -1 && errno == EFAULT);
  CHECK(syscall(SYS_write, ends[1], 8, 1) == -1 && errno == EFAULT);
  send_byte(1);
  CHECK(syscall(SYS_read, ends[0], 8, 1) == -1 && errno == EFAULT);
}

int main(void) {
  STEP(lost_code);
  STEP(own_signals);
  STEP(made_once);
  STEP(bad_pointers);
  DONE();
}
