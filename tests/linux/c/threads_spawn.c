/* Programs started from many threads at once, children killed while they share our memory, and nothing left behind by any of them. */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char** environ;
static char self[4096];
static int good;

static void* spawns(void* argument) {
  for (int i = 0; i < 40; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", (i + (int)(intptr_t)argument) % 100);
    char* argv[] = {"child", number, NULL};
    pid_t child = 0;
    int status = 0;
    const char* program = i % 8 == 7 ? "/nonexistent/program" : self;
    int error = posix_spawn(&child, program, NULL, NULL, argv, environ);
    if (i % 8 == 7) {
      if (error == ENOENT) __atomic_add_fetch(&good, 1, __ATOMIC_SEQ_CST);
    } else if (error == 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == atoi(number)) {
      __atomic_add_fetch(&good, 1, __ATOMIC_SEQ_CST);
    }
  }
  return NULL;
}

static volatile pid_t victim;
static volatile int stop;

static void* kills(void* unused) {
  (void)unused;
  while (!stop) {
    pid_t child = victim;
    if (child > 0) {
      victim = 0;
      usleep(300);
      kill(child, SIGTERM);
    }
    usleep(100);
  }
  return NULL;
}

/* Makes the translator give up and make again what it has. */
static void* maps_code(void* unused) {
  (void)unused;
  while (!stop) {
    void* page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page, 4096);
    usleep(50);
  }
  return NULL;
}

static char stack[65536] __attribute__((aligned(16)));
static int spins(void* unused) {
  (void)unused;
  victim = getpid();
  volatile unsigned long i = 0;
  while (!stop) i++;
  return 0;
}

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2) resident = -1;
  if (file) fclose(file);
  return resident;
}

static void vfork_exec(int count) {
  char* argv[] = {"child", "1", NULL};
  for (volatile int i = 0; i < count; i++) {
    pid_t child = vfork();
    if (child == 0) {
      execve(i % 2 ? self : "/nonexistent/program", argv, environ);
      _exit(2);
    }
    waitpid(child, NULL, 0);
  }
}

int main(int argc, char** argv) {
  if (argc == 2) return atoi(argv[1]);
  CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, spawns, (void*)(intptr_t)(i * 10));
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("spawned %d\n", good);

  pthread_create(&threads[0], NULL, kills, NULL);
  pthread_create(&threads[1], NULL, maps_code, NULL);
  int killed = 0;
  for (int i = 0; i < 50; i++) {
    int status = 0;
    pid_t child = clone(spins, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    if (child > 0 && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM) killed++;
  }
  stop = 1;
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  printf("killed %d\n", killed);

  vfork_exec(50);
  long least = 1000000;
  for (int i = 0; i < 3; i++) {
    long before = resident_pages();
    vfork_exec(200);
    long grown = resident_pages() - before;
    if (grown < least) least = grown;
  }
  CHECK(least < 32);
  if (least >= 32) fprintf(stderr, "grew by %ld pages\n", least);
  DONE();
}
