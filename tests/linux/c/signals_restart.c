/* System calls that a handler cuts short: restarted, or EINTR. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <fcntl.h>
#include <sys/epoll.h>

static volatile sig_atomic_t count;
static int feed = -1;

static void on_alarm(int sig) {
  (void)sig;
  count++;
  if (feed >= 0 && count >= 2) {
    if (write(feed, "x", 1) != 1) abort();
  }
}

static void install(int flags) {
  struct sigaction action = {0};
  action.sa_handler = on_alarm;
  action.sa_flags = flags;
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
}

static void every(int microseconds) {
  struct itimerval timer = {{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop(void) {
  every(0);
  feed = -1;
  count = 0;
}

static void reads(void) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  install(0);
  every(5000);
  CHECK(read(ends[0], &byte, 1) == -1 && errno == EINTR && count >= 1);
  stop();
  install(SA_RESTART);
  feed = ends[1];
  every(5000);
  CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x' && count >= 2);
  stop();
  close(ends[0]);
  close(ends[1]);
  puts("read");
}

static void sleeps(void) {
  install(SA_RESTART);
  struct timespec want = {1, 0}, rest = {0, 0};
  every(20000);
  CHECK(nanosleep(&want, &rest) == -1 && errno == EINTR);
  CHECK(rest.tv_sec == 0 && rest.tv_nsec > 500000000);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &want, &rest) == EINTR && rest.tv_nsec > 500000000);
  stop();
  puts("sleep");
}

static void polls(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  install(SA_RESTART);
  struct pollfd fd = {ends[0], POLLIN, 0};
  every(5000);
  CHECK(poll(&fd, 1, 1000) == -1 && errno == EINTR);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  struct timeval limit = {1, 0};
  CHECK(select(ends[0] + 1, &set, NULL, NULL, &limit) == -1 && errno == EINTR);
  int epoll = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {0}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
  CHECK(epoll_wait(epoll, &event, 1, 1000) == -1 && errno == EINTR);
  stop();

  /* Blocked outside, open inside the call only. */
  sigset_t blocked, old, now, open_set;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGALRM);
  sigemptyset(&open_set);
  sigprocmask(SIG_BLOCK, &blocked, &old);
  struct timespec second = {1, 0}, nothing = {0, 0};
  raise(SIGALRM);
  CHECK(count == 0);
  CHECK(ppoll(&fd, 1, &second, &open_set) == -1 && errno == EINTR && count == 1);
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGALRM));
  raise(SIGALRM);
  FD_SET(ends[0], &set);
  CHECK(pselect(ends[0] + 1, &set, NULL, NULL, &second, &open_set) == -1 && errno == EINTR && count == 2);
  raise(SIGALRM);
  CHECK(epoll_pwait(epoll, &event, 1, 1000, &open_set) == -1 && errno == EINTR && count == 3);
  CHECK(ppoll(&fd, 1, &nothing, &open_set) == 0);
  CHECK(write(ends[1], "y", 1) == 1);
  CHECK(ppoll(&fd, 1, &second, &open_set) == 1 && fd.revents == POLLIN);
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGALRM));
  sigprocmask(SIG_SETMASK, &old, NULL);
  stop();
  puts("poll");
}

static void waits(void) {
  pid_t child = fork();
  if (child == 0) {
    usleep(50000);
    _exit(3);
  }
  install(SA_RESTART);
  every(5000);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
  stop();
  child = fork();
  if (child == 0) {
    usleep(100000);
    _exit(4);
  }
  install(0);
  every(5000);
  CHECK(waitpid(child, &status, 0) == -1 && errno == EINTR);
  stop();
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 4);
  puts("wait");
}

/* Calls that natively never answer EINTR must not do so either, however often signals come. */
static void never_interrupted(void) {
  install(0);
  every(200);
  char name[] = "/tmp/ferry-restart-XXXXXX";
  int fd = mkstemp(name);
  for (int i = 0; i < 20000 && count < 200; i++) {
    char buffer[64];
    CHECK(pwrite(fd, "hello", 5, i) == 5);
    CHECK(pread(fd, buffer, 5, i) == 5);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    int second = open(name, O_RDONLY);
    CHECK(second >= 0);
    close(second);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    CHECK(pthread_mutex_lock(&mutex) == 0);
    if (check_failures) break;
  }
  stop();
  unlink(name);
  close(fd);
  puts("never EINTR");
}

static void* unlocker(void* argument) {
  usleep(50000);
  pthread_mutex_unlock(argument);
  return NULL;
}

static void futexes(void) {
  pthread_mutex_t mutex;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutex_lock(&mutex);
  install(0);
  pthread_t thread;
  pthread_create(&thread, NULL, unlocker, &mutex);
  every(3000);
  CHECK(pthread_mutex_lock(&mutex) == 0);
  CHECK(count > 0);
  stop();
  pthread_join(thread, NULL);
  puts("futex");
}

int main(void) {
  reads();
  sleeps();
  polls();
  waits();
  never_interrupted();
  futexes();
  DONE();
}
