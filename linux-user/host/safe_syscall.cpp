#include "linux-user/host/safe_syscall.h"

#include <ucontext.h>

namespace ferry::linux_user {

// The check of the flag and the system call must be code whose bounds the signal handler knows: between
// ferry_safe_syscall_start and _end the call has not been made, and making it would lose the signal's
// wake-up. A call that the kernel wants restarted has its pc back on the `syscall` instruction, which lies
// inside the bounds too: rcx, zero before the instruction and the address after it from then on, tells the
// two apart. C signature: long ferry_safe_syscall(const uint32_t* flag, long number, a0, a1, a2, a3, a4, a5).
asm(R"(
.text
.globl ferry_safe_syscall
.type ferry_safe_syscall, @function
.p2align 4
ferry_safe_syscall:
  .cfi_startproc
  pushq %r12
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r12, 0
  movq %rdi, %r12
  movq %rsi, %rax
  movq %rdx, %rdi
  movq %rcx, %rsi
  movq %r8, %rdx
  movq %r9, %r10
  movq 16(%rsp), %r8
  movq 24(%rsp), %r9
  xorl %ecx, %ecx
.globl ferry_safe_syscall_start
ferry_safe_syscall_start:
  cmpl $0, (%r12)
  jne ferry_safe_syscall_not_made
.globl ferry_safe_syscall_instruction
ferry_safe_syscall_instruction:
  syscall
.globl ferry_safe_syscall_end
ferry_safe_syscall_end:
  popq %r12
  .cfi_remember_state
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r12
  ret
.globl ferry_safe_syscall_not_made
ferry_safe_syscall_not_made:
  .cfi_restore_state
  movq $-513, %rax
  popq %r12
  .cfi_remember_state
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r12
  ret
.globl ferry_safe_syscall_restart
ferry_safe_syscall_restart:
  .cfi_restore_state
  movq $-512, %rax
  popq %r12
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r12
  ret
  .cfi_endproc
.size ferry_safe_syscall, . - ferry_safe_syscall
)");

// A plain system call as a function of its own, so that its end has a name. C signature: long
// ferry_raw_syscall(long number, a0, a1, a2, a3, a4, a5).
asm(R"(
.text
.globl ferry_raw_syscall
.type ferry_raw_syscall, @function
.p2align 4
ferry_raw_syscall:
  .cfi_startproc
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
.globl ferry_raw_syscall_end
ferry_raw_syscall_end:
  ret
  .cfi_endproc
.size ferry_raw_syscall, . - ferry_raw_syscall
)");

extern "C" {
long ferry_safe_syscall(const std::atomic<uint32_t>* flag, long number, uint64_t a0, uint64_t a1, uint64_t a2,
                        uint64_t a3, uint64_t a4, uint64_t a5);
extern const char ferry_safe_syscall_start[];
extern const char ferry_safe_syscall_instruction[];
extern const char ferry_safe_syscall_end[];
extern const char ferry_safe_syscall_not_made[];
extern const char ferry_safe_syscall_restart[];
long ferry_raw_syscall(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                       uint64_t a5);
extern const char ferry_raw_syscall_end[];
}

static_assert(kErestartsys == 512 && kErestartnointr == 513, "the stub above answers these numbers");
static_assert(sizeof(std::atomic<uint32_t>) == 4, "the stub above reads the flag as a plain word");

int64_t safe_syscall(const std::atomic<uint32_t>& interrupt, long number, uint64_t a0, uint64_t a1,
                     uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5) {
  return ferry_safe_syscall(&interrupt, number, a0, a1, a2, a3, a4, a5);
}

namespace {

/// Whether SYSCALL leaves the address behind it in rcx, as it does on every processor without FRED.
const bool kSyscallSetsRcx = [] {
  uint64_t rcx = 0;
  int64_t result;
  asm volatile("syscall" : "=a"(result), "+c"(rcx) : "a"(SYS_getpid) : "r11", "memory");
  return rcx != 0;
}();

}  // namespace

void rewind_safe_syscall(void* context) {
  auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto pc = static_cast<uint64_t>(registers[REG_RIP]);
  const auto start = reinterpret_cast<uint64_t>(ferry_safe_syscall_start);
  const auto end = reinterpret_cast<uint64_t>(ferry_safe_syscall_end);
  if (pc < start || pc >= end) return;
  // The stub clears rcx, so a value there says that the kernel has begun the call. Without that sign the two
  // cases look alike on the instruction itself, and the likelier is the call that slept.
  const bool was_made = pc == reinterpret_cast<uint64_t>(ferry_safe_syscall_instruction) &&
                        (!kSyscallSetsRcx || static_cast<uint64_t>(registers[REG_RCX]) == end);
  registers[REG_RIP] =
      reinterpret_cast<greg_t>(was_made ? ferry_safe_syscall_restart : ferry_safe_syscall_not_made);
}

bool is_behind_system_call(const void* context) {
  const auto pc = static_cast<uint64_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  return pc == reinterpret_cast<uint64_t>(ferry_safe_syscall_end) ||
         pc == reinterpret_cast<uint64_t>(ferry_raw_syscall_end);
}

int64_t raw_syscall(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                    uint64_t a5) {
  return ferry_raw_syscall(number, a0, a1, a2, a3, a4, a5);
}

}  // namespace ferry::linux_user
