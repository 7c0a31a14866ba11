/* Threads, thread-local storage, mutexes, conditions, barriers, semaphores. */
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#define THREADS 16
static __thread int local = 7;
static __thread char local_array[200];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;
static long counter, once_count, destroyed, shared_value;
static volatile long atomic_counter;
static int waiting;

static void run_once(void) { once_count++; }
static void destroy(void* value) { __atomic_add_fetch(&destroyed, (long)(intptr_t)value, __ATOMIC_SEQ_CST); }

static void* body(void* argument) {
  long index = (long)(intptr_t)argument;
  CHECK(local == 7 && local_array[199] == 0);
  local = (int)index;
  memset(local_array, (int)index, sizeof local_array);
  pthread_once(&once, run_once);
  pthread_setspecific(key, (void*)(intptr_t)1);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
    __atomic_add_fetch(&atomic_counter, 1, __ATOMIC_RELAXED);
    if (i % 16 == 0) {
      pthread_rwlock_wrlock(&rwlock);
      shared_value++;
      pthread_rwlock_unlock(&rwlock);
    } else {
      pthread_rwlock_rdlock(&rwlock);
      long a = shared_value, b = *(volatile long*)&shared_value;
      pthread_rwlock_unlock(&rwlock);
      CHECK(a == b);
    }
  }
  pthread_mutex_lock(&mutex);
  waiting++;
  pthread_cond_broadcast(&condition);
  while (waiting < THREADS) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  sem_wait(&semaphore);
  sem_post(&semaphore);
  CHECK(local == (int)index && local_array[100] == (char)index);
  CHECK(gettid() != getpid() && syscall(SYS_gettid) == gettid());
  return (void*)(intptr_t)(index * index);
}

static void* detached(void* argument) {
  sem_post(argument);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS);
  pthread_key_create(&key, destroy);
  sem_init(&semaphore, 0, 0);
  for (long i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, body, (void*)(intptr_t)i) == 0);
  usleep(1000);
  sem_post(&semaphore);
  long sum = 0;
  for (int i = 0; i < THREADS; i++) {
    void* result;
    CHECK(pthread_join(threads[i], &result) == 0);
    sum += (long)(intptr_t)result;
  }
  printf("sum %ld counter %ld atomic %ld shared %ld once %ld destroyed %ld\n", sum, counter, atomic_counter, shared_value, once_count, destroyed);
  CHECK(local == 7);

  sem_t done;
  sem_init(&done, 0, 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (int i = 0; i < 100; i++) CHECK(pthread_create(&threads[0], &attributes, detached, &done) == 0);
  for (int i = 0; i < 100; i++) sem_wait(&done);
  puts("detached");

  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 5000000;
  if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  CHECK(pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT);
  CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
  CHECK(pthread_mutex_timedlock(&mutex, &soon) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
  DONE();
}
