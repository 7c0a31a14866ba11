/* Handlers, masks, queues, siginfo, waiting for signals. */
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

static volatile sig_atomic_t count, depth, max_depth;
static int order[64], order_count;
static siginfo_t last;
static sigset_t mask_inside;

static void note(int sig, siginfo_t* info, void* context) {
  (void)context;
  count++;
  last = *info;
  if (order_count < 64) order[order_count++] = sig;
  sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

static void install(int sig, void (*handler)(int, siginfo_t*, void*), int flags, int blocked) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigemptyset(&action.sa_mask);
  if (blocked) sigaddset(&action.sa_mask, blocked);
  CHECK(sigaction(sig, &action, NULL) == 0);
}

static void nested(int sig, siginfo_t* info, void* context) {
  (void)info, (void)context;
  depth++;
  if (depth > max_depth) max_depth = depth;
  if (depth < 5) raise(sig);
  depth--;
}

static void info_fields(void) {
  install(SIGUSR1, note, 0, SIGUSR2);
  raise(SIGUSR1);
  CHECK(count == 1 && last.si_signo == SIGUSR1 && last.si_code == SI_TKILL && last.si_pid == getpid());
  CHECK(sigismember(&mask_inside, SIGUSR1) && sigismember(&mask_inside, SIGUSR2) && !sigismember(&mask_inside, SIGTERM));
  kill(getpid(), SIGUSR1);
  CHECK(count == 2 && last.si_code == SI_USER && last.si_uid == getuid());
  union sigval value = {.sival_int = 1234};
  sigqueue(getpid(), SIGUSR1, value);
  CHECK(count == 3 && last.si_code == SI_QUEUE && last.si_value.sival_int == 1234);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
  puts("siginfo");
}

static void flags(void) {
  install(SIGUSR1, nested, SA_NODEFER, 0);
  raise(SIGUSR1);
  CHECK(max_depth == 5 && depth == 0);
  max_depth = 0;
  install(SIGUSR1, note, SA_RESETHAND, 0);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  CHECK(now.sa_handler == SIG_DFL);
  signal(SIGUSR1, SIG_IGN);
  CHECK(raise(SIGUSR1) == 0);
  sigaction(SIGUSR1, NULL, &now);
  CHECK(now.sa_handler == SIG_IGN);
  CHECK(sigaction(SIGKILL, &now, NULL) == -1 && errno == EINVAL);
  CHECK(sigaction(65, &now, NULL) == -1 && errno == EINVAL);
  puts("flags");
}

static void queues(void) {
  const int first = SIGRTMIN, second = SIGRTMIN + 1;
  install(first, note, 0, second);
  install(second, note, 0, 0);
  install(SIGUSR2, note, 0, 0);
  sigset_t set, old, pending;
  sigemptyset(&set);
  sigaddset(&set, first);
  sigaddset(&set, second);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, &old);
  count = order_count = 0;
  for (int i = 0; i < 3; i++) sigqueue(getpid(), second, (union sigval){.sival_int = i});
  for (int i = 0; i < 2; i++) sigqueue(getpid(), first, (union sigval){.sival_int = i});
  raise(SIGUSR2);
  raise(SIGUSR2);
  sigpending(&pending);
  CHECK(sigismember(&pending, first) && sigismember(&pending, second) && sigismember(&pending, SIGUSR2));
  CHECK(count == 0);
  sigprocmask(SIG_SETMASK, &old, NULL);
  CHECK(count == 6);
  printf("order:");
  for (int i = 0; i < order_count; i++) printf(" %d", order[i]);
  puts("");
  sigpending(&pending);
  CHECK(!sigismember(&pending, first));
}

static void waiting(void) {
  sigset_t set, old, none;
  sigemptyset(&none);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, &old);
  siginfo_t info;
  raise(SIGUSR2);
  CHECK(sigwaitinfo(&set, &info) == SIGUSR2 && info.si_signo == SIGUSR2);
  struct timespec brief = {0, 1000000};
  CHECK(sigtimedwait(&set, &info, &brief) == -1 && errno == EAGAIN);
  int sig = 0;
  raise(SIGUSR2);
  CHECK(sigwait(&set, &sig) == 0 && sig == SIGUSR2);
  count = 0;
  install(SIGUSR2, note, 0, 0);
  raise(SIGUSR2);
  CHECK(count == 0);
  CHECK(sigsuspend(&none) == -1 && errno == EINTR);
  CHECK(count == 1);
  /* The handler ran under sigsuspend's mask, and the mask of before is back. */
  CHECK(!sigismember(&mask_inside, SIGTERM) && sigismember(&mask_inside, SIGUSR2));
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR2));
  install(SIGALRM, note, 0, 0);
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigprocmask(SIG_SETMASK, &set, NULL);
  ualarm(1000, 0);
  sigsuspend(&none);
  sigprocmask(SIG_SETMASK, &old, NULL);
  CHECK(count == 2 && last.si_signo == SIGALRM && last.si_code == SI_KERNEL);
  puts("waiting");
}

/* Signals 32 and 33 belong to the C library, 64 is the last. */
static void edges(void) {
  install(SIGRTMAX, note, 0, 0);
  count = 0;
  raise(SIGRTMAX);
  CHECK(count == 1);
  CHECK(kill(getpid(), 0) == 0);
  CHECK(kill(getpid(), 65) == -1 && errno == EINVAL);
  CHECK(kill(0x7ffffff0, 0) == -1 && errno == ESRCH);
  sigset_t full, now;
  sigfillset(&full);
  sigprocmask(SIG_SETMASK, &full, NULL);
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(!sigismember(&now, SIGKILL) && !sigismember(&now, SIGSTOP) && sigismember(&now, SIGSEGV));
  sigemptyset(&full);
  sigprocmask(SIG_SETMASK, &full, NULL);
  CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void*)8, NULL, 8) == -1 && errno == EFAULT);
  CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4) == -1 && errno == EINVAL);
  puts("edges");
}

/* A SIGSEGV that somebody sends waits while it is blocked, like any other. */
static void sent_segv(void) {
  install(SIGSEGV, note, 0, 0);
  sigset_t set, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, NULL);
  count = 0;
  kill(getpid(), SIGSEGV);
  CHECK(count == 0);
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGSEGV));
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  CHECK(count == 1 && last.si_signo == SIGSEGV && last.si_code == SI_USER);
  raise(SIGSEGV);
  CHECK(count == 2 && last.si_code == SI_TKILL);
  puts("sent SIGSEGV");
}

int main(void) {
  info_fields();
  flags();
  queues();
  waiting();
  edges();
  sent_segv();
  DONE();
}
