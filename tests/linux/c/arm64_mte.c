/* Memory tagging: what the processor and the kernel announce, tags of pointers and of memory, the checks of
 * both modes, and what becomes of tags when mappings change. The native program only prints the same lines. */
#include "check.h"
#ifdef __aarch64__
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#ifndef PROT_MTE
#define PROT_MTE 0x20
#endif
#ifndef SEGV_MTEAERR
#define SEGV_MTEAERR 8
#define SEGV_MTESERR 9
#endif
#ifndef SA_EXPOSE_TAGBITS
#define SA_EXPOSE_TAGBITS 0x800
#endif
#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define ALLOW(tags) ((uint64_t)(tags) << PR_MTE_TAG_SHIFT)
#define TAG(pointer) ((uint64_t)(pointer) >> 56 & 15)
#define MTE ".arch armv8.5-a+memtag\n"

static char* with_tag(void* pointer, unsigned tag) {
  return (char*)(((uint64_t)pointer & ~(15ul << 56)) | (uint64_t)tag << 56);
}
static void store_tag(char* pointer) { __asm__ volatile(MTE "stg %0, [%0]" ::"r"(pointer) : "memory"); }
static unsigned memory_tag(char* address) {
  uint64_t pointer = 0;
  __asm__ volatile(MTE "ldg %0, [%1]" : "+r"(pointer) : "r"(address) : "memory");
  return TAG(pointer);
}
static void tag_range(char* first, size_t size, unsigned tag) {
  for (size_t i = 0; i < size; i += 16) store_tag(with_tag(first + i, tag));
}
static uint64_t random_tag(uint64_t exclude) {
  uint64_t pointer;
  __asm__ volatile(MTE "irg %0, %1, %2" : "=r"(pointer) : "r"(0ul), "r"(exclude));
  return TAG(pointer);
}
static int set_control(uint64_t control) { return prctl(PR_SET_TAGGED_ADDR_CTRL, control, 0, 0, 0); }
static long get_control(void) { return prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0); }
static char* map_tagged(size_t size) { return mmap(NULL, size, RW | PROT_MTE, ANON, -1, 0); }

static sigjmp_buf back;
static siginfo_t last;
static uint64_t pc_seen, pstate_seen, esr_seen, fault_address_seen;

static uint64_t find_esr(ucontext_t* context) {
  struct _aarch64_ctx* record = (struct _aarch64_ctx*)context->uc_mcontext.__reserved;
  for (; record->magic != 0; record = (struct _aarch64_ctx*)((char*)record + record->size)) {
    if (record->magic == ESR_MAGIC) return ((struct esr_context*)record)->esr;
  }
  return 0;
}
static void jump(int sig, siginfo_t* info, void* raw) {
  ucontext_t* context = raw;
  last = *info;
  pc_seen = context->uc_mcontext.pc;
  pstate_seen = context->uc_mcontext.pstate;
  fault_address_seen = context->uc_mcontext.fault_address;
  esr_seen = find_esr(context);
  siglongjmp(back, sig);
}
static void handle(void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | flags;
  sigaction(SIGSEGV, &action, NULL);
}

#define ACCESS(name, code) \
  static void name(char* p) { __asm__ volatile(".arch armv8.5-a\n mov x9, %0\n" code ::"r"(p) : CLOBBERED); }
#define CLOBBERED "x2", "x3", "x4", "x5", "x9", "v0", "v1", "v2", "v3", "memory"
ACCESS(load, "ldrb w2, [x9]")
ACCESS(store, "mov w2, #1\n strb w2, [x9]")
ACCESS(load_signed, "ldrsh x2, [x9, #0]")
ACCESS(load_at_index, "mov x3, #2\n sub x9, x9, #16\n ldr x2, [x9, x3, lsl #3]")
ACCESS(store_before, "str x2, [x9, #0]!")
ACCESS(store_after, "stur w2, [x9]\n str w2, [x9], #64")
ACCESS(load_unprivileged, "ldtr w2, [x9]")
ACCESS(load_wide, "ldr q0, [x9]")
ACCESS(store_wide, "str q0, [x9]")
ACCESS(load_pair, "ldp x2, x3, [x9]")
ACCESS(store_pair, "stp xzr, xzr, [x9]")
ACCESS(load_vectors, "ldp q0, q1, [x9]")
ACCESS(store_vectors, "stnp q0, q1, [x9]")
ACCESS(load_acquire, "ldar x2, [x9]")
ACCESS(load_acquire_pc, "ldapr w2, [x9]")
ACCESS(store_release, "stlr x2, [x9]")
ACCESS(add, "ldadd w2, w3, [x9]")
ACCESS(swap, "swpal x2, x3, [x9]")
ACCESS(compare, "cas x2, x3, [x9]")
ACCESS(compare_pair, "casp x2, x3, x4, x5, [x9]")
ACCESS(exclusive, "ldxr w2, [x9]")
ACCESS(exclusive_pair, "ldaxp x2, x3, [x9]")
ACCESS(store_exclusive, "stxr w2, x3, [x9]")
ACCESS(store_exclusive_pair, "stlxp w2, x3, x4, [x9]")
ACCESS(structure, "st4 {v0.16b-v3.16b}, [x9]")
ACCESS(load_structure, "ld3 {v0.8h-v2.8h}, [x9], #48")
ACCESS(lane, "st1 {v0.s}[2], [x9]")
ACCESS(replicate, "ld2r {v0.2d, v1.2d}, [x9]")
ACCESS(zero_block, "dc zva, x9")
/* cpyfp [x3]!, [x9]!, x4!; cpyfm, cpyfe. Then [x9]!, [x3]!, x4!; then setp [x9]!, x4!, xzr; setm, sete. */
ACCESS(copy_from, "sub x3, sp, #256\n mov x4, #64\n .inst 0x19090483, 0x19490483, 0x19890483")
ACCESS(copy_to, "sub x3, sp, #256\n mov x4, #64\n .inst 0x19030489, 0x19430489, 0x19830489")
ACCESS(set, "mov x4, #64\n .inst 0x19df0489, 0x19df4489, 0x19df8489")

/* si_code, or 0. */
static int code_of(void (*action)(char*), char* argument) {
  last.si_code = 0;
  if (sigsetjmp(back, 1) == 0) action(argument);
  return last.si_code;
}

static void announced(void) {
  CHECK((getauxval(AT_HWCAP2) >> 18 & 1) == 1);
  uint64_t pfr1;
  __asm__("mrs %0, id_aa64pfr1_el1" : "=r"(pfr1));
  CHECK((pfr1 >> 8 & 0xf) >= 2);
}

static void control(void) {
  CHECK(get_control() == 0);
  CHECK(random_tag(0) == 0); /* no tag is allowed */
  const uint64_t all = PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC | ALLOW(0x0110);
  CHECK(set_control(all) == 0 && get_control() == (long)all);
  unsigned seen = 0;
  for (int i = 0; i < 200; i++) seen |= 1u << random_tag(0);
  CHECK(seen == 0x0110);
  for (int i = 0; i < 20; i++) CHECK(random_tag(0x0010) == 8);
  CHECK(random_tag(0x0110) == 0);
  CHECK(set_control(1ul << 40) == -1 && errno == EINVAL);
  CHECK(prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 1, 0, 0) == -1 && errno == EINVAL);
  CHECK(prctl(PR_GET_TAGGED_ADDR_CTRL, 1, 0, 0, 0) == -1 && errno == EINVAL);
  CHECK(get_control() == (long)all);
  CHECK(set_control(PR_TAGGED_ADDR_ENABLE) == 0);
}

static size_t block_bytes(void) {
  uint64_t dczid;
  __asm__("mrs %0, dczid_el0" : "=r"(dczid));
  return 4ul << (dczid & 15);
}

/* Tags of memory work without checks. */
static void storage(void) {
  char* plain = mmap(NULL, PAGE, RW, ANON, -1, 0);
  store_tag(with_tag(plain, 5));
  CHECK(memory_tag(plain) == 0);
  char* tagged = map_tagged(2 * PAGE);
  CHECK(tagged != MAP_FAILED && memory_tag(tagged) == 0);
  store_tag(with_tag(tagged, 5));
  CHECK(memory_tag(tagged) == 5 && memory_tag(tagged + 15) == 5 && memory_tag(tagged + 16) == 0);
  memset(tagged, 7, 2 * PAGE);
  __asm__ volatile(MTE "stz2g %0, [%1]" ::"r"(with_tag(0, 3)), "r"(tagged + PAGE - 16) : "memory");
  CHECK(memory_tag(tagged + PAGE - 16) == 3 && memory_tag(tagged + PAGE) == 3 && memory_tag(tagged + PAGE + 16) == 0);
  CHECK(tagged[PAGE - 17] == 7 && tagged[PAGE - 16] == 0 && tagged[PAGE + 15] == 0 && tagged[PAGE + 16] == 7);
  __asm__ volatile(MTE "stgp %0, %1, [%2]" ::"r"(11ul), "r"(12ul), "r"(with_tag(tagged, 9)) : "memory");
  CHECK(memory_tag(tagged) == 9 && ((uint64_t*)tagged)[0] == 11 && ((uint64_t*)tagged)[1] == 12);
  const size_t block = block_bytes();
  char* zeros = tagged + 2 * block;
  __asm__ volatile(MTE "dc gzva, %0" ::"r"(with_tag(zeros + block / 2 + 3, 6)) : "memory");
  CHECK(memory_tag(zeros - 16) == 0 && memory_tag(zeros) == 6 && memory_tag(zeros + block - 1) == 6);
  CHECK(memory_tag(zeros + block) == 0);
  CHECK(zeros[-1] == 7 && zeros[0] == 0 && zeros[block - 1] == 0 && zeros[block] == 7);
  CHECK(*with_tag(tagged, 4) == 11); /* not checked */
  CHECK(mprotect(tagged, PAGE, PROT_READ) == 0);
  CHECK(memory_tag(tagged) == 9);
  CHECK(code_of(store_tag, with_tag(tagged, 1)) == SEGV_ACCERR && last.si_addr == tagged && (esr_seen & 0x40) != 0);
  munmap(plain, PAGE);
  munmap(tagged, 2 * PAGE);
  CHECK(code_of(store_tag, with_tag(plain, 1)) == SEGV_MAPERR && last.si_addr == plain);
}

enum { kLoad, kStore };
static const struct {
  void (*action)(char*);
  unsigned size; /* what it accesses; 0: a block of DC ZVA */
  unsigned write;
} kAccesses[] = {{load, 1, kLoad},
                 {store, 1, kStore},
                 {load_signed, 2, kLoad},
                 {load_at_index, 8, kLoad},
                 {store_before, 8, kStore},
                 {store_after, 4, kStore},
                 {load_unprivileged, 4, kLoad},
                 {load_wide, 16, kLoad},
                 {store_wide, 16, kStore},
                 {load_pair, 16, kLoad},
                 {store_pair, 16, kStore},
                 {load_vectors, 32, kLoad},
                 {store_vectors, 32, kStore},
                 {load_acquire, 8, kLoad},
                 {load_acquire_pc, 4, kLoad},
                 {store_release, 8, kStore},
                 {add, 4, kLoad},
                 {swap, 8, kLoad},
                 {compare, 8, kLoad},
                 {compare_pair, 16, kLoad},
                 {exclusive, 4, kLoad},
                 {exclusive_pair, 16, kLoad},
                 {store_exclusive, 8, kStore},
                 {store_exclusive_pair, 16, kStore},
                 {structure, 64, kStore},
                 {load_structure, 48, kLoad},
                 {lane, 4, kStore},
                 {replicate, 16, kLoad},
                 {zero_block, 0, kStore},
                 {copy_from, 64, kLoad},
                 {copy_to, 64, kStore},
                 {set, 64, kStore}};

/* Accesses by SP are not checked unless they change it. */
static void by_stack_pointer(char* p) {
  __asm__ volatile("mov x9, sp\n mov sp, %0\n ldr x2, [sp, #32]\n stp x2, x2, [sp, #64]\n mov sp, x9" ::"r"(p)
                   : "x2", "x9", "memory");
}
static void pushed(char* p) {
  __asm__ volatile("mov x9, sp\n mov sp, %0\n str x2, [sp, #-16]!\n mov sp, x9" ::"r"(p) : "x2", "x9", "memory");
}

enum { kFirstOfMops = sizeof kAccesses / sizeof *kAccesses - 3 };
static int has_mops(void) { return getauxval(AT_HWCAP2) >> 43 & 1; }

static void synchronous(void) {
  char* memory = map_tagged(2 * PAGE);
  tag_range(memory, 2 * PAGE, 3);
  CHECK(set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC | ALLOW(0xfffe)) == 0);
  char* good = with_tag(memory, 3) + 1024;
  char* bad = with_tag(memory, 4) + 1024;
  for (unsigned i = 0; i < sizeof kAccesses / sizeof *kAccesses; i++) {
    const unsigned size = kAccesses[i].size != 0 ? kAccesses[i].size : (unsigned)block_bytes();
    int failed = 0;
    if (i >= kFirstOfMops && !has_mops()) break;
    for (int again = 0; again < 2; again++) {
      failed |= code_of(kAccesses[i].action, good) != 0;
      failed |= code_of(kAccesses[i].action, bad) != SEGV_MTESERR || last.si_addr != memory + 1024;
      failed |= fault_address_seen != (uint64_t)memory + 1024;
      failed |= esr_seen >> 26 != 0x24 || (esr_seen & 0x3f) != 0x11 || (esr_seen >> 6 & 1) != kAccesses[i].write;
    }
    /* Only the last granule that it touches has another tag, and none behind. */
    const unsigned last_granule = (size - 1) & ~15u;
    tag_range(memory + 1024 + last_granule, 16, 5);
    failed |= last_granule != 0 && (code_of(kAccesses[i].action, good) != SEGV_MTESERR ||
                                    last.si_addr != memory + 1024 + last_granule);
    tag_range(memory + 1024 + last_granule, 16, 3);
    tag_range(memory + 1024 + last_granule + 16, 16, 5);
    failed |= code_of(kAccesses[i].action, good) != 0;
    tag_range(memory + 1024 + last_granule + 16, 16, 3);
    if (failed) fprintf(stderr, "access %u\n", i);
    CHECK(!failed);
  }
  CHECK(code_of(by_stack_pointer, with_tag(memory, 9)) == 0);
  CHECK(code_of(pushed, with_tag(memory, 9) + 64) == SEGV_MTESERR && last.si_addr == memory + 48);
  CHECK(code_of(load_wide, good + 8) == 0);
  store_tag(with_tag(memory + 1024 + 16, 5));
  CHECK(code_of(load_wide, good + 8) == SEGV_MTESERR && last.si_addr == memory + 1024 + 16);
  CHECK(code_of(load_wide, good) == 0);
  /* Memory is as it was. */
  memory = with_tag(memory, 3);
  memory[8] = 77;
  CHECK(code_of(store, with_tag(memory, 9) + 8) == SEGV_MTESERR && memory[8] == 77);
  /* Untagged memory matches every tag. */
  char* plain = mmap(NULL, PAGE, RW, ANON, -1, 0);
  CHECK(code_of(store, with_tag(plain, 9)) == 0 && plain[0] == 1);
  CHECK(set_control(PR_TAGGED_ADDR_ENABLE) == 0);
  CHECK(code_of(store, with_tag(memory, 9) + 8) == 0 && memory[8] == 1);
  munmap(with_tag(plain, 0), PAGE);
  munmap(with_tag(memory, 0), 2 * PAGE);
}

static void exposed(void) {
  char* memory = map_tagged(PAGE);
  set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC);
  handle(jump, SA_EXPOSE_TAGBITS);
  CHECK(code_of(load, (char*)((uint64_t)memory | 0xa7ul << 56)) == SEGV_MTESERR);
  CHECK(last.si_addr == with_tag(memory, 7));
  CHECK(fault_address_seen == (uint64_t)memory);
  handle(jump, 0);
  set_control(PR_TAGGED_ADDR_ENABLE);
  munmap(memory, PAGE);
}

/* The registers are exact, the access can be made again. */
static volatile int repaired;
static void repair(int sig, siginfo_t* info, void* raw) {
  (void)sig;
  ucontext_t* context = raw;
  repaired++;
  CHECK(info->si_code == SEGV_MTESERR && context->uc_mcontext.regs[2] == 10);
  context->uc_mcontext.regs[1] = (uint64_t)with_tag((void*)context->uc_mcontext.regs[1], 3);
}
static void repeated(void) {
  char* memory = map_tagged(PAGE);
  tag_range(memory, PAGE, 3);
  handle(repair, 0);
  set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC);
  register uint64_t sum __asm__("x0") = 0;
  register char* p __asm__("x1") = with_tag(memory, 8);
  register uint64_t step __asm__("x2") = 10;
  memory = with_tag(memory, 3);
  for (int i = 0; i < 100; i++) memory[i] = (char)i;
  __asm__ volatile("mov x3, #10\n 1: ldrb w4, [x1], #1\n add x0, x0, x4\n subs x3, x3, #1\n b.ne 1b"
                   : "+r"(sum), "+r"(p), "+r"(step)::"x3", "x4", "cc", "memory");
  CHECK(sum == 45 && p == memory + 10);
  CHECK(repaired == 1);
  set_control(PR_TAGGED_ADDR_ENABLE);
  handle(jump, 0);
  munmap(with_tag(memory, 0), PAGE);
}

static void override_checks(uint64_t value) {
  __asm__ volatile(MTE "msr tco, %0" ::"r"(value << 25) : "memory");
}
static uint64_t overridden(void) {
  uint64_t value;
  __asm__ volatile(MTE "mrs %0, tco" : "=r"(value));
  return value >> 25;
}
static void not_overridden_here(int sig, siginfo_t* info, void* raw) {
  (void)sig, (void)info, (void)raw;
  repaired = overridden() ? 100 : 50;
}
static void override_it(void) {
  char* memory = map_tagged(PAGE);
  tag_range(memory, PAGE, 3);
  set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC);
  CHECK(overridden() == 0);
  override_checks(1);
  CHECK(overridden() == 1);
  CHECK(code_of(load, memory) == 0);
  struct sigaction action = {0};
  action.sa_sigaction = not_overridden_here;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  CHECK(repaired == 50 && overridden() == 1);
  __asm__ volatile(MTE "msr tco, #0");
  CHECK(overridden() == 0);
  CHECK(code_of(load, memory) == SEGV_MTESERR);
  set_control(PR_TAGGED_ADDR_ENABLE);
  munmap(memory, PAGE);
}

/* A handler's stack may be tagged. */
static void on_tagged_stack(int sig, siginfo_t* info, void* raw) {
  (void)sig, (void)info, (void)raw;
  volatile char here[100];
  memset((char*)here, 1, sizeof here);
  repaired = TAG(&here) == 3 ? 60 : 70;
}
static void tagged_stack(void) {
  const size_t size = 16 * PAGE;
  char* memory = map_tagged(size);
  tag_range(memory, size, 3);
  const stack_t stack = {.ss_sp = with_tag(memory, 3), .ss_size = size};
  stack_t old;
  struct sigaction action = {0};
  action.sa_sigaction = on_tagged_stack;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGUSR1, &action, NULL);
  set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC);
  CHECK(sigaltstack(&stack, &old) == 0);
  raise(SIGUSR1);
  CHECK(repaired == 60);
  CHECK(sigaltstack(&old, NULL) == 0);
  set_control(PR_TAGGED_ADDR_ENABLE);
  munmap(memory, size);
}

static volatile sig_atomic_t asynchronous_codes[16];
static void note(int sig, siginfo_t* info, void* raw) {
  (void)sig, (void)raw;
  if (info->si_addr == NULL) asynchronous_codes[info->si_code]++;
}
static void asynchronous(void) {
  char* memory = map_tagged(PAGE);
  tag_range(memory, PAGE, 3);
  handle(note, 0);
  set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_ASYNC);
  with_tag(memory, 3)[16] = 1;
  getppid();
  CHECK(asynchronous_codes[SEGV_MTEAERR] == 0);
  *(volatile char*)(memory + 16) = 2;
  getppid();
  CHECK(asynchronous_codes[SEGV_MTEAERR] == 1);
  CHECK(with_tag(memory, 3)[16] == 2); /* it was made all the same */
  getppid();
  CHECK(asynchronous_codes[SEGV_MTEAERR] == 1);
  /* A loop without system calls hears of it too. */
  *(volatile char*)(memory + 16) = 2;
  while (asynchronous_codes[SEGV_MTEAERR] == 1) {
  }
  /* Blocked, it waits. */
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, &old);
  *(volatile char*)(memory + 16) = 2;
  getppid();
  CHECK(asynchronous_codes[SEGV_MTEAERR] == 2);
  sigprocmask(SIG_SETMASK, &old, NULL);
  CHECK(asynchronous_codes[SEGV_MTEAERR] == 3);
  set_control(PR_TAGGED_ADDR_ENABLE);
  handle(jump, 0);
  munmap(memory, PAGE);
}

static void mappings(void) {
  char* memory = map_tagged(4 * PAGE);
  tag_range(memory, 4 * PAGE, 3);
  /* It cannot be taken back. */
  CHECK(mprotect(memory, PAGE, PROT_READ) == 0 && memory_tag(memory) == 3);
  CHECK(mprotect(memory, PAGE, RW) == 0 && memory_tag(memory) == 3);
  store_tag(with_tag(memory, 4));
  CHECK(memory_tag(memory) == 4);
  /* Neither does asking again lose anything. */
  CHECK(mprotect(memory, PAGE, RW | PROT_MTE) == 0 && memory_tag(memory) == 4);
  /* New memory. */
  CHECK(madvise(memory + PAGE, PAGE, MADV_DONTNEED) == 0);
  CHECK(memory_tag(memory) == 4 && memory_tag(memory + PAGE) == 0 && memory_tag(memory + 2 * PAGE) == 3);
  store_tag(with_tag(memory + PAGE, 5));
  CHECK(memory_tag(memory + PAGE) == 5);
  CHECK(mmap(memory + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == memory + 3 * PAGE);
  CHECK(memory_tag(memory + 3 * PAGE) == 0);
  store_tag(with_tag(memory + 3 * PAGE, 5));
  CHECK(memory_tag(memory + 3 * PAGE) == 0);
  CHECK(mprotect(memory + 3 * PAGE, PAGE, RW | PROT_MTE) == 0);
  CHECK(memory_tag(memory + 3 * PAGE) == 0);
  store_tag(with_tag(memory + 3 * PAGE, 6));
  CHECK(memory_tag(memory + 3 * PAGE) == 6);
  munmap(memory + 3 * PAGE, PAGE);
  CHECK(mmap(memory + 3 * PAGE, PAGE, RW | PROT_MTE, ANON | MAP_FIXED, -1, 0) == memory + 3 * PAGE);
  CHECK(memory_tag(memory + 3 * PAGE) == 0);
  /* Moved, grown. */
  char* moved = mmap(NULL, 16 * PAGE, PROT_NONE, ANON, -1, 0);
  CHECK(mremap(memory, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
  CHECK(memory_tag(moved) == 4 && memory_tag(moved + PAGE) == 5 && memory_tag(moved + 2 * PAGE) == 3);
  CHECK(memory_tag(moved + 3 * PAGE) == 0);
  store_tag(with_tag(moved + 5 * PAGE, 2));
  CHECK(memory_tag(moved + 5 * PAGE) == 2);
  CHECK(mremap(moved, 6 * PAGE, 2 * PAGE, 0) == moved && memory_tag(moved + PAGE) == 5);
  CHECK(mmap(memory, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == memory && memory_tag(memory) == 0);
  munmap(moved, 16 * PAGE);
  /* Much, and little of it used: whole pieces of what is behind come and go. */
  const size_t large = 1ul << 30;
  memory = mmap(NULL, large, RW | PROT_MTE, ANON | MAP_NORESERVE, -1, 0);
  store_tag(with_tag(memory + large / 2, 9));
  CHECK(memory_tag(memory + large / 2) == 9 && memory_tag(memory + large - 16) == 0);
  CHECK(madvise(memory, large, MADV_DONTNEED) == 0 && memory_tag(memory + large / 2) == 0);
  munmap(memory, large);
}

static void files(void) {
  char name[] = "/proc/self/exe";
  FILE* file = fopen(name, "r");
  CHECK(mmap(NULL, PAGE, PROT_READ | PROT_MTE, MAP_PRIVATE, fileno(file), 0) == MAP_FAILED && errno == EINVAL);
  char* plain = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fileno(file), 0);
  CHECK(mprotect(plain, PAGE, PROT_READ | PROT_MTE) == -1 && errno == EINVAL);
  fclose(file);
  const int fd = memfd_create("tags", 0);
  CHECK(ftruncate(fd, PAGE) == 0);
  char* memory = mmap(NULL, PAGE, RW | PROT_MTE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  store_tag(with_tag(memory, 5));
  CHECK(memory_tag(memory) == 5);
  CHECK(madvise(memory, PAGE, MADV_DONTNEED) == 0 && memory_tag(memory) == 5);
  munmap(memory, PAGE);
  close(fd);
}

static void* in_thread(void* memory) {
  const int right = get_control() == (long)(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC | ALLOW(2)) &&
                    random_tag(0) == 1 && memory_tag(memory) == 3;
  store_tag(with_tag(memory, 7));
  set_control(0);
  return right ? memory : NULL;
}
static void inherited(void) {
  char* memory = map_tagged(PAGE);
  store_tag(with_tag(memory, 3));
  set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC | ALLOW(2));
  pthread_t thread;
  void* result = NULL;
  pthread_create(&thread, NULL, in_thread, memory);
  pthread_join(thread, &result);
  CHECK(result == memory && memory_tag(memory) == 7);
  CHECK(code_of(load, memory) == SEGV_MTESERR);
  const pid_t child = fork();
  if (child == 0) {
    const int right = memory_tag(memory) == 7 && code_of(load, memory) == SEGV_MTESERR;
    store_tag(with_tag(memory, 1));
    _exit(right && memory_tag(memory) == 1 ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(memory_tag(memory) == 7);
  set_control(PR_TAGGED_ADDR_ENABLE);
  munmap(memory, PAGE);
}

static void fatal(void) {
  char* memory = map_tagged(PAGE);
  store_tag(with_tag(memory, 3));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    set_control(PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC);
    for (volatile int i = 0; i < 100000; i++) load(with_tag(memory, 3));
    load(memory);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  munmap(memory, PAGE);
}

static void prepare(void) {
  const stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&stack, NULL);
  handle(jump, 0);
}
#else
static void nothing(void) {}
#define prepare nothing
#define announced nothing
#define control nothing
#define storage nothing
#define synchronous nothing
#define exposed nothing
#define repeated nothing
#define override_it nothing
#define tagged_stack nothing
#define asynchronous nothing
#define mappings nothing
#define files nothing
#define inherited nothing
#define fatal nothing
#endif

int main(void) {
  prepare();
  STEP(announced);
  STEP(control);
  STEP(storage);
  STEP(synchronous);
  STEP(exposed);
  STEP(repeated);
  STEP(override_it);
  STEP(tagged_stack);
  STEP(asynchronous);
  STEP(mappings);
  STEP(files);
  STEP(inherited);
  STEP(fatal);
  DONE();
}
