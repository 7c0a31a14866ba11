/* Ten thousand threads, one after the other: nothing is left behind by any. */
#include "check.h"
#include <pthread.h>

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2) resident = -1;
  if (file) fclose(file);
  return resident;
}

static void* body(void* argument) {
  volatile char used[1000];
  memset((char*)used, 1, sizeof used);
  return argument;
}

static void rounds(int count) {
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    void* result = NULL;
    if (pthread_create(&thread, NULL, body, &count) != 0 || pthread_join(thread, &result) != 0 || result != &count) {
      CHECK(!"create and join");
      return;
    }
  }
}

int main(void) {
  /* The first rounds fill caches, and a translator may begin to optimize in the middle of a later one: the least growth counts. */
  rounds(500);
  long least = 1000000;
  for (int i = 0; i < 4; i++) {
    long before = resident_pages();
    CHECK(before > 0);
    rounds(2500);
    long grown = resident_pages() - before;
    if (grown < least) least = grown;
  }
  CHECK(least < 64); /* 256 KiB: a hundred bytes for each thread */
  if (least >= 64) fprintf(stderr, "grew by %ld pages\n", least);
  DONE();
}
