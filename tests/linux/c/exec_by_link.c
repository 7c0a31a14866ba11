/* execve by names that mean something else to the new program: /proc/self/exe, /proc/self/fd/N, /dev/fd/N, close-on-exec or
 * not; and namespaces that only a process with one thread may enter, after enough work to have made a second one. */
#include "check.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char** environ;

static int run(const char* name) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    char* argv[] = {"zero", "child", NULL};
    execve(name, argv, environ);
    _exit(errno == ENOENT ? 90 : 91);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int memory_copy(int cloexec) {
  static char buffer[65536];
  int from = open("/proc/self/exe", O_RDONLY), to = memfd_create("copy", cloexec ? MFD_CLOEXEC : 0);
  CHECK(from >= 0 && to >= 0);
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;) CHECK(write(to, buffer, (size_t)n) == n);
  close(from);
  return to;
}

static void by_descriptor(const char* kind, int fd) {
  const char* const forms[] = {"/proc/self/fd/%d", "/dev/fd/%d"};
  for (int i = 0; i < 2; i++) {
    char name[64];
    snprintf(name, sizeof name, forms[i], fd);
    printf("%s %s: %d\n", kind, forms[i], run(name));
  }
  close(fd);
}

static void alone(void) {
  volatile double sum = 0;
  for (int round = 0; round < 30; round++)
    for (int i = 1; i < 300000; i++) sum = sum + 1.0 / i;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 1; i < 20000000; i++) sum = sum + 1.0 / i;
    _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  printf("user namespace: %d\n", WEXITSTATUS(status));
}

int main(int argc, char** argv) {
  if (argc > 1) return strcmp(argv[0], "zero") == 0 && strcmp(argv[1], "child") == 0 ? 33 : 34;
  printf("exe: %d\n", run("/proc/self/exe"));
  for (int cloexec = 0; cloexec < 2; cloexec++) {
    const int flag = cloexec ? O_CLOEXEC : 0;
    by_descriptor("file", open("/proc/self/exe", O_RDONLY | flag));
    by_descriptor("path", open("/proc/self/exe", O_PATH | flag));
    by_descriptor("memory", memory_copy(cloexec));
  }
  alone();
  DONE();
}
