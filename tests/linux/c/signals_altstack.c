/* Alternate stacks: overflow detection, nesting, errors. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <pthread.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static sigjmp_buf back;
static char stack_memory[65536] __attribute__((aligned(16)));
static char other_memory[65536];
static volatile int inside, outside, nested_inside;
static stack_t seen;

static int on_stack(void* address) { return (char*)address >= stack_memory && (char*)address < stack_memory + sizeof stack_memory; }

static void overflowed(int sig, siginfo_t* info, void* context) {
  (void)info, (void)context;
  char here;
  if (on_stack(&here)) inside++;
  siglongjmp(back, sig);
}

static volatile int keep_going = 1;
__attribute__((noinline)) static int descend(int n) {
  volatile char frame[1024];
  frame[n & 1023] = (char)n;
  if (!keep_going) return n;
  return descend(n + 1) + frame[(n + 1) & 1023];
}

static void plain(int sig) {
  char here;
  if (on_stack(&here)) {
    inside++;
    if (sig == SIGUSR1) raise(SIGUSR2);
  } else {
    outside++;
  }
}

static void look(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  char here;
  sigaltstack(NULL, &seen);
  if (on_stack(&here)) inside++;
  stack_t other = {.ss_sp = other_memory, .ss_size = sizeof other_memory};
  errno = 0;
  nested_inside = sigaltstack(&other, NULL) == 0 ? 0 : errno;
}

static void* no_stack_in_thread(void* unused) {
  (void)unused;
  stack_t mine;
  sigaltstack(NULL, &mine);
  CHECK(mine.ss_flags == SS_DISABLE);
  return NULL;
}

int main(void) {
  stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory}, old;
  CHECK(sigaltstack(&stack, &old) == 0 && (old.ss_flags & SS_DISABLE));
  CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == stack_memory && old.ss_flags == 0 && old.ss_size == sizeof stack_memory);
  stack_t small = {.ss_sp = stack_memory, .ss_size = 1024};
  CHECK(sigaltstack(&small, NULL) == -1 && errno == ENOMEM);
  stack_t odd = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory, .ss_flags = 77};
  CHECK(sigaltstack(&odd, NULL) == -1 && errno == EINVAL);
  puts("errors");

  struct sigaction action = {0};
  action.sa_sigaction = overflowed;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, NULL);
  struct rlimit limit = {1 << 20, RLIM_INFINITY};
  setrlimit(RLIMIT_STACK, &limit);
  for (volatile int i = 0; i < 3; i++) {
    if (sigsetjmp(back, 1) == 0) descend(0);
  }
  printf("overflows caught on the alternate stack: %d\n", inside);

  struct sigaction simple = {0};
  simple.sa_handler = plain;
  simple.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &simple, NULL);
  sigaction(SIGUSR2, &simple, NULL);
  inside = 0;
  raise(SIGUSR1);
  printf("nested inside %d outside %d\n", inside, outside);
  simple.sa_flags = 0;
  sigaction(SIGUSR2, &simple, NULL);
  raise(SIGUSR2);
  printf("without SA_ONSTACK outside %d\n", outside);

  action.sa_sigaction = look;
  sigaction(SIGUSR1, &action, NULL);
  inside = 0;
  raise(SIGUSR1);
  CHECK(inside == 1 && seen.ss_flags == SS_ONSTACK && nested_inside == EPERM);
  stack.ss_flags = (int)SS_AUTODISARM;
  CHECK(sigaltstack(&stack, NULL) == 0);
  inside = 0;
  raise(SIGUSR1);
  CHECK(inside == 1 && (seen.ss_flags & SS_DISABLE) && nested_inside == 0);
  sigaltstack(NULL, &old);
  CHECK(old.ss_sp == stack_memory && (unsigned)old.ss_flags == SS_AUTODISARM);
  puts("autodisarm");
  pthread_t thread;
  pthread_create(&thread, NULL, no_stack_in_thread, NULL);
  pthread_join(thread, NULL);
  stack.ss_flags = SS_DISABLE;
  CHECK(sigaltstack(&stack, NULL) == 0);
  sigaltstack(NULL, &old);
  CHECK(old.ss_flags == SS_DISABLE && old.ss_sp == NULL);
  DONE();
}
