/* Robust mutexes whose owners die: by the end of a thread, by the end of a process, by a signal. */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static pthread_mutex_t* make(void* memory, int shared, int pi) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (shared) pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (pi) pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  CHECK(pthread_mutex_init(memory, &attributes) == 0);
  return memory;
}

static void* lock_and_end(void* mutex) {
  CHECK(pthread_mutex_lock(mutex) == 0);
  return NULL;
}

static int lingering;
static void* lock_and_linger(void* mutex) {
  CHECK(pthread_mutex_lock(mutex) == 0);
  __atomic_store_n(&lingering, 1, __ATOMIC_SEQ_CST);
  usleep(30000);
  return NULL;
}

static void recover(pthread_mutex_t* mutex) {
  CHECK(pthread_mutex_lock(mutex) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(mutex) == 0);
  CHECK(pthread_mutex_unlock(mutex) == 0);
  CHECK(pthread_mutex_lock(mutex) == 0);
  CHECK(pthread_mutex_unlock(mutex) == 0);
}

static void with_threads(int pi) {
  pthread_mutex_t memory, *mutex = make(&memory, 0, pi);
  pthread_t thread;
  pthread_create(&thread, NULL, lock_and_end, mutex);
  pthread_join(thread, NULL);
  CHECK(pthread_mutex_trylock(mutex) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(mutex) == 0 && pthread_mutex_unlock(mutex) == 0);
  /* And while somebody waits. */
  lingering = 0;
  pthread_create(&thread, NULL, lock_and_linger, mutex);
  while (!__atomic_load_n(&lingering, __ATOMIC_SEQ_CST)) usleep(100);
  recover(mutex);
  pthread_join(thread, NULL);
  /* Not made consistent: unusable for ever. */
  pthread_create(&thread, NULL, lock_and_end, mutex);
  pthread_join(thread, NULL);
  CHECK(pthread_mutex_lock(mutex) == EOWNERDEAD && pthread_mutex_unlock(mutex) == 0);
  CHECK(pthread_mutex_lock(mutex) == ENOTRECOVERABLE);
}

static void with_processes(int how) {
  char* area = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutex_t* mutex = make(area, 1, 0);
  volatile int* locked = (volatile int*)(area + 2048);
  pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(mutex);
    *locked = 1;
    usleep(20000);
    if (how == 0) _exit(0);
    if (how == 1) raise(SIGKILL);
    if (how == 2) *(volatile int*)(long)(how - 2) = 1;
    for (;;) pause();
  }
  while (!*locked) usleep(100);
  if (how == 3) kill(child, SIGTERM);
  recover(mutex);
  waitpid(child, NULL, 0);
  munmap(area, 4096);
}

int main(void) {
  with_threads(0);
  puts("threads");
  with_threads(1);
  puts("threads, priority inheritance");
  for (int how = 0; how < 4; how++) with_processes(how);
  puts("processes");
  DONE();
}
