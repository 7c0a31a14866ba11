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
  rounds(500);
  long before = resident_pages();
  rounds(10000);
  long grown = resident_pages() - before;
  CHECK(before > 0);
  CHECK(grown < 256); /* 1 MiB: a hundred bytes for each thread */
  if (grown >= 256) fprintf(stderr, "grew by %ld pages\n", grown);
  DONE();
}
