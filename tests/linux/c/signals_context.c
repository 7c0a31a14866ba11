/* What a handler sees and changes in the interrupted context. The registers' part is AArch64's own; natively on x86-64 only the same lines are
 * printed. */
#include "check.h"
#include <fenv.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

#ifdef __aarch64__
#include <asm/hwcap.h>
#include <asm/sigcontext.h>
#include <sys/auxv.h>

static ucontext_t seen;
static unsigned long fault_pc, brk_pc, far;
static unsigned int esr_found, esr_write;
static int mode;

static struct fpsimd_context* fpsimd_of(ucontext_t* uc) {
  unsigned char* at = (unsigned char*)uc->uc_mcontext.__reserved;
  for (;;) {
    struct _aarch64_ctx* head = (struct _aarch64_ctx*)at;
    if (head->magic == 0) return NULL;
    if (head->magic == FPSIMD_MAGIC) return (struct fpsimd_context*)head;
    at += head->size;
  }
}

static void handler(int sig, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  seen = *uc;
  struct fpsimd_context* fp = fpsimd_of(uc);
  if (fp == NULL) _exit(8);
  if (sig == SIGSEGV) {
    fault_pc = uc->uc_mcontext.pc;
    far = uc->uc_mcontext.fault_address;
    for (unsigned char* at = (unsigned char*)uc->uc_mcontext.__reserved; ((struct _aarch64_ctx*)at)->magic;
         at += ((struct _aarch64_ctx*)at)->size) {
      if (((struct _aarch64_ctx*)at)->magic == ESR_MAGIC) {
        esr_found = 1;
        esr_write = (((struct esr_context*)at)->esr >> 6) & 1;
      }
    }
    if ((unsigned long)info->si_addr != far) _exit(7);
    uc->uc_mcontext.pc += 4;
    uc->uc_mcontext.regs[9] = 0x99;
    uc->uc_mcontext.pstate = 0x60000000;
  }
  if (sig == SIGTRAP) {
    brk_pc = uc->uc_mcontext.pc;
    uc->uc_mcontext.pc += 4;
  }
  if (sig == SIGILL) uc->uc_mcontext.pc += 4;
  if (mode == 1) {
    fp->vregs[3] = ((__uint128_t)0x1122334455667788ull << 64) | 0x99aabbccddeeff00ull;
    fp->fpsr = 0x10;
  }
}

static void registers(void) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGTRAP, &action, NULL);
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  unsigned long out[6], pc, flags, vlo, vhi;
  char* closed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  /* Known values in many registers, flags N and V set, then a store that faults: the handler must see all of them. */
  __asm__ volatile(
      "mov x9, #0x1009\n mov x10, #0x1010\n mov x11, #0x1011\n mov x12, #0x1012\n"
      "mov x19, #0x1019\n mov x27, #0x1027\n mov x28, #0x1028\n"
      "movi v3.16b, #3\n movi v17.16b, #17\n movi v31.16b, #31\n"
      "mov x13, #0x7fffffffffffffff\n"
      "adds x13, x13, #1\n"
      "adr %[pc], 1f\n"
      "1: str x10, [%[closed], #40]\n"
      "mrs %[flags], nzcv\n"
      "str x9, [%[out]]\n str x10, [%[out], #8]\n str x13, [%[out], #16]\n"
      : [pc] "=&r"(pc), [flags] "=&r"(flags)
      : [closed] "r"(closed), [out] "r"(out)
      : "x9", "x10", "x11", "x12", "x13", "x19", "x27", "x28", "v3", "v17", "v31", "cc", "memory");
  struct fpsimd_context* fp = fpsimd_of(&seen);
  CHECK(fault_pc == pc && far == (unsigned long)closed + 40 && esr_found && esr_write);
  CHECK(seen.uc_mcontext.regs[9] == 0x1009 && seen.uc_mcontext.regs[12] == 0x1012 && seen.uc_mcontext.regs[28] == 0x1028);
  CHECK(seen.uc_mcontext.regs[19] == 0x1019 && seen.uc_mcontext.regs[27] == 0x1027 && seen.uc_mcontext.regs[13] == 1ul << 63);
  CHECK((seen.uc_mcontext.pstate & 0xf0000000) == 0x90000000);
  CHECK((unsigned long)fp->vregs[3] == 0x0303030303030303 && (unsigned long)(fp->vregs[31] >> 64) == 0x1f1f1f1f1f1f1f1f);
  CHECK(out[0] == 0x99 && out[1] == 0x1010 && out[2] == 1ul << 63 && flags == 0x60000000);

  __asm__ volatile("adr %0, 1f\n 1: brk #0" : "=r"(pc));
  CHECK(brk_pc == pc);
  __asm__ volatile(".inst 0x00000000");
  __asm__ volatile("1: .inst 0x00000001");

  mode = 1;
  feclearexcept(FE_ALL_EXCEPT);
  register long number __asm__("x8") = 172; /* getpid, to have the kill inside the asm */
  (void)number;
  __asm__ volatile(
      "movi v3.16b, #5\n"
      "mov x0, %[pid]\n mov x1, %[tid]\n mov x2, #10\n mov x8, #131\n svc #0\n"
      "mov %[lo], v3.d[0]\n mov %[hi], v3.d[1]\n"
      : [lo] "=&r"(vlo), [hi] "=&r"(vhi)
      : [pid] "r"((long)getpid()), [tid] "r"((long)gettid())
      : "x0", "x1", "x2", "x8", "v3", "memory");
  CHECK(vlo == 0x99aabbccddeeff00ull && vhi == 0x1122334455667788ull);
  CHECK(fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
  mode = 0;
  CHECK(__builtin_return_address(0) != NULL);
}

#define DIT "s3_3_c4_c2_5"
#define SSBS "s3_3_c4_c2_6"
static const unsigned long kDit = 1ul << 24, kSsbs = 1ul << 12;

static void turns_round(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  ucontext_t* uc = context;
  seen = *uc;
  uc->uc_mcontext.pstate ^= kDit | kSsbs;
}

/* PSTATE.DIT and SSBS are in the context, and what the handler leaves there comes back. */
static void data_independence(void) {
  const unsigned long caps = getauxval(AT_HWCAP);
  if ((caps & HWCAP_DIT) == 0 || (caps & HWCAP_SSBS) == 0) return;
  struct sigaction action = {0};
  action.sa_sigaction = turns_round;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR2, &action, NULL);
  unsigned long dit, ssbs;
  __asm__ volatile("msr " DIT ", %0\n msr " SSBS ", xzr" : : "r"(kDit));
  raise(SIGUSR2);
  __asm__ volatile("mrs %0, " DIT "\n mrs %1, " SSBS : "=r"(dit), "=r"(ssbs));
  CHECK((seen.uc_mcontext.pstate & (kDit | kSsbs)) == kDit);
  CHECK(dit == 0 && ssbs == kSsbs);
}
#else
static void registers(void) {}
static void data_independence(void) {}
#endif

#ifdef __aarch64__
static void (*spoil)(ucontext_t*);
static void spoils(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  spoil(context);
}
static void bad_magic(ucontext_t* uc) { ((struct _aarch64_ctx*)uc->uc_mcontext.__reserved)->magic = 0x12345678; }
static void bad_size(ucontext_t* uc) { ((struct _aarch64_ctx*)uc->uc_mcontext.__reserved)->size = 8; }
static void no_registers(ucontext_t* uc) { memset(uc->uc_mcontext.__reserved, 0, 16); }
static void endless(ucontext_t* uc) { ((struct _aarch64_ctx*)uc->uc_mcontext.__reserved)->size = 0xfffffff0; }
static void kernel_mode(ucontext_t* uc) { uc->uc_mcontext.pstate |= 5; }
static void nowhere(ucontext_t* uc) { uc->uc_mcontext.pc = 0x10; }
static void unaligned(ucontext_t* uc) { uc->uc_mcontext.pc |= 1; }
static void harmless(ucontext_t* uc) { uc->uc_mcontext.fault_address = 5; }
static void (*const spoilers[])(ucontext_t*) = {bad_magic, bad_size, no_registers, endless, kernel_mode, nowhere, unaligned, harmless};

static int end_with(unsigned i) {
  pid_t child = fork();
  if (child == 0) {
    struct sigaction action = {0};
    action.sa_sigaction = spoils;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGILL, SIG_DFL);
    spoil = spoilers[i];
    raise(SIGUSR1);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status & 0x7f;
}
#else
static int end_with(unsigned i) { return i == 7 ? 0 : i == 6 ? SIGBUS : SIGSEGV; }
#endif

/* A frame that the kernel would not take ends the program; so does one that leads nowhere. */
static void bad_frames(void) {
  for (unsigned i = 0; i < 8; i++) printf("frame %u: signal %d\n", i, end_with(i));
  fflush(stdout);
}

/* Rounding mode and flags belong to the interrupted code. */
static volatile double one = 1.0, three = 3.0;
static void divides(int sig) {
  (void)sig;
  fesetround(FE_DOWNWARD);
  volatile double x = one / three;
  (void)x;
}

static void floating_point(void) {
  signal(SIGUSR2, divides);
  fesetround(FE_UPWARD);
  feclearexcept(FE_ALL_EXCEPT);
  double up = one / three;
  feclearexcept(FE_ALL_EXCEPT);
  raise(SIGUSR2);
  CHECK(fegetround() == FE_UPWARD);
  CHECK(fetestexcept(FE_INEXACT) == 0);
  CHECK(one / three == up);
  CHECK(fetestexcept(FE_INEXACT) == FE_INEXACT);
  fesetround(FE_TONEAREST);
}

/* A stack that cannot take the frame: SIGSEGV instead. */
static void caught(int sig) {
  (void)sig;
  puts("frame did not fit");
  _exit(check_failures != 0);
}

static void no_room(void) {
  static char alternate[65536];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  struct sigaction action = {0};
  action.sa_handler = caught;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGSEGV, &action, NULL);
  signal(SIGUSR1, divides);
  fflush(stdout);
#ifdef __aarch64__
  __asm__ volatile(
      "mov x0, %[pid]\n mov x1, #10\n mov x8, #129\n mov x9, sp\n mov x10, #64\n mov sp, x10\n svc #0\n mov sp, x9\n" ::[pid] "r"((long)getpid())
      : "x0", "x1", "x8", "x9", "x10", "memory");
#else
  caught(0);
#endif
}

int main(void) {
  registers();
  data_independence();
  puts("registers");
  fflush(stdout);
  bad_frames();
  floating_point();
  puts("floating point");
  no_room();
  return 1;
}
