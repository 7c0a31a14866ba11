/* measure FILE ROOT COMMAND ARGS...: runs the command with ROOT as its root folder and writes to FILE its wall time in ns, its peak
 * resident memory in KiB and its wait status. A small parent, because a child's peak begins at its parent's size, and spawning from a
 * large one takes its time. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  FILE* file = fopen(argv[1], "we");
  if (file == NULL) return 2;
  if (strcmp(argv[2], "/") != 0 && (chroot(argv[2]) != 0 || chdir("/") != 0)) {
    perror(argv[2]);
    return 2;
  }
  const long long start = now();
  pid_t pid;
  const int error = posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ);
  if (error != 0) {
    fprintf(stderr, "measure: %s: %s\n", argv[3], strerror(error));
    return 2;
  }
  int status;
  struct rusage usage;
  wait4(pid, &status, 0, &usage);
  const long long took = now() - start;
  fprintf(file, "%lld %ld %d\n", took, usage.ru_maxrss, status);
  return fclose(file) == 0 ? 0 : 2;
}
