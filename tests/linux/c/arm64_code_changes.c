/* Code that changes while it is hot: by its own thread, by another, and with the memory it lies in. The native
 * program only prints the same lines. */
#include "check.h"
#ifdef __aarch64__
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

enum { kPage = 4096, kTurns = 30000, kRounds = 40 };
enum { kRet = 0xd65f03c0 };
/* add x0, x0, #imm; movz x12, #imm */
#define ADD(imm) (0x91000000u | (uint32_t)(imm) << 10)
#define MOV_X12(imm) (0xd2800000u | (uint32_t)(imm) << 5 | 12)

/* `turns` calls of `leaf`, which adds to x0. */
uint64_t call_often(void* leaf, uint64_t turns);
__asm__(".text\n .p2align 4\n"
        ".global call_often\ncall_often: stp x29, x30, [sp, #-16]!\n"
        " mov x9, x0\n mov x10, x1\n mov x0, #0\n"
        "1: blr x9\n subs x10, x10, #1\n b.ne 1b\n"
        " ldp x29, x30, [sp], #16\n ret\n");

static uint32_t* code;

static void announce(uint32_t* at) { __builtin___clear_cache((char*)at, (char*)(at + 1)); }

static void put(uint32_t* at, uint32_t word) {
  __atomic_store_n(at, word, __ATOMIC_RELAXED);
  announce(at);
}

static uint32_t* new_code(void* where) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0);
  return mmap(where, 2 * kPage, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
}

/* The optimizer starts once a process has used some time. */
static void work_for_a_while(void) {
  put(code, ADD(1));
  put(code + 1, kRet);
  while (clock() < CLOCKS_PER_SEC / 5) CHECK(call_often(code, kTurns) == kTurns);
}

static void called_function(void) {
  for (unsigned i = 1; i <= kRounds; ++i) {
    put(code, ADD(i));
    CHECK(call_often(code, kTurns) == (uint64_t)i * kTurns);
    usleep(2000);
    CHECK(call_often(code, kTurns) == (uint64_t)i * kTurns);
  }
}

static void mapped_anew(void) {
  for (unsigned i = 1; i <= kRounds; ++i) {
    if (i % 2) CHECK(munmap(code, 2 * kPage) == 0);
    CHECK(new_code(code) == code);
    code[0] = ADD(i);
    code[1] = kRet;
    announce(code);
    CHECK(call_often(code, kTurns) == (uint64_t)i * kTurns);
    usleep(2000);
    CHECK(call_often(code, kTurns) == (uint64_t)i * kTurns);
  }
}

static void made_writable_in_between(void) {
  for (unsigned i = 1; i <= kRounds; ++i) {
    CHECK(mprotect(code, kPage, PROT_READ | PROT_WRITE) == 0);
    code[0] = ADD(i);
    CHECK(mprotect(code, kPage, PROT_READ | PROT_EXEC) == 0);
    announce(code);
    CHECK(call_often(code, kTurns) == (uint64_t)i * kTurns);
  }
  CHECK(mprotect(code, kPage, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
}

/* A function that rewrites the instruction behind its call, in another page, each 65536th turn. */
extern const char rewriter[];
__asm__(".text\n .p2align 12\n"
        ".global rewriter\nrewriter: stp x29, x30, [sp, #-16]!\n"
        " mov x10, x0\n mov x0, #0\n"
        "1: bl 2f\n add x0, x0, #0\n subs x10, x10, #1\n b.ne 1b\n"
        " ldp x29, x30, [sp], #16\n ret\n"
        " .p2align 12\n"
        /* add x0, x0, #(x10 / 65536 % 128) */
        "2: ubfx x9, x10, #16, #7\n movz w8, #0x9100, lsl #16\n orr w8, w8, w9, lsl #10\n"
        " ldr w11, [x30]\n cmp w11, w8\n b.eq 3f\n"
        " str w8, [x30]\n dc cvau, x30\n dsb ish\n ic ivau, x30\n dsb ish\n isb\n"
        "3: ret\n"
        " .p2align 12\n");

static void the_caller(void) {
  memcpy(code, rewriter, 2 * kPage);
  __builtin___clear_cache((char*)code, (char*)code + 2 * kPage);
  uint64_t (*loop)(uint64_t) = (uint64_t(*)(uint64_t))(void*)code;
  const uint64_t turns = 20 << 16;
  uint64_t expected = 0;
  for (uint64_t i = turns; i > 0; --i) expected += i >> 16 & 0x7f;
  for (int i = 0; i < 3; ++i) CHECK(loop(turns) == expected);
}

/* What a thread has seen announced it executes, after an ISB. Between the loop's head and the look at what is
 * announced there is time for the other thread to change the code and say so. */
static uint64_t version = 1;
static int done;

uint64_t follow_versions(uint64_t* seen, int* until, void* function);
__asm__(".text\n .p2align 4\n"
        ".global follow_versions\nfollow_versions: stp x29, x30, [sp, #-16]!\n"
        " mov x14, x0\n mov x13, x1\n mov x15, x2\n mov x0, #0\n"
        "1: mov x9, #-1\n mov x10, #3\n"
        " .rept 24\n udiv x9, x9, x10\n orr x9, x9, #0xff00000000000000\n .endr\n"
        " and x9, x9, xzr\n add x9, x9, x14\n"
        " ldar x11, [x9]\n isb\n blr x15\n"
        " cmp x12, x11\n cinc x0, x0, lo\n"
        " ldar w9, [x13]\n cbz w9, 1b\n"
        " ldp x29, x30, [sp], #16\n ret\n");

static void* follow(void* stale) {
  *(uint64_t*)stale = follow_versions(&version, &done, code);
  return NULL;
}

static void announced_by_another_thread(void) {
  uint64_t stale = 0;
  put(code + 1, kRet);
  put(code, MOV_X12(1));
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, follow, &stale) == 0);
  usleep(100000);
  for (unsigned i = 2; i < 102; ++i) {
    put(code, MOV_X12(i));
    __atomic_store_n(&version, i, __ATOMIC_RELEASE);
    usleep(5000);
  }
  __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(stale == 0);
}

/* A thread that calls a function whose page is no longer executable faults at its first instruction. */
static sigjmp_buf back;
static uint64_t fault_pc, fault_x30, fault_x0, fault_x10;

static void leave(int sig, siginfo_t* info, void* context) {
  (void)info;
  const mcontext_t* at = &((ucontext_t*)context)->uc_mcontext;
  fault_pc = at->pc;
  fault_x30 = at->regs[30];
  fault_x0 = at->regs[0];
  fault_x10 = at->regs[10];
  siglongjmp(back, sig);
}

static int closed;

static void* call_until_closed(void* unused) {
  if (sigsetjmp(back, 1) == 0) call_often(code, ~(uint64_t)0 >> 1);
  __atomic_store_n(&closed, 1, __ATOMIC_RELEASE);
  return unused;
}

static void closed_by_another_thread(void) {
  const struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  put(code, ADD(1));
  for (int i = 0; i < 30; ++i) {
    closed = 0;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call_until_closed, NULL) == 0);
    usleep(3000);
    CHECK(mprotect(code, kPage, i % 2 ? PROT_NONE : PROT_READ) == 0);
    for (int wait = 0; wait < 5000 && !__atomic_load_n(&closed, __ATOMIC_ACQUIRE); ++wait) usleep(1000);
    CHECK(__atomic_load_n(&closed, __ATOMIC_ACQUIRE));
    CHECK(mprotect(code, kPage, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    if (!closed) _exit(1);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(fault_pc == (uintptr_t)code);
    CHECK(fault_x0 + fault_x10 == ~(uint64_t)0 >> 1);
  }
}
#else
#define NOTHING(name) \
  static void name(void) {}
NOTHING(work_for_a_while)
NOTHING(called_function)
NOTHING(mapped_anew)
NOTHING(made_writable_in_between)
NOTHING(the_caller)
NOTHING(announced_by_another_thread)
NOTHING(closed_by_another_thread)
#endif

int main(void) {
#ifdef __aarch64__
  code = new_code(NULL);
#endif
  STEP(work_for_a_while);
  STEP(called_function);
  STEP(mapped_anew);
  STEP(made_writable_in_between);
  STEP(the_caller);
  STEP(announced_by_another_thread);
  STEP(closed_by_another_thread);
  DONE();
}
