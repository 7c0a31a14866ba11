// Guest memory, accessed at its own addresses. A host fault here is the engine's business:
// InterpContext::current_pc says which guest instruction it belongs to.
#include <emmintrin.h>

#include <cstring>

#include "ir/interp_frame.h"
#include "ir/support/compare_exchange_pair.h"
#include "ir/support/misaligned.h"

// The guest's accesses need no alignment; x86-64 does them as one access all the same.
#define FERRY_UNALIGNED __attribute__((no_sanitize("alignment")))

namespace ferry::ir::interp {

using support::low_mask;
using support::sign_extend;

namespace {

uint64_t address(const Frame& f, const Inst& inst, MemAccess m) {
  const uint64_t index = inst.args[1] == kNoValue ? 0 : f.arg(inst, 1);
  const uint64_t at = f.arg(inst, 0) + (index << m.scale) + static_cast<uint64_t>(int64_t{m.disp});
  return at & f.context.address_mask;
}

template <typename T>
FERRY_UNALIGNED T load_as(uint64_t at, bool ordered) {
  const auto* p = reinterpret_cast<const T*>(at);
  return ordered ? __atomic_load_n(p, __ATOMIC_ACQUIRE) : __atomic_load_n(p, __ATOMIC_RELAXED);
}

template <typename T>
FERRY_UNALIGNED void store_as(uint64_t at, uint64_t value, bool ordered) {
  auto* p = reinterpret_cast<T*>(at);
  if (ordered) {
    __atomic_store_n(p, static_cast<T>(value), __ATOMIC_SEQ_CST);
  } else {
    __atomic_store_n(p, static_cast<T>(value), __ATOMIC_RELAXED);
  }
}

// Assembly, since a compiler may make two accesses of an intrinsic's one.
Bits128 load_vector(uint64_t at) {
  __m128i value;
  __asm__ volatile("movdqu %1, %0" : "=x"(value) : "m"(*reinterpret_cast<const __m128i_u*>(at)));
  Bits128 out;
  std::memcpy(&out, &value, sizeof out);
  return out;
}

void store_vector(uint64_t at, Bits128 value, bool ordered) {
  __m128i bits;
  std::memcpy(&bits, &value, sizeof bits);
  __asm__ volatile("movdqu %1, %0" : "=m"(*reinterpret_cast<__m128i_u*>(at)) : "x"(bits));
  if (ordered) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

uint64_t load_scalar(uint64_t at, const MemAccess& m) {
  switch (m.bytes) {
    case 1:
      return load_as<uint8_t>(at, m.ordered);
    case 2:
      return load_as<uint16_t>(at, m.ordered);
    case 4:
      return load_as<uint32_t>(at, m.ordered);
    default:
      return load_as<uint64_t>(at, m.ordered);
  }
}

/// The wanted new value, as an atomic_rmw computes it.
template <typename T>
T combine(AtomicKind kind, T old, T operand) {
  using Signed = std::make_signed_t<T>;
  const bool less = static_cast<Signed>(old) < static_cast<Signed>(operand);
  switch (kind) {
    case AtomicKind::Swap:
      return operand;
    case AtomicKind::Add:
      return static_cast<T>(old + operand);
    case AtomicKind::AndNot:
      return static_cast<T>(old & ~operand);
    case AtomicKind::Or:
      return old | operand;
    case AtomicKind::Xor:
      return old ^ operand;
    case AtomicKind::Smax:
      return less ? operand : old;
    case AtomicKind::Smin:
      return less ? old : operand;
    case AtomicKind::Umax:
      return old < operand ? operand : old;
    case AtomicKind::Umin:
      return old < operand ? old : operand;
  }
  return old;
}

template <typename T>
FERRY_UNALIGNED uint64_t rmw(uint64_t at, uint64_t operand, AtomicKind kind) {
  auto* p = reinterpret_cast<T*>(at);
  T old = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(p, &old, combine(kind, old, static_cast<T>(operand)), false,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

template <typename T>
FERRY_UNALIGNED uint64_t compare_exchange(uint64_t at, uint64_t expected, uint64_t desired) {
  auto old = static_cast<T>(expected);
  __atomic_compare_exchange_n(reinterpret_cast<T*>(at), &old, static_cast<T>(desired), false,
                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return old;
}

Bits128 compare_exchange_vector(uint64_t at, Bits128 expected, Bits128 desired) {
  support::compare_exchange_pair(at, expected.low, expected.high, desired.low, desired.high);
  return expected;
}

}  // namespace

Bits128 load(Frame& f, const Inst& inst) {
  const MemAccess m = inst.mem();
  const uint64_t at = address(f, inst, m);
  if (m.bytes == 16) {
    const Bits128 value = load_vector(at);
    if (m.ordered) __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return value;
  }
  const uint64_t value = load_scalar(at, m);
  if (!m.sign_extend) return {value, 0};
  return {static_cast<uint64_t>(sign_extend(value, 8u * m.bytes)) & low_mask(bits(inst.type)), 0};
}

Bits128 store(Frame& f, const Inst& inst) {
  const MemAccess m = inst.mem();
  const uint64_t at = address(f, inst, m);
  const Bits128 value = f.vec(inst, 2);
  switch (m.bytes) {
    case 1:
      store_as<uint8_t>(at, value.low, m.ordered);
      break;
    case 2:
      store_as<uint16_t>(at, value.low, m.ordered);
      break;
    case 4:
      store_as<uint32_t>(at, value.low, m.ordered);
      break;
    case 8:
      store_as<uint64_t>(at, value.low, m.ordered);
      break;
    default:
      store_vector(at, value, m.ordered);
      break;
  }
  return {};
}

Bits128 atomic_rmw(Frame& f, const Inst& inst) {
  const uint64_t at = f.arg(inst, 0) & f.context.address_mask;
  const uint64_t operand = f.arg(inst, 1);
  const auto kind = static_cast<AtomicKind>(inst.imm2);
  switch (inst.mem().bytes) {
    case 1:
      return {rmw<uint8_t>(at, operand, kind), 0};
    case 2:
      return {rmw<uint16_t>(at, operand, kind), 0};
    case 4:
      return {rmw<uint32_t>(at, operand, kind), 0};
    default:
      return {rmw<uint64_t>(at, operand, kind), 0};
  }
}

Bits128 cmpxchg(Frame& f, const Inst& inst) {
  const uint64_t at = f.arg(inst, 0) & f.context.address_mask;
  const uint64_t expected = f.arg(inst, 1);
  const uint64_t desired = f.arg(inst, 2);
  switch (inst.mem().bytes) {
    case 1:
      return {compare_exchange<uint8_t>(at, expected, desired), 0};
    case 2:
      return {compare_exchange<uint16_t>(at, expected, desired), 0};
    case 4:
      return {compare_exchange<uint32_t>(at, expected, desired), 0};
    case 8:
      return {compare_exchange<uint64_t>(at, expected, desired), 0};
    default:
      return compare_exchange_vector(at, f.vec(inst, 1), f.vec(inst, 2));
  }
}

Bits128 check_aligned(Frame& f, const Inst& inst) {
  const uint64_t at = f.arg(inst, 0) & f.context.address_mask;
  if (!support::lies_within(at, inst.imm, inst.imm2)) support::raise_misaligned(at);
  return {};
}

Bits128 fence(Frame&, const Inst& inst) {
  switch (static_cast<FenceKind>(inst.imm)) {
    case FenceKind::Full:
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
      break;
    case FenceKind::Load:
      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      break;
    case FenceKind::Store:
      __atomic_thread_fence(__ATOMIC_RELEASE);
      break;
  }
  return {};
}

}  // namespace ferry::ir::interp

#undef FERRY_UNALIGNED
