#include "linux-user/mm/guest_copy.h"

#include <ucontext.h>

#include <cerrno>

namespace ferry::linux_user {

// The only instructions of ferry that touch guest memory directly. A fault in one of them continues at
// ferry_guest_access_failed, with rcx still counting what was not done.
//   uint64_t ferry_guest_copy(void* to, const void* from, size_t n)   bytes not copied
//   uint64_t ferry_guest_zero(void* to, size_t n)                     bytes not zeroed
//   uint64_t ferry_guest_string(char* to, const char* from, size_t n) n minus the length, 0: no terminator,
//   ~0: fault
//
//   uint64_t ferry_guest_exchange(uint32_t* word, uint32_t* expected, uint32_t desired)
//   0: exchanged, 1: differed, ~0: fault
asm(R"(
.text
.p2align 4
.type ferry_guest_copy, @function
ferry_guest_copy:
  .cfi_startproc
  movq %rdx, %rcx
.Lferry_copy_first:
  rep movsb
.Lferry_copy_last:
  movq %rcx, %rax
  ret
  .cfi_endproc
.size ferry_guest_copy, . - ferry_guest_copy
.p2align 4
.type ferry_guest_zero, @function
ferry_guest_zero:
  .cfi_startproc
  movq %rsi, %rcx
  xorl %eax, %eax
.Lferry_zero_first:
  rep stosb
.Lferry_zero_last:
  movq %rcx, %rax
  ret
  .cfi_endproc
.size ferry_guest_zero, . - ferry_guest_zero
.p2align 4
.type ferry_guest_string, @function
ferry_guest_string:
  .cfi_startproc
  movq %rdx, %rcx
1:
  testq %rcx, %rcx
  je 2f
.Lferry_string_first:
  movb (%rsi), %al
.Lferry_string_last:
  movb %al, (%rdi)
  incq %rsi
  incq %rdi
  testb %al, %al
  je 2f
  decq %rcx
  jmp 1b
2:
  movq %rcx, %rax
  ret
.Lferry_string_failed:
  movq $-1, %rax
  ret
  .cfi_endproc
.size ferry_guest_string, . - ferry_guest_string
.p2align 4
.type ferry_guest_exchange, @function
ferry_guest_exchange:
  .cfi_startproc
  movl (%rsi), %eax
  xorl %ecx, %ecx
.Lferry_exchange_first:
  lock cmpxchgl %edx, (%rdi)
.Lferry_exchange_last:
  setne %cl
  movl %eax, (%rsi)
  movq %rcx, %rax
  ret
.Lferry_exchange_failed:
  movq $-1, %rax
  ret
  .cfi_endproc
.size ferry_guest_exchange, . - ferry_guest_exchange

.section .rodata.ferry_guest_access, "a"
.p2align 2
.globl ferry_guest_access_table
ferry_guest_access_table:
1:
  .long .Lferry_copy_first - 1b, .Lferry_copy_last - 1b, .Lferry_copy_last - 1b
1:
  .long .Lferry_zero_first - 1b, .Lferry_zero_last - 1b, .Lferry_zero_last - 1b
1:
  .long .Lferry_string_first - 1b, .Lferry_string_last - 1b, .Lferry_string_failed - 1b
1:
  .long .Lferry_exchange_first - 1b, .Lferry_exchange_last - 1b, .Lferry_exchange_failed - 1b
.globl ferry_guest_access_table_end
ferry_guest_access_table_end:
.text
)");

namespace {

/// Instructions that may fault and where they continue then; each address relative to the start of its row.
struct AccessRange {
  int32_t first;
  int32_t last;
  int32_t resume;

  uint64_t address(int32_t offset) const {
    return reinterpret_cast<uint64_t>(this) + static_cast<uint64_t>(int64_t{offset});
  }
};

}  // namespace

extern "C" {
uint64_t ferry_guest_copy(void* to, const void* from, size_t size);
uint64_t ferry_guest_zero(void* to, size_t size);
uint64_t ferry_guest_string(char* to, const char* from, size_t capacity);
uint64_t ferry_guest_exchange(void* word, uint32_t* expected, uint32_t desired);
extern const char ferry_guest_access_table[];
extern const char ferry_guest_access_table_end[];
}

bool copy_from_guest(void* destination, GuestAddr source, size_t size) {
  return ferry_guest_copy(destination, host_pointer(source), size) == 0;
}

bool copy_to_guest(GuestAddr destination, const void* source, size_t size) {
  return ferry_guest_copy(host_pointer(destination), source, size) == 0;
}

bool zero_guest(GuestAddr destination, size_t size) {
  return ferry_guest_zero(host_pointer(destination), size) == 0;
}

Exchange exchange_in_guest(GuestAddr word, uint32_t& expected, uint32_t desired) {
  const uint64_t outcome = ferry_guest_exchange(host_pointer(word), &expected, desired);
  if (outcome == ~uint64_t{0}) return Exchange::Fault;
  return outcome == 0 ? Exchange::Done : Exchange::Differed;
}

int64_t copy_string_from_guest(char* destination, GuestAddr source, size_t capacity) {
  const uint64_t left =
      ferry_guest_string(destination, static_cast<const char*>(host_pointer(source)), capacity);
  if (left == ~uint64_t{0}) return -EFAULT;
  if (left == 0) return -ENAMETOOLONG;
  return static_cast<int64_t>(capacity - left);
}

bool recover_guest_copy(void* context) {
  auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto pc = static_cast<uint64_t>(registers[REG_RIP]);
  const auto* range = reinterpret_cast<const AccessRange*>(ferry_guest_access_table);
  const auto* end = reinterpret_cast<const AccessRange*>(ferry_guest_access_table_end);
  for (; range != end; ++range) {
    if (pc >= range->address(range->first) && pc < range->address(range->last)) {
      registers[REG_RIP] = static_cast<greg_t>(range->address(range->resume));
      return true;
    }
  }
  return false;
}

}  // namespace ferry::linux_user
