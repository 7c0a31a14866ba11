/* mlockall(2) of a program without privileges: within the limit its memory is locked, what it maps later too, and beyond
 * it nothing is. */
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { kPage = 4096, kLimit = 8 << 20, kSmall = 64 << 10, kLarge = 16 << 20 };

static char* map(size_t bytes) {
  return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static int resident_pages(char* at, size_t bytes) {
  unsigned char resident[kSmall / kPage];
  CHECK(mincore(at, bytes, resident) == 0);
  int count = 0;
  for (size_t i = 0; i < bytes / kPage; i++) count += resident[i] & 1;
  return count;
}

static void bad_flags(void) {
  CHECK(mlockall(0) == -1 && errno == EINVAL);
  CHECK(mlockall(MCL_ONFAULT) == -1 && errno == EINVAL);
  CHECK(mlockall(1 << 10) == -1 && errno == EINVAL);
}

static void now(void) {
  char* at = map(kSmall);
  CHECK(resident_pages(at, kSmall) == 0);
  CHECK(mlockall(MCL_CURRENT) == 0);
  CHECK(resident_pages(at, kSmall) == kSmall / kPage);
  CHECK(resident_pages(map(kSmall), kSmall) == 0);
  CHECK(munlockall() == 0);
}

static void later(void) {
  CHECK(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
  char* at = map(kSmall);
  CHECK(resident_pages(at, kSmall) == kSmall / kPage);
  CHECK(map(kLarge) == MAP_FAILED && errno == EAGAIN);
  CHECK(mmap(at, kSmall, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
  CHECK(resident_pages(at, kSmall) == kSmall / kPage);
  char* heap = sbrk(kSmall);
  CHECK(heap != (void*)-1 && resident_pages((char*)((unsigned long)(heap + kPage - 1) & -4096ul), kSmall - kPage) == kSmall / kPage - 1);
  CHECK(sbrk(kLarge) == (void*)-1 && errno == ENOMEM);
  CHECK(munlockall() == 0);
  CHECK(resident_pages(map(kSmall), kSmall) == 0);
  CHECK(munmap(map(kLarge), kLarge) == 0);
}

static void on_fault(void) {
  CHECK(mlockall(MCL_FUTURE | MCL_ONFAULT) == 0);
  char* at = map(kSmall);
  CHECK(resident_pages(at, kSmall) == 0);
  at[0] = 1;
  CHECK(resident_pages(at, kSmall) == 1);
  CHECK(munlockall() == 0);
}

static void child_has_none(void) {
  CHECK(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
  pid_t child = fork();
  if (child == 0) {
    char* at = map(kLarge);
    CHECK(at != MAP_FAILED && resident_pages(at, kSmall) == 0);
    _exit(check_failures);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(munlockall() == 0);
}

static void too_much(void) {
  char* large = map(kLarge);
  CHECK(mlockall(MCL_CURRENT) == -1 && errno == ENOMEM);
  CHECK(resident_pages(large, kSmall) == 0);
  CHECK(mlockall(MCL_FUTURE) == 0 && munlockall() == 0);
  CHECK(munmap(large, kLarge) == 0);
  const struct rlimit none = {0, 0};
  CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
  CHECK(mlockall(MCL_CURRENT) == -1 && errno == EPERM);
  CHECK(mlockall(MCL_FUTURE) == -1 && errno == EPERM);
  CHECK(munlockall() == 0);
}

int main(void) {
  const struct rlimit limit = {kLimit, kLimit};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (getuid() == 0 && setuid(65534) != 0)) {
    puts("this user cannot have the limit");
    return 0;
  }
  STEP(bad_flags);
  STEP(now);
  STEP(later);
  STEP(on_fault);
  STEP(child_has_none);
  STEP(too_much);
  DONE();
}
