/* si_addr and the frame's fault address of accesses beyond the user's half of the address space, and through tagged
 * pointers: without the tag (untagged_addr() of the kernel), unless the handler has SA_EXPOSE_TAGBITS. The native
 * program only prints the same lines. */
#include "check.h"
#ifdef __aarch64__
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#define SA_EXPOSE_TAGBITS_ 0x800

static volatile uint64_t seen, in_frame;
static volatile int code, number;

/* Goes on behind the instruction. */
static void skip(int sig, siginfo_t* info, void* context) {
  mcontext_t* registers = &((ucontext_t*)context)->uc_mcontext;
  number = sig;
  code = info->si_code;
  seen = (uint64_t)info->si_addr;
  in_frame = registers->fault_address;
  registers->pc += 4;
}

static void install(int flags) {
  struct sigaction action = {0};
  action.sa_sigaction = skip;
  action.sa_flags = SA_SIGINFO | flags;
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
}

static uint64_t untagged(uint64_t address) {
  return address >> 55 & 1 ? address : address & UINT64_C(0x00ffffffffffffff);
}

/* Every instruction under test addresses by x1. */
#define TRY(instruction, offset)                                                                                  \
  do {                                                                                                            \
    number = 0;                                                                                                   \
    register uint64_t x1 __asm__("x1") = address;                                                                 \
    __asm__ volatile(".arch armv8.4-a\n" instruction : "+r"(x1) : "r"(zero) : "x4", "x5", "x6", "v4", "v5", "memory"); \
    const uint64_t want = address + (offset);                                                                     \
    CHECK(number == SIGSEGV && code == SEGV_MAPERR && in_frame == untagged(want));                                \
    CHECK(seen == (exposes ? want : untagged(want)));                                                             \
    if (check_failures) {                                                                                         \
      fprintf(stderr, "%s at %lx: %lx, %lx\n", instruction, address, seen, in_frame);                             \
      exit(1);                                                                                                    \
    }                                                                                                             \
  } while (0)

static void accesses(uint64_t address, int exposes) {
  register uint64_t zero __asm__("x2") = 0;
  TRY("ldr x4, [x1]", 0);
  TRY("ldr x4, [x1, #40]", 40);
  TRY("ldrb w4, [x1, x2]", 0);
  TRY("ldrsh x4, [x1, #-6]", -6);
  TRY("str x4, [x1]", 0);
  TRY("strh w4, [x1, #8]", 8);
  TRY("ldp x4, x5, [x1, #16]", 16);
  TRY("stp x4, x5, [x1, #16]", 16);
  TRY("ldr q4, [x1]", 0);
  TRY("str q4, [x1, #32]", 32);
  TRY("ldr s4, [x1]", 0);
  TRY("stp q4, q5, [x1]", 0);
  TRY("ldar x4, [x1]", 0);
  TRY("stlr x4, [x1]", 0);
}

/* The processor's, not the translator's: what these report of the tag is not checked. */
static void atomics(uint64_t address, int exposes) {
  register uint64_t zero __asm__("x2") = 0;
  TRY("ldadd x4, x5, [x1]", 0);
  TRY("cas x4, x5, [x1]", 0);
  TRY("ldxr x4, [x1]", 0);
}

static const uint64_t nowhere[] = {
    UINT64_C(0x0001000000001230), UINT64_C(0x0000800000001230), UINT64_C(0x007f000000001230),
    UINT64_C(0x00ff000000001230), UINT64_C(0xffff000000001230), UINT64_C(0xffff800000001230),
    UINT64_C(0x0080000000001230), UINT64_C(0xff80000000001230),
};
enum { kNowhere = sizeof nowhere / sizeof *nowhere };

static void beyond_the_users_half(void) {
  for (int exposes = 0; exposes < 2; exposes++) {
    install(exposes ? SA_EXPOSE_TAGBITS_ : 0);
    for (int i = 0; i < kNowhere; i++) {
      accesses(nowhere[i], exposes);
      atomics(nowhere[i], exposes);
    }
  }
}

static void tagged(void) {
  const uint64_t tag = UINT64_C(0x5a) << 56;
  char* gone = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(munmap(gone, 4096) == 0);
  const uint64_t places[] = {(uint64_t)gone + 256, UINT64_C(0x0001000000001230), UINT64_C(0x0080000000001230)};
  for (int exposes = 0; exposes < 2; exposes++) {
    install(exposes ? SA_EXPOSE_TAGBITS_ : 0);
    for (int i = 0; i < 3; i++) accesses(places[i] | tag, exposes);
  }
}

/* Comes back from a call that led nowhere. */
static void come_back(int sig, siginfo_t* info, void* context) {
  mcontext_t* registers = &((ucontext_t*)context)->uc_mcontext;
  number = sig;
  code = info->si_code;
  seen = (uint64_t)info->si_addr;
  in_frame = registers->pc;
  registers->pc = registers->regs[30];
}

static void calls(void) {
  struct sigaction action = {0};
  action.sa_sigaction = come_back;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  for (int i = 0; i < kNowhere; i++) {
    number = 0;
    ((void (*)(void))nowhere[i])();
    CHECK(number == SIGSEGV && code == SEGV_MAPERR && seen == untagged(nowhere[i]) && in_frame == seen);
  }
}

/* Hot code, compiled before the handler is there and after. */
static void in_hot_code(void) {
  int exposes = 0;
  install(0);
  register uint64_t zero __asm__("x2") = 0;
  for (int i = 0; i < 20000; i++) {
    const uint64_t address = i % 4 ? (uint64_t)&number & ~UINT64_C(15) : nowhere[i / 4 % kNowhere];
    if (i % 4) {
      register uint64_t x1 __asm__("x1") = address;
      __asm__ volatile("ldr x4, [x1]" : : "r"(x1) : "x4", "memory");
    } else {
      TRY("ldr x4, [x1, x2]", 0);
    }
  }
}
#else
static void nothing(void) {}
#define beyond_the_users_half nothing
#define tagged nothing
#define calls nothing
#define in_hot_code nothing
#endif

int main(void) {
  STEP(beyond_the_users_half);
  STEP(tagged);
  STEP(calls);
  STEP(in_hot_code);
  DONE();
}
