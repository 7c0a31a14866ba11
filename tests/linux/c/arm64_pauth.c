/* Pointer authentication: keys of the process, its threads and children, prctl, and what a wrong code does.
 * The native program only prints the same lines. */
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

#define ALL_ADDRESS_KEYS 15ul

static const uint64_t kPointer = 0x123456789abcul;

static uint64_t sign_ia(uint64_t pointer, uint64_t modifier) {
  __asm__(".arch armv8.3-a\n pacia %0, %1" : "+r"(pointer) : "r"(modifier));
  return pointer;
}
static uint64_t sign_ib(uint64_t pointer, uint64_t modifier) {
  __asm__(".arch armv8.3-a\n pacib %0, %1" : "+r"(pointer) : "r"(modifier));
  return pointer;
}
static uint64_t authenticate_ia(uint64_t pointer, uint64_t modifier) {
  __asm__(".arch armv8.3-a\n autia %0, %1" : "+r"(pointer) : "r"(modifier));
  return pointer;
}
static uint64_t sign_da(uint64_t pointer, uint64_t modifier) {
  __asm__(".arch armv8.3-a\n pacda %0, %1" : "+r"(pointer) : "r"(modifier));
  return pointer;
}
static uint64_t authenticate_da(uint64_t pointer, uint64_t modifier) {
  __asm__(".arch armv8.3-a\n autda %0, %1" : "+r"(pointer) : "r"(modifier));
  return pointer;
}
static uint64_t generic(uint64_t value, uint64_t modifier) {
  uint64_t code;
  __asm__(".arch armv8.3-a\n pacga %0, %1, %2" : "=r"(code) : "r"(value), "r"(modifier));
  return code;
}

/* Seven bits of a code are equal by chance once in 128: look at many. */
struct codes {
  uint64_t ia[16], ib[16], da[16], ga[16];
};
static struct codes all_codes(void) {
  struct codes codes;
  for (int i = 0; i < 16; i++) {
    codes.ia[i] = sign_ia(kPointer, i);
    codes.ib[i] = sign_ib(kPointer, i);
    codes.da[i] = sign_da(kPointer, i);
    codes.ga[i] = generic(kPointer, i);
  }
  return codes;
}
#define SAME(a, b, key) (memcmp((a).key, (b).key, sizeof(a).key) == 0)

static struct codes seen_by_thread;
static void* look(void* unused) {
  seen_by_thread = all_codes();
  return unused;
}

static void announced(void) {
  CHECK((getauxval(AT_HWCAP) >> 30 & 3) == 3);
  uint64_t isar1;
  __asm__("mrs %0, id_aa64isar1_el1" : "=r"(isar1));
  CHECK((isar1 >> 4 & 0xf) != 0 || (isar1 >> 8 & 0xf) != 0);
  CHECK((isar1 >> 24 & 0xf) != 0 || (isar1 >> 28 & 0xf) != 0);
}

static void inherited(void) {
  const struct codes mine = all_codes();
  pthread_t thread;
  pthread_create(&thread, NULL, look, NULL);
  pthread_join(thread, NULL);
  CHECK(SAME(mine, seen_by_thread, ia) && SAME(mine, seen_by_thread, da) && SAME(mine, seen_by_thread, ga));
  const pid_t child = fork();
  if (child == 0) {
    const struct codes theirs = all_codes();
    _exit(SAME(mine, theirs, ia) && SAME(mine, theirs, ib) && SAME(mine, theirs, da) && SAME(mine, theirs, ga)
              ? 0
              : 1);
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void reset(void) {
  struct codes before = all_codes();
  CHECK(prctl(PR_PAC_RESET_KEYS, PR_PAC_APIBKEY, 0, 0, 0) == 0);
  struct codes after = all_codes();
  CHECK(SAME(before, after, ia) && !SAME(before, after, ib) && SAME(before, after, da) &&
        SAME(before, after, ga));
  CHECK(prctl(PR_PAC_RESET_KEYS, PR_PAC_APGAKEY | PR_PAC_APDAKEY, 0, 0, 0) == 0);
  before = after;
  after = all_codes();
  CHECK(SAME(before, after, ia) && SAME(before, after, ib) && !SAME(before, after, da) &&
        !SAME(before, after, ga));
  CHECK(prctl(PR_PAC_RESET_KEYS, 0x20, 0, 0, 0) == -1 && errno == EINVAL);
  CHECK(prctl(PR_PAC_RESET_KEYS, 0, 1, 0, 0) == -1 && errno == EINVAL);
}

/* In a child: the keys that return addresses of this program may use change under it. */
static void reset_all(void) {
  const pid_t child = fork();
  if (child == 0) {
    const struct codes before = all_codes();
    if (prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0) != 0) _exit(1);
    const struct codes after = all_codes();
    _exit(SAME(before, after, ia) || SAME(before, after, ib) || SAME(before, after, da) ||
          SAME(before, after, ga));
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#ifndef PR_PAC_SET_ENABLED_KEYS
#define PR_PAC_SET_ENABLED_KEYS 60
#define PR_PAC_GET_ENABLED_KEYS 61
#endif

static void enabled(void) {
  CHECK(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0) == ALL_ADDRESS_KEYS);
  const struct codes before = all_codes();
  CHECK(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIBKEY | PR_PAC_APDAKEY, PR_PAC_APDAKEY, 0, 0) == 0);
  CHECK(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0) == (ALL_ADDRESS_KEYS & ~PR_PAC_APIBKEY));
  const struct codes after = all_codes();
  for (int i = 0; i < 16; i++) CHECK(after.ib[i] == kPointer);
  CHECK(SAME(before, after, da) && SAME(before, after, ia));
  CHECK(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIBKEY, PR_PAC_APIBKEY, 0, 0) == 0);
  const struct codes again = all_codes();
  CHECK(SAME(before, again, ib));
  CHECK(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APGAKEY, 0, 0, 0) == -1 && errno == EINVAL);
  CHECK(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIBKEY, PR_PAC_APDAKEY, 0, 0) == -1 && errno == EINVAL);
  CHECK(prctl(PR_PAC_GET_ENABLED_KEYS, 1, 0, 0, 0) == -1 && errno == EINVAL);
}

static sigjmp_buf back;
static siginfo_t last;
static uint64_t fault_pc;
static void jump(int sig, siginfo_t* info, void* context) {
  last = *info;
  fault_pc = ((ucontext_t*)context)->uc_mcontext.pc;
  siglongjmp(back, sig);
}

static uint64_t badly_signed(uint64_t pointer) {
  for (uint64_t modifier = 0;; modifier++) {
    const uint64_t bad = authenticate_ia(sign_ia(pointer, modifier), modifier + 1);
    if (bad != pointer) return bad;
  }
}

static volatile int called;
static void callee(void) { called++; }
static void call_it(uint64_t function) { ((void (*)(void))function)(); }
static void store_there(uint64_t address) { *(volatile int*)address = 1; }

static int signal_of(void (*action)(uint64_t), uint64_t argument) {
  const int caught = sigsetjmp(back, 1);
  if (caught == 0) action(argument);
  return caught;
}

static void wrong_codes(void) {
  struct sigaction action = {0};
  action.sa_sigaction = jump;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, NULL);
  static volatile int datum = 7;
  CHECK(*(volatile int*)authenticate_da(sign_da((uint64_t)&datum, 5), 5) == 7);
  CHECK(signal_of(store_there, badly_signed((uint64_t)&datum)) == SIGSEGV);
  CHECK(last.si_code == SEGV_MAPERR && datum == 7);
  CHECK(signal_of(call_it, authenticate_ia(sign_ia((uint64_t)&callee, 9), 9)) == 0 && called == 1);
  const uint64_t bad = badly_signed((uint64_t)&callee);
  CHECK(signal_of(call_it, bad) == SIGSEGV);
  CHECK(last.si_code == SEGV_MAPERR && called == 1);
  CHECK(fault_pc == bad && last.si_addr == (void*)bad);
}
#else
static void nothing(void) {}
#define announced nothing
#define inherited nothing
#define reset nothing
#define reset_all nothing
#define enabled nothing
#define wrong_codes nothing
#endif

int main(void) {
  announced();
  puts("announced");
  inherited();
  puts("inherited");
  fflush(stdout);
  reset();
  puts("reset");
  fflush(stdout);
  reset_all();
  puts("reset all");
  enabled();
  puts("enabled");
  wrong_codes();
  puts("wrong codes");
  DONE();
}
