/* Jumps to where there is no code: which fault, where. And a tag in a function pointer's top byte, where the CPU ignores it. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

static sigjmp_buf back;
static void* volatile address;
static volatile int code;

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)context;
  address = info->si_addr;
  code = info->si_code;
  siglongjmp(back, number);
}

static void jump(const char* what, void* to) {
  const int number = sigsetjmp(back, 1);
  if (number == 0) ((void (*)(void))to)();
  printf("%s: signal %d code %d there %d\n", what, number, code, address == to);
}

static int twice(int x) { return 2 * x; }

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  void* data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  jump("null", NULL);
  jump("data", data);
  CHECK(munmap(hole, 4096) == 0);
  jump("unmapped", hole);
  uintptr_t tag = 0;
#ifdef __aarch64__
  tag = (uintptr_t)0x5a << 56;
#endif
  int (*volatile tagged)(int) = (int (*)(int))((uintptr_t)twice | tag);
  int sum = 0;
  for (int i = 0; i < 20000; i++) sum += tagged(i);
  printf("tagged: %d\n", sum);
  DONE();
}
