/* Synchronous signals: exact address and code, repair and resume, jumps out of handlers, and the ways they kill. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static sigjmp_buf back;
static siginfo_t last;
static char* area;
static long page;
static volatile int repairs;

static void jump(int sig, siginfo_t* info, void* context) {
  (void)context;
  last = *info;
  siglongjmp(back, sig);
}

static void repair(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  repairs++;
  char* base = (char*)((unsigned long)info->si_addr & ~(page - 1));
  if (mprotect(base, page, PROT_READ | PROT_WRITE) != 0) _exit(9);
}

static void install(int sig, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(sig, &action, NULL) == 0);
}

static void codes(void) {
  install(SIGSEGV, jump);
  install(SIGBUS, jump);
  volatile char* gone = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap((void*)gone, page);
  if (sigsetjmp(back, 1) == 0) gone[3] = 1;
  CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == gone + 3);
  volatile char* closed = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(back, 1) == 0) closed[7] = 1;
  CHECK(last.si_code == SEGV_ACCERR && last.si_addr == closed + 7);
  FILE* file = tmpfile();
  volatile char* beyond = mmap(NULL, page, PROT_READ, MAP_SHARED, fileno(file), 0);
  volatile char sink = 0;
  if (sigsetjmp(back, 1) == 0) sink = beyond[5];
  (void)sink;
  CHECK(last.si_signo == SIGBUS && last.si_code == BUS_ADRERR && last.si_addr == beyond + 5);
  if (sigsetjmp(back, 1) == 0) ((void (*)(void))gone)();
  CHECK(last.si_signo == SIGSEGV && last.si_addr == gone);
  if (sigsetjmp(back, 1) == 0) ((void (*)(void))closed)();
  CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_ACCERR && last.si_addr == closed);
  puts("codes");
}

static void repairs_in_loops(void) {
  install(SIGSEGV, repair);
  const long pages = 300;
  area = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned long sum = 0;
  for (long i = 0; i < pages * page; i += 16) {
    area[i] = (char)(i >> 4);
    sum += (unsigned char)area[i] + i;
  }
  printf("repairs %d sum %lu\n", repairs, sum);
  repairs = 0;
  for (int round = 0; round < 50; round++) {
    mprotect(area, pages * page, PROT_NONE);
    for (long i = 0; i < pages; i += 7) sum += (unsigned char)area[i * page + 64];
  }
  printf("repairs %d sum %lu\n", repairs, sum);
  munmap(area, pages * page);
}

static void jumps(void) {
  install(SIGSEGV, jump);
  volatile int rounds = 0;
  for (volatile int i = 0; i < 20000; i++) {
    if (sigsetjmp(back, 1) == 0) {
      *(volatile int*)(unsigned long)(i % 4096) = 1;
    } else {
      rounds++;
    }
  }
  printf("jumps %d\n", rounds);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(!sigismember(&now, SIGSEGV));
}

/* A system call given a bad pointer answers EFAULT and raises nothing. */
static void bad_pointers(void) {
  install(SIGSEGV, jump);
  if (sigsetjmp(back, 1) == 0) {
    CHECK(syscall(SYS_write, 1, 8, 4) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_pipe2, 16, 0) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_rt_sigaction, SIGUSR1, 24, NULL, 8) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_getcwd, 24, 4096) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_openat, -100, 24, 0) == -1 && errno == EFAULT);
  } else {
    CHECK(!"a system call raised SIGSEGV");
  }
  puts("bad pointers");
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

static int* volatile null_pointer;
static void crash(void) { *(volatile int*)null_pointer = 1; }
static void crash_default(void) {
  signal(SIGSEGV, SIG_DFL);
  crash();
}
static void crash_ignored(void) {
  signal(SIGSEGV, SIG_IGN);
  crash();
}
static void crash_blocked(void) {
  install(SIGSEGV, jump);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, NULL);
  crash();
}
static void crash_in_handler_body(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  crash();
}
static void crash_in_handler(void) {
  install(SIGSEGV, crash_in_handler_body);
  crash();
}
static void aborts(void) { abort(); }
static void traps(void) { __builtin_trap(); }

static void deaths(void) {
  printf("default %d\n", status_of(crash_default));
  printf("ignored %d\n", status_of(crash_ignored));
  printf("blocked %d\n", status_of(crash_blocked));
  printf("in handler %d\n", status_of(crash_in_handler));
  printf("abort %d\n", status_of(aborts));
  int status = status_of(traps);
  /* x86 traps with an undefined instruction, AArch64 with BRK. */
  CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP));
}

int main(void) {
  page = sysconf(_SC_PAGESIZE);
  codes();
  repairs_in_loops();
  jumps();
  bad_pointers();
  deaths();
  DONE();
}
