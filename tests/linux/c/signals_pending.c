/* The signals that instructions raise, blocked and sent: sigpending, sigtimedwait, signalfd and temporary masks see
 * them. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
enum { kSignals = sizeof signals / sizeof *signals };

static volatile int count;
static siginfo_t last;

static void note(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  count++;
  last = *info;
}

static sigset_t only(int sig) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  return set;
}

static int is_pending(int sig) {
  sigset_t pending;
  CHECK(sigpending(&pending) == 0);
  return sigismember(&pending, sig);
}

static void queue(int sig, int value) {
  CHECK(sigqueue(getpid(), sig, (union sigval){.sival_int = value}) == 0);
}

static void waited_for(int sig) {
  const sigset_t set = only(sig);
  siginfo_t info;
  const struct timespec now = {0, 0}, brief = {0, 5000000};
  CHECK(sigtimedwait(&set, &info, &now) == -1 && errno == EAGAIN);
  raise(sig);
  CHECK(is_pending(sig));
  CHECK(sigwaitinfo(&set, &info) == sig && info.si_signo == sig && info.si_code == SI_USER && info.si_pid == getpid());
  CHECK(!is_pending(sig));
  /* One instance is kept, the first. */
  queue(sig, 17);
  queue(sig, 18);
  CHECK(sigtimedwait(&set, &info, &now) == sig && info.si_code == SI_QUEUE && info.si_value.sival_int == 17);
  CHECK(sigtimedwait(&set, &info, &brief) == -1 && errno == EAGAIN);
  CHECK(count == 0);
}

/* Sent while the call sleeps. */
static void waited_for_before_it_comes(int sig) {
  const sigset_t set = only(sig);
  siginfo_t info;
  const pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    usleep(10000);
    kill(parent, sig);
    _exit(0);
  }
  CHECK(sigwaitinfo(&set, &info) == sig && info.si_code == SI_USER && info.si_pid == child);
  CHECK(waitpid(child, NULL, 0) == child);
  CHECK(count == 0 && !is_pending(sig));
}

static void read_from_descriptor(int sig) {
  const sigset_t set = only(sig);
  struct signalfd_siginfo info;
  int fd = signalfd(-1, &set, SFD_NONBLOCK);
  CHECK(fd >= 0);
  CHECK(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
  struct pollfd ready = {fd, POLLIN, 0};
  CHECK(poll(&ready, 1, 0) == 0);
  raise(sig);
  CHECK(poll(&ready, 1, -1) == 1 && ready.revents == POLLIN);
  int epoll = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {.fd = fd}};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  CHECK(epoll_wait(epoll, &event, 1, -1) == 1);
  CHECK(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == (unsigned)sig && info.ssi_code == SI_TKILL);
  CHECK(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
  CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
  CHECK(count == 0 && !is_pending(sig));
  close(epoll);
  close(fd);
}

/* Pending outside, let in by the call. */
static void let_in(int sig) {
  sigset_t open;
  sigemptyset(&open);
  raise(sig);
  CHECK(sigsuspend(&open) == -1 && errno == EINTR && count == 1 && last.si_code == SI_TKILL);
  raise(sig);
  CHECK(ppoll(NULL, 0, NULL, &open) == -1 && errno == EINTR && count == 2);
  raise(sig);
  CHECK(pselect(0, NULL, NULL, NULL, NULL, &open) == -1 && errno == EINTR && count == 3);
  raise(sig);
  struct epoll_event event;
  int epoll = epoll_create1(0);
  CHECK(epoll_pwait(epoll, &event, 1, -1, &open) == -1 && errno == EINTR && count == 4);
  close(epoll);
  CHECK(!is_pending(sig));
  /* Open outside, kept out by the call. */
  const sigset_t closed = only(sig);
  CHECK(sigprocmask(SIG_SETMASK, &open, NULL) == 0);
  const pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    usleep(10000);
    kill(parent, sig);
    _exit(0);
  }
  const struct timespec brief = {0, 30000000};
  CHECK(ppoll(NULL, 0, &brief, &closed) == 0);
  while (waitpid(child, NULL, 0) == -1) CHECK(errno == EINTR);
  CHECK(count == 5 && last.si_code == SI_USER);
  count = 0;
}

static void* wait_in_thread(void* argument) {
  const sigset_t set = only(*(int*)argument);
  siginfo_t info;
  CHECK(sigwaitinfo(&set, &info) == *(int*)argument);
  return NULL;
}

/* Blocked everywhere: it is the thread's that waits for it. */
static void another_thread(int sig) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, wait_in_thread, &sig) == 0);
  usleep(10000);
  kill(getpid(), sig);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(count == 0 && !is_pending(sig));
}

static void all(void (*check)(int)) {
  for (int i = 0; i < kSignals; i++) {
    struct sigaction action = {0};
    action.sa_sigaction = note;
    action.sa_flags = SA_SIGINFO;
    CHECK(sigaction(signals[i], &action, NULL) == 0);
    const sigset_t set = only(signals[i]);
    sigset_t old;
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    count = 0;
    check(signals[i]);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    CHECK(count == 0);
    signal(signals[i], SIG_DFL);
  }
}

int main(void) {
  all(waited_for);
  puts("sigtimedwait");
  all(waited_for_before_it_comes);
  puts("before it comes");
  all(read_from_descriptor);
  puts("signalfd");
  all(let_in);
  puts("temporary masks");
  all(another_thread);
  puts("another thread");
  DONE();
}
