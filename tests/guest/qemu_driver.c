/* Runs guest cases (struct GuestRun) from standard input on the CPU it finds itself on, and writes what became of
   them to standard output. Built for AArch64, run by QEMU's user mode. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "run_abi.h"

/* Shared by the signal handler and main: which way the next BRK goes. */
static struct GuestRun run;
static ucontext_t outside;
static int inside;

static struct fpsimd_context* fpsimd(ucontext_t* uc) {
  struct _aarch64_ctx* record = (struct _aarch64_ctx*)uc->uc_mcontext.__reserved;
  while (record->magic != FPSIMD_MAGIC) {
    if (record->magic == 0) abort();
    record = (struct _aarch64_ctx*)((char*)record + record->size);
  }
  return (struct fpsimd_context*)record;
}

static void enter(ucontext_t* uc) {
  memcpy(uc->uc_mcontext.regs, run.cpu.x, sizeof run.cpu.x);
  uc->uc_mcontext.sp = run.cpu.sp;
  uc->uc_mcontext.pc = run.cpu.pc;
  uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & ~0xf0000000ull) | run.cpu.nzcv;
  fpsimd(uc)->fpcr = (uint32_t)run.cpu.fpcr;
  fpsimd(uc)->fpsr = (uint32_t)run.cpu.fpsr;
  memcpy(fpsimd(uc)->vregs, run.cpu.v, sizeof run.cpu.v);
}

static void leave(ucontext_t* uc, int signal_number) {
  memcpy(run.cpu.x, uc->uc_mcontext.regs, sizeof run.cpu.x);
  run.cpu.sp = uc->uc_mcontext.sp;
  run.cpu.pc = uc->uc_mcontext.pc;
  run.cpu.nzcv = uc->uc_mcontext.pstate & 0xf0000000;
  run.cpu.fpcr = fpsimd(uc)->fpcr;
  run.cpu.fpsr = fpsimd(uc)->fpsr;
  memcpy(run.cpu.v, fpsimd(uc)->vregs, sizeof run.cpu.v);
  run.stop = signal_number == SIGTRAP ? kGuestStopBrk : signal_number == SIGILL ? kGuestStopIllegal : kGuestStopFault;
}

static void on_signal(int signal_number, siginfo_t* info, void* context) {
  (void)info;
  ucontext_t* uc = context;
  if (!inside) {
    outside = *uc;
    outside.uc_mcontext.pc += 4;
    enter(uc);
  } else {
    leave(uc, signal_number);
    uc->uc_mcontext = outside.uc_mcontext;
  }
  inside = !inside;
}

static void* map(uint64_t address, size_t size, int protection) {
  void* p = mmap((void*)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (p == MAP_FAILED) abort();
  return p;
}

static void clear_tags(char* data) {
  for (unsigned i = 0; i < GUEST_DATA_SIZE; i += 16)
    __asm__ volatile(".arch armv8.5-a+memtag\n stg %0, [%0]" : : "r"(data + i) : "memory");
}

int main(void) {
  const int prot_mte = 0x20;
  char* data = map(GUEST_DATA_BASE, GUEST_DATA_SIZE, PROT_READ | PROT_WRITE | prot_mte);
  const unsigned long all_tags = 0xfffful << PR_MTE_TAG_SHIFT;
  if (prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE | all_tags, 0, 0, 0) != 0) abort();
  uint32_t* code = map(GUEST_CODE_BASE, GUEST_CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  const int signals[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) sigaction(signals[i], &action, NULL);

  while (fread(&run, sizeof run, 1, stdin) == 1) {
    for (unsigned i = 0; i < GUEST_CODE_SIZE / 4; ++i) code[i] = GUEST_BRK;
    memcpy((void*)run.cpu.pc, run.words, run.word_count * 4);
    memcpy(data, run.memory, sizeof run.memory);
    clear_tags(data);
    __builtin___clear_cache((char*)code, (char*)code + GUEST_CODE_SIZE);
    __asm__ volatile("brk #0" ::: "memory");
    memcpy(run.memory, data, sizeof run.memory);
    fwrite(&run, sizeof run, 1, stdout);
  }
  return 0;
}
