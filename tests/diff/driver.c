/* Runs test cases from standard input on the CPU it finds itself on and writes their results to standard output. */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "case.h"

/* Read and written by run_case; global because the code under test leaves only x29 and x30. */
struct DiffResult diff_result;
uint64_t diff_saved_sp;
extern char diff_restore[];

void run_case(const struct DiffCase* test);

/* The offsets that run_case.S knows. */
_Static_assert(offsetof(struct DiffRegisters, sp) == 232, "run_case.S");
_Static_assert(offsetof(struct DiffRegisters, nzcv) == 240, "run_case.S");
_Static_assert(offsetof(struct DiffRegisters, fpsr) == 248, "run_case.S");
_Static_assert(offsetof(struct DiffRegisters, v) == 256, "run_case.S");
_Static_assert(offsetof(struct DiffCase, fpcr) == 768, "run_case.S");

extern char diff_done[];

static void on_signal(int signal_number, siginfo_t* info, void* context) {
  (void)info;
  ucontext_t* uc = context;
  struct DiffRegisters* out = &diff_result.out;
  memcpy(out->x, uc->uc_mcontext.regs, sizeof out->x);
  out->sp = uc->uc_mcontext.sp;
  out->nzcv = uc->uc_mcontext.pstate & 0xf0000000;
  const struct fpsimd_context* fp = (const struct fpsimd_context*)uc->uc_mcontext.__reserved;
  out->fpsr = fp->fpsr;
  memcpy(out->v, fp->vregs, sizeof out->v);
  diff_result.signal = (uint32_t)signal_number;
  diff_result.pc_offset = (uint32_t)(uc->uc_mcontext.pc - DIFF_CODE_ADDRESS);
  uc->uc_mcontext.pc = (uint64_t)diff_restore;
}

static void fill_window(uint64_t seed) {
  uint64_t* window = (uint64_t*)(DIFF_WINDOW_ADDRESS - kWindowBytes / 2);
  for (int i = 0; i < kWindowBytes / 8; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    window[i] = seed ^ seed >> 29;
  }
}

static uint64_t hash_window(void) {
  const uint64_t* window = (const uint64_t*)(DIFF_WINDOW_ADDRESS - kWindowBytes / 2);
  uint64_t hash = 14695981039346656037u;
  for (int i = 0; i < kWindowBytes / 8; ++i) hash = (hash ^ window[i]) * 1099511628211u;
  return hash;
}

/* The code under test, then: ldr x30, .+8; br x30; .quad diff_done */
static void place_code(const struct DiffCase* test) {
  uint32_t* code = (uint32_t*)DIFF_CODE_ADDRESS;
  uint32_t n = test->word_count;
  memcpy(code, test->words, n * sizeof code[0]);
  code[n] = 0x5800005e;
  code[n + 1] = 0xd61f03c0;
  const uint64_t done = (uint64_t)diff_done;
  memcpy(code + n + 2, &done, sizeof done);
  __builtin___clear_cache((char*)code, (char*)(code + n + 4));
}

static int read_all(void* to, size_t bytes) {
  return fread(to, bytes, 1, stdin) == 1;
}

int main(void) {
  const int prot = PROT_READ | PROT_WRITE;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  static char alternate_stack[65536];
  if (mmap((void*)DIFF_CODE_ADDRESS, 4096, prot | PROT_EXEC, flags, -1, 0) == MAP_FAILED) return 2;
  if (mmap((void*)DIFF_DATA_ADDRESS, DIFF_DATA_BYTES, prot, flags, -1, 0) == MAP_FAILED) return 2;
  stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; ++i) sigaction(signals[i], &action, NULL);

  struct DiffCase test;
  while (read_all(&test, sizeof test)) {
    memset(&diff_result, 0, sizeof diff_result);
    fill_window(test.memory_seed);
    place_code(&test);
    run_case(&test);
    diff_result.memory_hash = hash_window();
    if (fwrite(&diff_result, sizeof diff_result, 1, stdout) != 1) return 3;
  }
  return 0;
}
