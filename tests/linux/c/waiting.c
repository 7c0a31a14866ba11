/* poll, select, epoll, timers: results, time-outs, masks. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) {
  (void)signal;
  alarms++;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void epolls(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC), a[2], b[2];
  CHECK(pipe(a) == 0 && pipe(b) == 0);
  struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}}, out[4];
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, a[0], &event) == 0);
  event.data.u64 = 0x99aabbccddeeff00;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, b[0], &event) == 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, b[0], &event) == -1 && errno == EEXIST);
  CHECK(epoll_wait(epoll, out, 4, 0) == 0);
  CHECK(write(b[1], "x", 1) == 1 && epoll_wait(epoll, out, 4, -1) == 1 && out[0].data.u64 == 0x99aabbccddeeff00 && out[0].events == EPOLLIN);
  CHECK(write(a[1], "x", 1) == 1 && epoll_wait(epoll, out, 4, -1) == 2 && out[0].data.u64 + out[1].data.u64 == 0x1122334455667788 + 0x99aabbccddeeff00);
  CHECK(epoll_wait(epoll, out, 1, -1) == 1 && epoll_wait(epoll, out, 0, 0) == -1 && errno == EINVAL);
  event.events = 0;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, a[0], &event) == 0 && epoll_ctl(epoll, EPOLL_CTL_DEL, b[0], NULL) == 0 && epoll_wait(epoll, out, 4, 0) == 0);
  struct timespec short_time = {0, 20000000};
  double start = now();
  CHECK(syscall(SYS_epoll_pwait2, epoll, out, 4, &short_time, NULL, 0) == 0 && now() - start >= 0.019);
}

static void polls(void) {
  int p[2];
  CHECK(pipe(p) == 0);
  struct pollfd fds[2] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}};
  CHECK(poll(fds, 2, 0) == 1 && fds[1].revents == POLLOUT);
  double start = now();
  CHECK(poll(fds, 1, 30) == 0 && now() - start >= 0.029);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(p[0], &set);
  struct timeval time = {0, 10000};
  CHECK(select(p[0] + 1, &set, NULL, NULL, &time) == 0 && !FD_ISSET(p[0], &set));
  close(p[1]);
  CHECK(poll(fds, 1, -1) == 1 && fds[0].revents == POLLHUP);
}

static void masks(void) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigset_t block, empty;
  sigaction(SIGALRM, &action, NULL);
  sigemptyset(&empty);
  sigemptyset(&block);
  sigaddset(&block, SIGALRM);
  sigprocmask(SIG_BLOCK, &block, NULL);
  raise(SIGALRM);
  CHECK(alarms == 0);
  CHECK(ppoll(NULL, 0, NULL, &empty) == -1 && errno == EINTR && alarms == 1);
  raise(SIGALRM);
  CHECK(pselect(0, NULL, NULL, NULL, NULL, &empty) == -1 && errno == EINTR && alarms == 2);
  raise(SIGALRM);
  struct epoll_event out;
  int epoll = epoll_create1(0);
  CHECK(epoll_pwait(epoll, &out, 1, -1, &empty) == -1 && errno == EINTR && alarms == 3);
  raise(SIGALRM);
  struct timespec zero = {0, 0};
  CHECK(ppoll(NULL, 0, &zero, &block) == 0 && alarms == 3);
  CHECK(sigsuspend(&empty) == -1 && errno == EINTR && alarms == 4);
  sigset_t current;
  CHECK(sigprocmask(SIG_BLOCK, NULL, &current) == 0 && sigismember(&current, SIGALRM));
  int fd = signalfd(-1, &block, SFD_NONBLOCK);
  struct signalfd_siginfo info;
  CHECK(read(fd, &info, sizeof info) == -1 && errno == EAGAIN);
  raise(SIGALRM);
  CHECK(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGALRM && alarms == 4);
}

static void timers(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec spec = {{0, 5000000}, {0, 5000000}};
  uint64_t count;
  CHECK(timerfd_settime(fd, 0, &spec, NULL) == 0 && read(fd, &count, 8) == 8 && count >= 1);
  struct timespec request = {0, 20000000}, rest = {9, 9};
  double start = now();
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &request, &rest) == 0 && now() - start >= 0.019);
  struct timespec resolution;
  CHECK(clock_getres(CLOCK_REALTIME, &resolution) == 0 && resolution.tv_nsec > 0);
  CHECK(clock_gettime((clockid_t)12345, &resolution) == -1 && errno == EINVAL);
  time_t t = time(NULL);
  struct timespec real;
  CHECK(clock_gettime(CLOCK_REALTIME, &real) == 0 && real.tv_sec - t <= 1);
}

int main(void) {
  epolls();
  polls();
  masks();
  timers();
  DONE();
}
