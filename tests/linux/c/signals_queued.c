/* The signals that instructions raise, queued by a thread to itself with the siginfo of a fault: nobody faulted. */
#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
enum { kSignals = sizeof signals / sizeof *signals };

static volatile int count;
static siginfo_t last;

static void note(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  count++;
  last = *info;
}

static void install(int sig, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(sig, &action, NULL) == 0);
}

static siginfo_t fault_info(int sig, int code, void* address) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = sig;
  info.si_code = code;
  info.si_addr = address;
  return info;
}

static int queue_to_thread(siginfo_t info) {
  return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), info.si_signo, &info);
}

static int queue_to_process(siginfo_t info) {
  return (int)syscall(SYS_rt_sigqueueinfo, getpid(), info.si_signo, &info);
}

static void try(int sig, int (*queue)(siginfo_t)) {
  static const int codes[] = {1, 2, SI_KERNEL};
  install(sig, note);
  for (int i = 0; i < 3; i++) {
    count = 0;
    CHECK(queue(fault_info(sig, codes[i], (void*)0x123000)) == 0);
    CHECK(count == 1 && last.si_signo == sig && last.si_code == codes[i] && last.si_addr == (void*)0x123000);
  }
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, sig);
  sigprocmask(SIG_BLOCK, &set, &old);
  count = 0;
  CHECK(queue(fault_info(sig, 1, (void*)0x456000)) == 0);
  CHECK(count == 0);
  sigprocmask(SIG_SETMASK, &old, NULL);
  CHECK(count == 1 && last.si_code == 1 && last.si_addr == (void*)0x456000);
}

static void delivered(void) {
  for (int i = 0; i < kSignals; i++) {
    try(signals[i], queue_to_thread);
    try(signals[i], queue_to_process);
  }
}

/* What crash reporters do: the default action back, and the fault's own siginfo to oneself. */
static void pass_on(int sig, siginfo_t* info, void* context) {
  (void)context;
  signal(sig, SIG_DFL);
  if (queue_to_thread(*info) != 0) _exit(9);
}

static char* closed;

static void fault(void) { *(volatile char*)closed = 1; }

static void fault_then_queue(void) {
  install(SIGSEGV, pass_on);
  fault();
}

/* The last real fault and the queued signal look alike but for where the thread is. */
static void open_page(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  count++;
  last = *info;
  mprotect(closed, 4096, PROT_READ | PROT_WRITE);
}

static void same_as_a_fault(void) {
  install(SIGSEGV, open_page);
  count = 0;
  fault();
  CHECK(count == 1 && last.si_addr == closed);
  CHECK(queue_to_thread(last) == 0);
  CHECK(count == 2 && last.si_addr == closed && last.si_code == SEGV_ACCERR);
  CHECK(mprotect(closed, 4096, PROT_NONE) == 0);
}

static void default_action(void) {
  signal(SIGBUS, SIG_DFL);
  queue_to_thread(fault_info(SIGBUS, BUS_ADRERR, NULL));
}

static void ignored(void) {
  for (int i = 0; i < kSignals; i++) {
    signal(signals[i], SIG_IGN);
    CHECK(queue_to_thread(fault_info(signals[i], 1, NULL)) == 0);
  }
  _exit(check_failures);
}

static int status_of(void (*body)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    body();
    _exit(77);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return status & ~0x80;
}

static void deaths(void) {
  printf("passed on %d\n", status_of(fault_then_queue));
  printf("default %d\n", status_of(default_action));
  printf("ignored %d\n", status_of(ignored));
}

int main(void) {
  closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  STEP(delivered);
  STEP(same_as_a_fault);
  STEP(deaths);
  DONE();
}
