/* FEAT_LSE2: LDP and STP of two 64-bit registers at a multiple of 16 are one access, and so is a narrower one anywhere in 16 aligned bytes. */
#include "check.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>

#define ROUNDS 400000
static _Alignas(16) unsigned char bytes[16];
static volatile int done;

#ifdef __aarch64__
#define HAVE_PAIRS 1
static _Alignas(16) uint64_t pair[2];
static void store_pair(uint64_t value) { __asm__ volatile("stp %0, %0, [%1]" : : "r"(value), "r"(pair) : "memory"); }
static int pair_is_torn(void) {
  uint64_t low, high;
  __asm__ volatile("ldp %0, %1, [%2]" : "=&r"(low), "=&r"(high) : "r"(pair) : "memory");
  return low != high;
}
/* Writes one half as it was read: it must be written all the same. */
static void copy_high_to_low(void) {
  uint64_t low, high;
  __asm__ volatile(
      "ldp %0, %1, [%2]\n\t"
      "stp %1, %1, [%2]"
      : "=&r"(low), "=&r"(high)
      : "r"(pair)
      : "memory");
}
#else
#define HAVE_PAIRS 0
static void store_pair(uint64_t value) { (void)value; }
static int pair_is_torn(void) { return 0; }
static void copy_high_to_low(void) {}
#endif

static void* writer(void* start) {
  for (uint64_t i = 0; i < ROUNDS; i++) {
    const uint64_t value = (uint64_t)(uintptr_t)start + i;
    store_pair(value);
    copy_high_to_low();
    *(volatile uint64_t*)(bytes + 5) = value % 2 ? 0 : ~(uint64_t)0;
  }
  return NULL;
}

static void* reader(void* unused) {
  (void)unused;
  long torn = 0;
  while (!done) {
    torn += pair_is_torn();
    const uint64_t value = *(volatile uint64_t*)(bytes + 5);
    torn += value != 0 && value != ~(uint64_t)0;
  }
  return (void*)torn;
}

int main(void) {
  CHECK(!HAVE_PAIRS || (getauxval(AT_HWCAP) >> 25 & 1) == 1); /* HWCAP_USCAT */
  pthread_t writers[2], readers[2];
  for (int i = 0; i < 2; i++) pthread_create(&readers[i], NULL, reader, NULL);
  for (int i = 0; i < 2; i++) pthread_create(&writers[i], NULL, writer, (void*)(uintptr_t)(i * 1000000));
  for (int i = 0; i < 2; i++) pthread_join(writers[i], NULL);
  done = 1;
  for (int i = 0; i < 2; i++) {
    void* torn;
    pthread_join(readers[i], &torn);
    CHECK(torn == NULL);
  }
  DONE();
}
