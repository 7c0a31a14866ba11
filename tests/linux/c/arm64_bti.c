/* Branch target identification: PROT_BTI mappings, what indirect branches may lead to, signal frames. The
 * native program only prints the same lines. */
#include "check.h"
#ifdef __aarch64__
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#ifndef PROT_BTI
#define PROT_BTI 0x10
#endif
#define BTYPE(pstate) ((pstate) >> 10 & 3)

enum { kNop = 0xd503201f, kBti = 0xd503241f, kBtiC = 0xd503245f, kBtiJ = 0xd503249f, kBtiJc = 0xd50324df };
enum {
  kPaciasp = 0xd503233f,
  kPacibsp = 0xd503237f,
  kBrk = 0xd4200000,
  kRet = 0xd65f03c0,
  kRetX9 = 0xd65f0120
};

static uint32_t* code;
static sigjmp_buf back;
static siginfo_t last;
static uint64_t pc_seen, pstate_seen;

static void jump(int sig, siginfo_t* info, void* context) {
  last = *info;
  pc_seen = ((ucontext_t*)context)->uc_mcontext.pc;
  pstate_seen = ((ucontext_t*)context)->uc_mcontext.pstate;
  siglongjmp(back, sig);
}

static void call(void* target) { __asm__ volatile("blr %0" ::"r"(target) : "x30", "x9", "x16", "memory"); }
/* The code returns to x9. */
static void branch(void* target) {
  __asm__ volatile("adr x9, 1f\n br %0\n 1: hint #36" ::"r"(target) : "x9", "x16", "x30", "memory");
}
static void branch_by_x16(void* target) {
  __asm__ volatile("adr x9, 1f\n mov x16, %0\n br x16\n 1: hint #36" ::"r"(target)
                   : "x9", "x16", "x30", "memory");
}
/* From the guarded page itself, as compiled code does: br x10 there. */
static void branch_from_guarded(void* target) {
  register void* to __asm__("x10") = target;
  __asm__ volatile("adr x9, 1f\n br %1\n 1: hint #36" ::"r"(to), "r"(code + 512)
                   : "x9", "x16", "x30", "memory");
}
static void return_to(void* target) {
  __asm__ volatile("adr x9, 1f\n mov x30, %0\n ret\n 1: hint #36" ::"r"(target)
                   : "x9", "x16", "x30", "memory");
}

static int signal_of(void (*how)(void*), void* target) {
  const int caught = sigsetjmp(back, 1);
  if (caught == 0) how(target);
  return caught;
}

static void put(uint32_t at, uint32_t first, uint32_t second) {
  code[at] = first;
  code[at + 1] = second;
}

static void rules(void) {
  static const struct {
    uint32_t word;
    int call, jump, by_x16;
  } kRules[] = {{kNop, 0, 0, 0},   {kBti, 0, 0, 0},     {kBtiC, 1, 0, 1},   {kBtiJ, 0, 1, 1},
                {kBtiJc, 1, 1, 1}, {kPaciasp, 1, 0, 1}, {kPacibsp, 1, 0, 1}};
  for (unsigned i = 0; i < sizeof kRules / sizeof *kRules; i++) {
    /* Twice, so that the second time finds the branch known already. */
    for (int again = 0; again < 2; again++) {
      uint32_t* by_call = code + 16 * i;
      uint32_t* by_jump = code + 16 * i + 8;
      CHECK(signal_of(call, by_call) == (kRules[i].call ? 0 : SIGILL));
      if (!kRules[i].call)
        CHECK(last.si_code == ILL_ILLOPC && last.si_addr == by_call && pc_seen == (uint64_t)by_call &&
              BTYPE(pstate_seen) == 2);
      CHECK(signal_of(branch_from_guarded, by_jump) == (kRules[i].jump ? 0 : SIGILL));
      if (!kRules[i].jump) CHECK(pc_seen == (uint64_t)by_jump && BTYPE(pstate_seen) == 3);
      CHECK(signal_of(branch_by_x16, by_jump) == (kRules[i].by_x16 ? 0 : SIGILL));
      if (!kRules[i].by_x16) CHECK(pc_seen == (uint64_t)by_jump && BTYPE(pstate_seen) == 1);
      /* This program's own pages are not guarded. */
      CHECK(signal_of(branch, by_jump) == (kRules[i].by_x16 ? 0 : SIGILL));
      CHECK(signal_of(return_to, by_jump) == 0);
    }
  }
  CHECK(signal_of(call, code + 256) == SIGTRAP);
  CHECK(signal_of(branch_from_guarded, code + 256) == SIGTRAP);
}

static void misaligned(void) {
  for (int low = 1; low < 4; low++) {
    char* target = (char*)(code + 16 * 4) + low; /* bti jc */
    CHECK(signal_of(call, target) == SIGBUS && last.si_code == BUS_ADRALN && pc_seen == (uint64_t)target);
    CHECK(signal_of(branch, target) == SIGBUS);
  }
}

/* The handler steps over the check, or the instruction. */
static int steps;
static void clear_type(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  steps++;
  ((ucontext_t*)context)->uc_mcontext.pstate &= ~(3ul << 10);
}
static void change_type(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  if (steps++ > 0) siglongjmp(back, 1);
  ((ucontext_t*)context)->uc_mcontext.pstate |= 3ul << 10;
}
static void handle(int sig, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(sig, &action, NULL);
}

static void frames(void) {
  handle(SIGILL, clear_type);
  CHECK(signal_of(call, code) == 0 && steps == 1);
  steps = 0;
  handle(SIGILL, change_type);
  CHECK(signal_of(call, code) == 1 && steps == 2);
  handle(SIGILL, jump);
}

static void unguarded(void) {
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  CHECK(signal_of(call, code) == 0);
  mprotect(code, 4096, PROT_READ | PROT_EXEC | PROT_BTI);
  CHECK(signal_of(call, code) == SIGILL);
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  CHECK(signal_of(branch_from_guarded, code + 8) == 0);
}

static void prepare(void) {
  CHECK((getauxval(AT_HWCAP2) >> 17 & 1) == 1);
  code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static const uint32_t kFirst[] = {kNop, kBti, kBtiC, kBtiJ, kBtiJc, kPaciasp, kPacibsp};
  for (unsigned i = 0; i < sizeof kFirst / sizeof *kFirst; i++) {
    put(16 * i, kFirst[i], kRet);
    put(16 * i + 8, kFirst[i], kRetX9);
  }
  /* Signed, x30 is no place to return to: authenticate it first. */
  for (unsigned i = 5; i < 7; i++) {
    code[16 * i + 1] = i == 5 ? 0xd50323bf : 0xd50323ff;
    code[16 * i + 2] = kRet;
  }
  put(256, kBrk, kRet);
  put(512, kBtiJc, 0xd61f0140); /* br x10 */
  __builtin___clear_cache((char*)code, (char*)code + 4096);
  CHECK(mprotect(code, 4096, PROT_READ | PROT_EXEC | PROT_BTI) == 0);
  handle(SIGILL, jump);
  handle(SIGTRAP, jump);
  handle(SIGBUS, jump);
}

#else
static void nothing(void) {}
#define prepare nothing
#define rules nothing
#define misaligned nothing
#define frames nothing
#define unguarded nothing
#endif

int main(void) {
  prepare();
  rules();
  puts("rules");
  misaligned();
  puts("misaligned");
  frames();
  puts("frames");
  unguarded();
  puts("unguarded");
  DONE();
}
