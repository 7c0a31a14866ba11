/* Pointers that lead nowhere answer EFAULT, whatever call they are given to. */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

static void faults(const char* name, long result) {
  printf("%s: %s\n", name, result == -1 && errno == EFAULT ? "EFAULT" : "something else");
  if (result != -1 || errno != EFAULT) {
    fprintf(stderr, "%s answered %ld, errno %d\n", name, result, errno);
    check_failures++;
  }
}
#define FAULTS(number, ...) faults(#number, syscall(number, __VA_ARGS__))

static void with(void* bad) {
  int p[2], epoll = epoll_create1(0), zero = open("/dev/zero", O_RDONLY);
  CHECK(pipe(p) == 0 && write(p[1], "x", 1) == 1);
  struct iovec vector = {bad, 10};
  FAULTS(SYS_read, zero, bad, 10);
  FAULTS(SYS_write, p[1], bad, 10);
  FAULTS(SYS_readv, p[0], &vector, 1);
  FAULTS(SYS_writev, p[1], bad, 1);
  FAULTS(SYS_openat, AT_FDCWD, bad, O_RDONLY);
  FAULTS(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", bad, 100);
  FAULTS(SYS_readlinkat, AT_FDCWD, bad, bad, 100);
  FAULTS(SYS_newfstatat, AT_FDCWD, "/", bad, 0);
  FAULTS(SYS_newfstatat, AT_FDCWD, bad, bad, 0);
  FAULTS(SYS_fstat, 0, bad);
  FAULTS(SYS_statx, AT_FDCWD, "/", 0, STATX_BASIC_STATS, bad);
  FAULTS(SYS_statfs, "/", bad);
  FAULTS(SYS_getcwd, bad, 4096);
  FAULTS(SYS_chdir, bad);
  FAULTS(SYS_mkdirat, AT_FDCWD, bad, 0);
  FAULTS(SYS_renameat2, AT_FDCWD, "/x", AT_FDCWD, bad, 0);
  FAULTS(SYS_uname, bad);
  FAULTS(SYS_pipe2, bad, 0);
  FAULTS(SYS_clock_gettime, CLOCK_REALTIME, bad);
  FAULTS(SYS_nanosleep, bad, NULL);
  FAULTS(SYS_gettimeofday, bad, NULL);
  FAULTS(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, bad);
  FAULTS(SYS_prlimit64, 0, RLIMIT_AS, NULL, bad);
  FAULTS(SYS_getrusage, RUSAGE_SELF, bad);
  FAULTS(SYS_sysinfo, bad);
  FAULTS(SYS_times, bad);
  FAULTS(SYS_getrandom, bad, 10, 0);
  FAULTS(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8);
  FAULTS(SYS_rt_sigaction, SIGUSR1, NULL, bad, 8);
  FAULTS(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
  FAULTS(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
  FAULTS(SYS_rt_sigpending, bad, 8);
  FAULTS(SYS_rt_sigsuspend, bad, 8);
  FAULTS(SYS_sigaltstack, bad, NULL);
  FAULTS(SYS_ppoll, bad, 1, NULL, NULL, 8);
  FAULTS(SYS_ppoll, NULL, 0, NULL, bad, 8);
  FAULTS(SYS_pselect6, 1, bad, NULL, NULL, NULL, NULL);
  FAULTS(SYS_pselect6, 0, NULL, NULL, NULL, NULL, bad);
  FAULTS(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, p[0], bad);
  struct epoll_event event = {EPOLLIN, {0}};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, p[0], &event) == 0);
  FAULTS(SYS_epoll_pwait, epoll, bad, 1, 0, NULL, 8);
  FAULTS(SYS_epoll_pwait, epoll, &event, 1, 0, bad, 8);
  FAULTS(SYS_execve, bad, NULL, NULL);
  FAULTS(SYS_execve, "/bin/true", bad, NULL);
  FAULTS(SYS_sched_getaffinity, 0, 128, bad);
  FAULTS(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, bad);
  FAULTS(SYS_memfd_create, bad, 0);
  FAULTS(SYS_futex, bad, 0, 0, NULL, NULL, 0);
  close(p[0]), close(p[1]), close(epoll), close(zero);
}

int main(void) {
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(munmap(pages, 8192) == 0);
  with((void*)16);
  with(pages);
  with((void*)(1ul << 62));
  DONE();
}
