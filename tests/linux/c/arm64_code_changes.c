/* Code that changes while it is hot: by its own thread, by another, and with the memory it lies in. The native
 * program only prints the same lines. */
#include "check.h"
#ifdef __aarch64__
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { kPage = 4096, kTurns = 30000, kRounds = 40 };
enum { kRet = 0xd65f03c0 };
/* add x0, x0, #imm; movz x12, #imm */
#define ADD(imm) (0x91000000u | (uint32_t)(imm) << 10)
#define MOV_X12(imm) (0xd2800000u | (uint32_t)(imm) << 5 | 12)

/* The code that changes: two pages, in a section of their own behind all that calls it. A call forwards is no place
 * where a thread looks whether the other one wants something. */
extern uint32_t code[];
__asm__(".section .text.z_changes, \"ax\"\n .p2align 12\n"
        ".global code\ncode: ret\n .skip 8188\n .text\n");

/* Calls it, `turns` times in each of two ways; it adds to x0. */
uint64_t call_often(uint64_t turns);
__asm__(
    ".text\n .p2align 4\n"
    ".global call_often\ncall_often: stp x29, x30, [sp, #-16]!\n"
    " adrp x9, code\n mov x10, x0\n mov x0, #0\n"
    "1: bl code\n blr x9\n subs x10, x10, #1\n b.ne 1b\n"
    " ldp x29, x30, [sp], #16\n ret\n");

static void announce(uint32_t* at) { __builtin___clear_cache((char*)at, (char*)(at + 1)); }

static void put(uint32_t* at, uint32_t word) {
  __atomic_store_n(at, word, __ATOMIC_RELAXED);
  announce(at);
}

static void map_code(void) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  CHECK(mmap(code, 2 * kPage, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) == code);
}

/* The optimizer starts once a process has used some time. */
static void work_for_a_while(void) {
  map_code();
  put(code, ADD(1));
  put(code + 1, kRet);
  while (clock() < CLOCKS_PER_SEC / 5) CHECK(call_often(kTurns) == 2 * kTurns);
}

static void called_function(void) {
  for (unsigned i = 1; i <= kRounds; ++i) {
    put(code, ADD(i));
    CHECK(call_often(kTurns) == (uint64_t)i * 2 * kTurns);
    usleep(2000);
    CHECK(call_often(kTurns) == (uint64_t)i * 2 * kTurns);
  }
}

static void mapped_anew(void) {
  for (unsigned i = 1; i <= kRounds; ++i) {
    if (i % 2) CHECK(munmap(code, 2 * kPage) == 0);
    map_code();
    code[0] = ADD(i);
    code[1] = kRet;
    announce(code);
    CHECK(call_often(kTurns) == (uint64_t)i * 2 * kTurns);
    usleep(2000);
    CHECK(call_often(kTurns) == (uint64_t)i * 2 * kTurns);
  }
}

static void made_writable_in_between(void) {
  for (unsigned i = 1; i <= kRounds; ++i) {
    CHECK(mprotect(code, kPage, PROT_READ | PROT_WRITE) == 0);
    code[0] = ADD(i);
    CHECK(mprotect(code, kPage, PROT_READ | PROT_EXEC) == 0);
    announce(code);
    CHECK(call_often(kTurns) == (uint64_t)i * 2 * kTurns);
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

/* What a thread has seen announced it executes, after an ISB of its own or one that the other thread brought about.
 * The two take turns on one processor, so that the other changes the code and says so between any two instructions
 * of the first, mostly between the loop's head and the look at what is announced. */
static uint64_t version;
static int done;

/* How often it was not so. */
uint64_t follow_versions(const uint64_t* version, const int* done, uint64_t barrier);
__asm__(
    ".text\n .p2align 4\n"
    ".global follow_versions\nfollow_versions: stp x29, x30, [sp, #-16]!\n"
    " mov x14, x0\n mov x13, x1\n mov x0, #0\n mov x11, #0\n"
    "1: orr x10, x11, #3\n mov x9, #-1\n"
    " .rept 24\n udiv x9, x9, x10\n orr x9, x9, #0xff00000000000000\n .endr\n"
    " cmp x9, x10\n csel x9, x13, x14, lo\n"
    " ldar x11, [x9]\n cbz x2, 2f\n isb\n 2: bl code\n"
    " cmp x12, x11\n cinc x0, x0, lo\n"
    " ldar w9, [x13]\n cbz w9, 1b\n"
    " ldp x29, x30, [sp], #16\n ret\n");

struct follower {
  uint64_t barrier;
  uint64_t stale;
};

static void* follow(void* argument) {
  struct follower* self = argument;
  self->stale = follow_versions(&version, &done, self->barrier);
  return NULL;
}

static void announce_versions(struct follower* follower) {
  put(code + 1, kRet);
  put(code, MOV_X12(1));
  version = 1;
  done = 0;
  pthread_t thread;
  cpu_set_t before, one;
  CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
  CHECK(pthread_create(&thread, NULL, follow, follower) == 0);
  usleep(100000);
  for (unsigned i = 2; i < 32; ++i) {
    put(code, MOV_X12(i));
    if (!follower->barrier) CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0) == 0);
    __atomic_store_n(&version, i, __ATOMIC_RELEASE);
    usleep(60000);
  }
  __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(sched_setaffinity(0, sizeof(before), &before) == 0);
  CHECK(follower->stale == 0);
}

static void announced_by_another_thread(void) {
  struct follower follower = {.barrier = 1};
  announce_versions(&follower);
}

static void announced_with_a_barrier(void) {
  struct follower follower = {.barrier = 0};
  const int registered = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
  if (syscall(SYS_membarrier, registered, 0, 0) != 0) return; /* an old kernel */
  announce_versions(&follower);
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
static const uint64_t kManyTurns = (uint64_t)1 << 60;

static void* call_until_closed(void* unused) {
  if (sigsetjmp(back, 1) == 0) call_often(kManyTurns);
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
    CHECK(fault_x0 / 2 + fault_x10 == kManyTurns);
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
NOTHING(announced_with_a_barrier)
NOTHING(closed_by_another_thread)
#endif

int main(void) {
  STEP(work_for_a_while);
  STEP(called_function);
  STEP(mapped_anew);
  STEP(made_writable_in_between);
  STEP(the_caller);
  STEP(announced_by_another_thread);
  STEP(announced_with_a_barrier);
  STEP(closed_by_another_thread);
  DONE();
}
