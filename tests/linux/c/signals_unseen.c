/* The signals that instructions raise, sent by another process again and again: ignored or blocked, they cut no call
 * short. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
enum { kSignals = sizeof signals / sizeof *signals };

static volatile int count;

static void on_signal(int sig) {
  (void)sig;
  count++;
}

static pid_t start_sender(int sig) {
  const pid_t target = getpid();
  pid_t child = fork();
  if (child == 0) {
    const struct timespec pause = {0, 1000000};
    while (kill(target, sig) == 0 && getppid() == target) nanosleep(&pause, NULL);
    _exit(0);
  }
  return child;
}

static void stop_sender(pid_t child) {
  kill(child, SIGKILL);
  CHECK(waitpid(child, NULL, 0) == child);
}

enum { kNanoseconds = 20000000 };

static void waits(void) {
  struct timespec brief = {0, kNanoseconds}, rest;
  CHECK(nanosleep(&brief, &rest) == 0);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, &rest) == 0);
  CHECK(poll(NULL, 0, kNanoseconds / 1000000) == 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_BLOCK, NULL, &none);
  CHECK(ppoll(NULL, 0, &brief, &none) == 0);
  struct timeval limit = {0, kNanoseconds / 1000};
  CHECK(select(0, NULL, NULL, NULL, &limit) == 0);
  int epoll = epoll_create1(0);
  struct epoll_event event;
  CHECK(epoll_wait(epoll, &event, 1, kNanoseconds / 1000000) == 0);
  close(epoll);
  sigset_t other;
  sigemptyset(&other);
  sigaddset(&other, SIGUSR2);
  CHECK(sigtimedwait(&other, NULL, &brief) == -1 && errno == EAGAIN);
  int ends[2];
  char byte;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  limit.tv_usec = kNanoseconds / 1000; /* select() took it down */
  CHECK(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  CHECK(read(ends[0], &byte, 1) == -1 && errno == EAGAIN);
  CHECK(recv(ends[0], &byte, 1, 0) == -1 && errno == EAGAIN);
  close(ends[0]);
  close(ends[1]);
}

static void ignored(void) {
  for (int i = 0; i < kSignals; i++) {
    signal(signals[i], SIG_IGN);
    pid_t sender = start_sender(signals[i]);
    waits();
    stop_sender(sender);
    sigset_t pending;
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, signals[i]));
    signal(signals[i], SIG_DFL);
  }
}

static void blocked(void) {
  for (int i = 0; i < kSignals; i++) {
    struct sigaction action = {0};
    action.sa_handler = on_signal;
    CHECK(sigaction(signals[i], &action, NULL) == 0);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, signals[i]);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    count = 0;
    pid_t sender = start_sender(signals[i]);
    waits();
    CHECK(count == 0);
    stop_sender(sender);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    CHECK(count == 1);
    signal(signals[i], SIG_DFL);
  }
}

/* What is pending when a signal becomes ignored is gone. */
static void forgotten(void) {
  for (int i = 0; i < kSignals; i++) {
    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, signals[i]);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    raise(signals[i]);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, signals[i]));
    signal(signals[i], SIG_IGN);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, signals[i]));
    signal(signals[i], SIG_DFL);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
  }
}

int main(void) {
  STEP(ignored);
  STEP(blocked);
  STEP(forgotten);
  DONE();
}
