/* SIGBUS for atomics, exclusives, acquire and release that leave 16 aligned bytes: address and registers are
 * exact, also in hot loops, and an instruction whose address the handler changes goes on. */
#include <signal.h>

#include "check.h"

#ifdef __aarch64__
#include <stdint.h>
#include <ucontext.h>

static volatile int faults;
static uint64_t wanted_address;
static unsigned char block[64] __attribute__((aligned(64)));

/* Every instruction under test addresses by x1 and counts in x2. */
static void repair(int sig, siginfo_t* info, void* context) {
  mcontext_t* registers = &((ucontext_t*)context)->uc_mcontext;
  CHECK(sig == SIGBUS && info->si_code == BUS_ADRALN && (uint64_t)info->si_addr == wanted_address);
  CHECK(registers->regs[1] == wanted_address && registers->fault_address == wanted_address);
  CHECK(registers->regs[2] == (uint64_t)faults);
  registers->regs[1] &= ~UINT64_C(15);
  faults++;
}

/* Runs `instruction` 3000 times, every fourth time misaligned. */
#define TRY(instruction, misaligned)                                                                         \
  do {                                                                                                       \
    faults = 0;                                                                                              \
    for (int i = 0; i < 3000; i++) {                                                                         \
      wanted_address = (uint64_t)block + (misaligned);                                                       \
      register uint64_t x1 __asm__("x1") = i % 4 == 3 ? wanted_address : (uint64_t)block;                    \
      register uint64_t x2 __asm__("x2") = (uint64_t)i / 4;                                                  \
      __asm__ volatile(".arch armv8.4-a\n" instruction : "+r"(x1), "+r"(x2) : : "x4", "x5", "x6", "memory"); \
      CHECK(x1 == (uint64_t)block);                                                                          \
    }                                                                                                        \
    CHECK(faults == 750);                                                                                    \
  } while (0)

static void all(void) {
  struct sigaction action = {0};
  action.sa_sigaction = repair;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGBUS, &action, NULL) == 0);
  sigset_t others, before;
  sigfillset(&others);
  sigdelset(&others, SIGBUS);
  CHECK(sigprocmask(SIG_SETMASK, &others, &before) == 0);
  TRY("ldar x4, [x1]", 11);
  CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
  TRY("ldar x4, [x1]", 9);
  TRY("ldar w4, [x1]", 14);
  TRY("stlr x4, [x1]", 12);
  TRY("ldapr x4, [x1]", 15);
  TRY("ldadd x4, x5, [x1]", 11);
  TRY("swph w4, w5, [x1]", 15);
  TRY("cas x4, x5, [x1]", 13);
  TRY("casp x4, x5, x4, x5, [x1]", 8);
  TRY("ldxr x4, [x1]", 10);
  TRY("ldaxp x4, x5, [x1]", 8);
  TRY("stxr w6, x4, [x1]", 9);
}
#else
static void all(void) {}
#endif

int main(void) {
  all();
  puts("alignment");
  DONE();
}
