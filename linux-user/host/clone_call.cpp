#include "linux-user/host/clone_call.h"

#include <linux/sched.h>
#include <sys/syscall.h>

#include <cerrno>

namespace ferry::linux_user {

// Makes a system call with five arguments that may return a second time on another stack: there it calls
// entry(argument). C signature: long ferry_clone_call(long number, a0, a1, a2, a3, a4, void* new_stack, void
// (*entry)(void*), void* argument). new_stack only tells the child of a clone with a stack from one without:
// the kernel sets the stack pointer.
asm(R"(
.text
.globl ferry_clone_call
.type ferry_clone_call, @function
.p2align 4
ferry_clone_call:
  .cfi_startproc
  pushq %r12
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r12, 0
  pushq %r13
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r13, 0
  pushq %rbx
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbx, 0
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 32(%rsp), %rbx
  movq 40(%rsp), %r12
  movq 48(%rsp), %r13
  syscall
  testq %rax, %rax
  jnz 1f
  testq %rbx, %rbx
  jz 1f
  .cfi_remember_state
  .cfi_undefined %rip
  xorl %ebp, %ebp
  movq %r13, %rdi
  call *%r12
  ud2
  .cfi_restore_state
1:
  popq %rbx
  .cfi_adjust_cfa_offset -8
  .cfi_restore %rbx
  popq %r13
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r13
  popq %r12
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r12
  ret
  .cfi_endproc
.size ferry_clone_call, . - ferry_clone_call
)");

extern "C" long ferry_clone_call(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                                 uint64_t new_stack, void (*entry)(void*), void* argument);

namespace {

/// Whether clone(2)'s arguments can express the request: its flags are 32 bits with the exit signal among
/// them, and the descriptor of the child goes where the parent's copy of its number would.
bool needs_clone3(const clone_args& args) {
  const bool both = args.pidfd != 0 && args.parent_tid != 0;
  return both || args.set_tid_size != 0 || (args.flags >> 32) != 0 ||
         (args.exit_signal & ~uint64_t{CSIGNAL}) != 0;
}

}  // namespace

int64_t host_clone(clone_args args, void (*entry)(void*), void* argument) {
  const uint64_t top = args.stack;
  if (!needs_clone3(args)) {
    const uint64_t parent_word = args.pidfd != 0 ? args.pidfd : args.parent_tid;
    return ferry_clone_call(SYS_clone, args.flags | args.exit_signal, top, parent_word, args.child_tid, 0,
                            top, entry, argument);
  }
  // clone3 wants the stack's lowest address and its size. It adds the two and looks at nothing else.
  constexpr uint64_t kSomeBytes = 4096;
  if (top != 0) {
    args.stack = top - kSomeBytes;
    args.stack_size = kSomeBytes;
  }
  return ferry_clone_call(SYS_clone3, reinterpret_cast<uint64_t>(&args), sizeof args, 0, 0, 0, top, entry,
                          argument);
}

}  // namespace ferry::linux_user
