/* Threads with work of several kinds, the same amount for each: `threads NAME COUNT` prints what they came to and, on the standard
 * error, the nanoseconds that it took; without arguments, the names. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kMostThreads = 64 };

static atomic_uint_fast64_t shared;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t guarded;

static uint64_t step(uint64_t value) { return value * 6364136223846793005u + 1442695040888963407u; }

/* -- compute: nothing shared */
static uint64_t compute(unsigned rounds) {
  uint64_t value = 1;
  for (unsigned r = 0; r < rounds; ++r) value = step(value ^ value >> 29);
  return value;
}

/* -- counter: one atomic counter for all, and some work between */
static uint64_t counter(unsigned rounds) {
  uint64_t value = 1;
  for (unsigned r = 0; r < rounds; ++r) {
    for (int i = 0; i < 20; ++i) value = step(value);
    atomic_fetch_add(&shared, 1);
  }
  return value;
}

/* -- mutex: one lock for all, and some work outside */
static uint64_t mutexes(unsigned rounds) {
  uint64_t value = 1;
  for (unsigned r = 0; r < rounds; ++r) {
    for (int i = 0; i < 100; ++i) value = step(value);
    pthread_mutex_lock(&mutex);
    ++guarded;
    pthread_mutex_unlock(&mutex);
  }
  return value;
}

/* -- malloc: blocks of many sizes that live for a while */
static uint64_t allocations(unsigned rounds) {
  enum { kLive = 512 };
  unsigned char* live[kLive] = {0};
  uint64_t value = 1, sum = 0;
  for (unsigned r = 0; r < rounds; ++r) {
    value = step(value);
    unsigned char** slot = &live[value >> 33 & (kLive - 1)];
    if (*slot != NULL) sum += **slot;
    free(*slot);
    const size_t size = 16 + (value >> 50 & 1023);
    *slot = malloc(size);
    if (*slot == NULL) abort();
    memset(*slot, (int)(r & 255), size < 64 ? size : 64);
  }
  for (int i = 0; i < kLive; ++i) free(live[i]);
  return sum;
}

static const struct work {
  const char* name;
  uint64_t (*run)(unsigned rounds);
  unsigned rounds; /* some 200 ms natively */
} works[] = {
    {"compute", compute, 120000000},
    {"counter", counter, 9000000},
    {"mutex", mutexes, 2000000},
    {"malloc", allocations, 6000000},
};

struct thread {
  pthread_t id;
  const struct work* work;
  uint64_t result;
};

static void* start(void* argument) {
  struct thread* const thread = argument;
  thread->result = thread->work->run(thread->work->rounds);
  return NULL;
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int run(const struct work* work, int count) {
  static struct thread threads[kMostThreads];
  uint64_t sum = 0;
  const uint64_t begin = now();
  for (int i = 0; i < count; ++i) {
    threads[i].work = work;
    if (pthread_create(&threads[i].id, NULL, start, &threads[i]) != 0) return 1;
  }
  for (int i = 0; i < count; ++i) {
    pthread_join(threads[i].id, NULL);
    sum = sum * 7 + threads[i].result;
  }
  const uint64_t took = now() - begin;
  printf("%s %016llx %llu %llu\n", work->name, (unsigned long long)sum, (unsigned long long)shared, (unsigned long long)guarded);
  fprintf(stderr, "%llu\n", (unsigned long long)took);
  return 0;
}

int main(int argc, char** argv) {
  const int count = argc > 2 ? atoi(argv[2]) : 1;
  if (count < 1 || count > kMostThreads) return 2;
  for (unsigned w = 0; w < sizeof works / sizeof works[0]; ++w) {
    if (argc < 2) puts(works[w].name);
    else if (strcmp(argv[1], works[w].name) == 0) return run(&works[w], count);
  }
  return argc < 2 ? 0 : 2;
}
