/* uname, limits, identities, scheduling, random numbers, and calls that no kernel has. */
#include "check.h"
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

int main(void) {
  struct utsname name;
  CHECK(uname(&name) == 0 && strcmp(name.sysname, "Linux") == 0);
#ifdef __aarch64__
  CHECK(strcmp(name.machine, "aarch64") == 0);
#else
  CHECK(strcmp(name.machine, "x86_64") == 0);
#endif
  struct rlimit limit, again;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 3);
  limit.rlim_cur = 200;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0 && getrlimit(RLIMIT_NOFILE, &again) == 0 && again.rlim_cur == 200);
  CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
  limit.rlim_cur = 8ul << 30;
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0 && getrlimit(RLIMIT_AS, &again) == 0 && again.rlim_cur == 8ul << 30);
  CHECK(getrlimit(1000, &limit) == -1 && errno == EINVAL);
  struct rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0);
  struct sysinfo info;
  CHECK(sysinfo(&info) == 0 && info.totalram > 0 && info.mem_unit > 0);
  struct tms ticks;
  CHECK(times(&ticks) != (clock_t)-1);
  cpu_set_t cpus;
  CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 0 && sched_yield() == 0);
  unsigned cpu, node;
  CHECK(getcpu(&cpu, &node) == 0 && CPU_ISSET(cpu, &cpus));
  unsigned char bytes[64] = {0};
  int sum = 0;
  CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
  for (size_t i = 0; i < sizeof bytes; i++) sum += bytes[i];
  CHECK(sum > 0);
  char comm[16];
  CHECK(prctl(PR_SET_NAME, "renamed") == 0 && prctl(PR_GET_NAME, comm) == 0 && strcmp(comm, "renamed") == 0);
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  CHECK(prctl(12345, 0, 0, 0, 0) == -1 && errno == EINVAL);
  CHECK(getppid() > 0 && getsid(0) >= 0 && getpgid(0) >= 0 && syscall(SYS_gettid) == getpid());
  uid_t r, e, s;
  CHECK(getresuid(&r, &e, &s) == 0 && r == getuid() && e == geteuid() && umask(027) <= 0777 && umask(0) == 027);
  CHECK(syscall(4000) == -1 && errno == ENOSYS && syscall(-1L) == -1 && errno == ENOSYS);
  CHECK(getpriority(PRIO_PROCESS, 0) == 0 && setpriority(PRIO_PROCESS, 0, 3) == 0 && getpriority(PRIO_PROCESS, 0) == 3);
  DONE();
}
