#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ir/state_layout.h"

namespace ferry::backend {

/// The calling convention of translated code, the same for every tier (LLVM's preserve_none order):
///   r12            the guest's CPU state; RuntimeArea lies just below it, at negative offsets
///   kPinRegs[i]    the guest register with StateReg::pin == i
///   rax            at a stub's entry its argument (a guest address, or a LinkSlot)
///   rcx rdx rbx rbp r10 and all vector registers: free at every block's entry
///   rsp            8 modulo 16 at every block's entry. [rsp] is the host address that the matching guest
///   return
///                  continues at and [rsp + 8] the guest address that this holds for (see docs/adr/0004).
///   mxcsr          the guest's rounding mode and cumulative exception flags, exceptions masked
///   state's pc row stale, except: before a call of a helper with HelperEffect::Memory translated code stores
///   the pinned
///                  registers and the current guest instruction's address there. A fault inside the helper is
///                  reported with what the state holds; nothing on the host stack is looked at.
/// Numbers are the x86-64 encodings of the registers.
inline constexpr uint8_t kStateReg = 12;
inline constexpr uint8_t kPinRegs[ir::kPinCount] = {13, 14, 15, 7, 6, 8, 9, 11};

/// Where a direct exit of translated code goes: `jmp [slot]`. Unresolved, it holds the address of a small
/// thunk of its own that puts the slot's address in rax and enters Stubs::resolve_link.
struct LinkSlot {
  std::atomic<const void*> target;
  const void* unresolved;  ///< the thunk, to go back to when the target is invalidated
  uint64_t guest_pc;       ///< the guest address it leads to
  uint64_t mode;           ///< and its mode bits
  uint64_t* counter;  ///< loop and call edges: counts down, the edge takes Stubs::hot when it becomes zero
                      ///< (once; the engine may set it again to be asked later). nullptr elsewhere
  LinkSlot* next_incoming;  ///< the engine's: the next slot that leads to the same code
  bool optimized = false;   ///< part of optimized code: what it leads to is worth counting
};

/// One line of a thread's inline table for indirect branches.
struct JumpCacheEntry {
  uint64_t guest_pc;
  std::atomic<const void*> code;
};
inline constexpr unsigned kJumpCacheBits = 10;
/// The one line where `guest_pc` may be found: functions lie at multiples of 16 or 64, so all of the address
/// must have a say. On a hit the code is entered with rax = guest_pc: another thread may have put
/// Stubs::indirect_miss there.
inline constexpr uint32_t kJumpCacheFactor = 0x9e3779b1;
constexpr unsigned jump_cache_index(uint64_t guest_pc) {
  return (static_cast<uint32_t>(guest_pc) * kJumpCacheFactor) >> (32 - kJumpCacheBits);
}
/// Never a branch target: marks empty lines and the bottom of the return stack.
inline constexpr uint64_t kNoGuestPc = ~uint64_t{0};

/// Why translated code came back to the engine (RuntimeArea::exit_kind).
enum class ExitKind : uint32_t {
  Trap,         ///< exit_value: the TrapKind; the state's pc is where to resume
  ResolveLink,  ///< exit_value: the LinkSlot
  Indirect,     ///< exit_value: the guest address wanted
  Interrupt,    ///< the state's pc is where to resume
  Fault,        ///< put there by the host's signal handler; fault_* tell
  Hot,          ///< exit_value: the LinkSlot of a loop or call edge whose counter ran out
};

/// Bits of RuntimeArea::interrupt; translated code only tests it for zero.
inline constexpr uint32_t kInterruptEmbedder = 1;  ///< Cpu::request_interrupt()
inline constexpr uint32_t kInterruptEngine =
    2;  ///< the engine wants every thread out of translated code for a moment

inline constexpr unsigned kMaxHelpers = 512;

/// Entry points of the hand-written stubs that all translated code shares; copied into every RuntimeArea so
/// that emitted code reaches them at a fixed offset from r12, without relocation.
struct Stubs {
  const void* resolve_link;  ///< rax: LinkSlot. Leaves for the engine, which resolves it and goes on there
  const void* indirect;  ///< rax: guest address. Jump-cache lookup, then jumps there or leaves for the engine
  const void* ret;       ///< rax: guest address. Matches the return stack, else as `indirect`
  const void* exit;  ///< exit_kind, exit_value and the state's pc are set: stores pins, leaves for the engine
  const void* hot;   ///< rax: LinkSlot. As resolve_link, with ExitKind::Hot
  const void*
      indirect_miss;  ///< rax: guest address. Leaves for the engine with ExitKind::Indirect, no look-up
  const void* leave;  ///< r12 is set, pins are in the state already, rsp may be anything: leaves for the
                      ///< engine. The engine's fault handler continues here, after it set return_rsp
  const void*
      reset_returns;  ///< called (rax kept) when the return stack is full: empties it, comes back by jmp rcx
  const void*
      slow_op;  ///< baseline only: called with an operation's description behind the call, see backend/x64
  const void* evaluate;  ///< LLVM only: ferry_evaluate (evaluate.h) that keeps nearly all registers
};

/// Room for the baseline's values that found no register, in 16-byte units.
inline constexpr unsigned kSpillSlots = 256;
/// Operands of an operation that the baseline leaves to C++; the result takes the first one's place.
inline constexpr unsigned kSlowOperands = 3;

/// What translated code needs of its thread, just below the guest's state. The fields used most come last,
/// where their offsets are short.
struct alignas(16) RuntimeArea {
  JumpCacheEntry jump_cache[1u << kJumpCacheBits];
  alignas(16) uint64_t spill[kSpillSlots][2];
  alignas(16) uint64_t slow_operands[kSlowOperands][2];
  const void* helpers[kMaxHelpers];
  const void*
      evaluate;  ///< ferry_evaluate (evaluate.h): any pure op, exactly; the code generators' slow path
  Stubs stubs;
  uint64_t host_rsp;            ///< the engine's stack while translated code runs
  uint64_t return_stack_top;    ///< rsp of the empty return stack, where its sentinel lies
  uint64_t return_stack_limit;  ///< rsp must not sink below this at a guest call
  uint64_t return_rsp;          ///< rsp of translated code while the engine runs
  uint64_t fault_address;
  uint16_t fault_signal;
  bool fault_write;
  uint32_t fault_code;
  uint64_t exit_value;
  uint32_t exit_kind;
  std::atomic<uint32_t>
      interrupt;  ///< not 0: leave at the next safe point; set by signal handlers and other threads
};

/// Offset from r12 of a RuntimeArea field.
#define FERRY_AREA_OFFSET(field)                                          \
  (static_cast<int32_t>(offsetof(::ferry::backend::RuntimeArea, field)) - \
   static_cast<int32_t>(sizeof(::ferry::backend::RuntimeArea)))

}  // namespace ferry::backend
