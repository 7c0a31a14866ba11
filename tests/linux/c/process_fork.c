/* fork, clone, clone3, exit statuses, waiting, memory shared and private. */
#include "check.h"
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <poll.h>
#include <fcntl.h>

static int global = 1;

static void plain(void) {
  int* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int local = 5;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    global = 2;
    local = 6;
    *shared = getppid() == parent && getpid() == gettid() ? 42 : 1;
    _exit(200 + local);
  }
  int status;
  struct rusage usage;
  CHECK(wait4(child, &status, 0, &usage) == child && WIFEXITED(status) && WEXITSTATUS(status) == 206);
  CHECK(global == 1 && local == 5 && *shared == 42);
  CHECK(usage.ru_minflt > 0);
  CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
  puts("fork");
}

static void statuses(void) {
  int status;
  for (int code = 0; code < 256; code += 51) {
    if (fork() == 0) _exit(code);
    wait(&status);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == code);
  }
  if (fork() == 0) syscall(SYS_exit, 0x1234); /* only the low byte counts */
  wait(&status);
  CHECK(WEXITSTATUS(status) == 0x34);
  if (fork() == 0) syscall(SYS_exit_group, -1);
  wait(&status);
  CHECK(WEXITSTATUS(status) == 255);
  puts("statuses");
}

static char child_stack[65536] __attribute__((aligned(16)));

static int in_shared_memory(void* argument) {
  *(int*)argument = 77;
  global = 3;
  void* block = malloc(100);
  CHECK(block != NULL);
  free(block);
  return 9;
}

static int slowly(void* argument) {
  for (int i = 0; i < 50; i++) {
    ++*(volatile int*)argument;
    usleep(200);
  }
  return 4;
}

static void sharing(void) {
  int value = 0, status;
  pid_t child = clone(in_shared_memory, child_stack + sizeof child_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &value);
  CHECK(child > 0);
  CHECK(value == 77 && global == 3);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9);
  /* Parent and child run side by side in one memory. */
  value = 0;
  child = clone(slowly, child_stack + sizeof child_stack, CLONE_VM | SIGCHLD, &value);
  CHECK(child > 0 && child != getpid());
  while (*(volatile int*)&value < 20) usleep(100);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 4 && value == 50);
  /* An own exit signal. */
  signal(SIGUSR2, SIG_IGN);
  child = clone(slowly, child_stack + sizeof child_stack, SIGUSR2, &value);
  if (child > 0) {
    CHECK(waitpid(child, &status, 0) == -1);
    CHECK(waitpid(child, &status, __WALL) == child || errno == ECHILD);
  }
  CHECK(clone(slowly, child_stack + sizeof child_stack, CLONE_THREAD | SIGCHLD, &value) == -1 && errno == EINVAL);
  CHECK(clone(slowly, child_stack + sizeof child_stack, CLONE_SIGHAND | SIGCHLD, &value) == -1 && errno == EINVAL);
  puts("sharing");
}

static void with_clone3(void) {
  int pidfd = -1;
  pid_t parent_tid = 0, child_tid = 0;
  struct clone_args args = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
                            .pidfd = (uint64_t)(uintptr_t)&pidfd,
                            .parent_tid = (uint64_t)(uintptr_t)&parent_tid,
                            .child_tid = (uint64_t)(uintptr_t)&child_tid,
                            .exit_signal = SIGCHLD};
  pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (child == 0) _exit(child_tid == getpid() ? 8 : 1);
  CHECK(child > 0 && parent_tid == child && pidfd >= 0);
  struct pollfd fd = {pidfd, POLLIN, 0};
  CHECK(poll(&fd, 1, 5000) == 1);
  siginfo_t info;
  CHECK(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) == 0 && info.si_status == 8);
  close(pidfd);
  CHECK(syscall(SYS_clone3, &args, 8) == -1 && errno == EINVAL);
  CHECK(syscall(SYS_clone3, (void*)8, sizeof args) == -1 && errno == EFAULT);
  args.flags = ~0ull;
  CHECK(syscall(SYS_clone3, &args, sizeof args) == -1 && errno == EINVAL);
  puts("clone3");
}

/* Sharing the table of descriptors, which fork never does. */
static void shared_files(void) {
  int status;
  pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    int fd = open("/dev/null", O_RDONLY);
    _exit(fd);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(fcntl(WEXITSTATUS(status), F_GETFD) == 0);
  close(WEXITSTATUS(status));
  puts("shared descriptors");
}

static void names(void) {
  char name[16] = "";
  CHECK(prctl(PR_SET_NAME, "another") == 0 && prctl(PR_GET_NAME, name) == 0 && strcmp(name, "another") == 0);
  CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
  int sig = 0;
  CHECK(prctl(PR_GET_PDEATHSIG, &sig) == 0 && sig == SIGKILL);
  CHECK(prctl(PR_GET_DUMPABLE) == 1);
  CHECK(prctl(123456) == -1 && errno == EINVAL);
  CHECK(getpgid(0) == getpgrp() && getsid(0) == getsid(getpid()));
  puts("prctl");
}

static void orphan(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  if (fork() == 0) {
    if (fork() == 0) {
      close(ends[0]);
      while (getppid() != 1 && getppid() != 0) {
        static pid_t first;
        if (first == 0) first = getppid();
        if (getppid() != first) break;
        usleep(1000);
      }
      if (write(ends[1], "o", 1) != 1) _exit(1);
      _exit(0);
    }
    usleep(5000);
    _exit(0);
  }
  close(ends[1]);
  wait(NULL);
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == 1 && byte == 'o');
  close(ends[0]);
  puts("orphan");
}

static void many(void) {
  int good = 0;
  for (int i = 0; i < 300; i++) {
    pid_t child = fork();
    if (child == 0) _exit(i % 7);
    int status;
    if (waitpid(child, &status, 0) == child && WEXITSTATUS(status) == i % 7) good++;
  }
  printf("forks %d\n", good);
}

int main(void) {
  plain();
  statuses();
  sharing();
  with_clone3();
  shared_files();
  names();
  orphan();
  many();
  DONE();
}
