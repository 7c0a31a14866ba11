/* fork() in a process whose threads allocate, map, take signals, begin and end all the time: the child can do everything again. */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile int stop;
static volatile sig_atomic_t ticks;

static void tick(int sig) {
  (void)sig;
  ticks++;
}

static void* allocates(void* unused) {
  (void)unused;
  unsigned seed = 1;
  while (!stop) {
    void* blocks[20];
    for (int i = 0; i < 20; i++) blocks[i] = malloc((size_t)(rand_r(&seed) % 3000));
    for (int i = 0; i < 20; i++) free(blocks[i]);
    void* area = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(area, 1, 65536);
    mprotect(area, 4096, PROT_READ);
    munmap(area, 65536);
  }
  return NULL;
}

static void* short_lived(void* argument) { return argument; }

static void* makes_threads(void* unused) {
  (void)unused;
  while (!stop) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, short_lived, NULL) == 0) pthread_join(thread, NULL);
  }
  return NULL;
}

static void* in_child(void* argument) {
  void* block = malloc(1000);
  memset(block, 2, 1000);
  free(block);
  return argument;
}

static int child_work(int i) {
  for (int k = 0; k < 10; k++) free(malloc((size_t)k * 100 + 1));
  pthread_t thread;
  void* result = NULL;
  if (pthread_create(&thread, NULL, in_child, (void*)(intptr_t)7) != 0) return 100;
  pthread_join(thread, &result);
  if (result != (void*)(intptr_t)7) return 101;
  if (gettid() != getpid()) return 102;
  if (i % 10 == 0) {
    pid_t grandchild = fork();
    if (grandchild == 0) _exit(55);
    int status = 0;
    if (waitpid(grandchild, &status, 0) != grandchild || WEXITSTATUS(status) != 55) return 103;
  }
  return i % 90;
}

static void* forks(void* argument) {
  for (int i = 0; i < 60; i++) {
    pid_t child = fork();
    if (child == 0) _exit(child_work(i));
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != i % 90) {
      fprintf(stderr, "child %d ended with status %x\n", i, status);
      *(int*)argument += 1;
    }
  }
  return NULL;
}

int main(void) {
  pthread_t threads[6];
  struct sigaction action = {0};
  action.sa_handler = tick;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  int failures[2] = {0, 0};
  pthread_create(&threads[0], NULL, allocates, NULL);
  pthread_create(&threads[1], NULL, allocates, NULL);
  pthread_create(&threads[2], NULL, makes_threads, NULL);
  pthread_create(&threads[3], NULL, forks, &failures[0]);
  pthread_create(&threads[4], NULL, forks, &failures[1]);
  pthread_join(threads[3], NULL);
  pthread_join(threads[4], NULL);
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  printf("failures %d %d\n", failures[0], failures[1]);
  DONE();
}
