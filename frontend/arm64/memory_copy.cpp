#include "frontend/arm64/load_store.h"
#include "frontend/arm64/memory_tags.h"

// FEAT_MOPS: memory copy and set (Arm ARM C3.2.16) in the manual's option A, which NZCV = 0000 after a
// prologue tells. The prologue formats the registers and touches no memory; the main instruction does all the
// work, a stage at a time with a safe point between two; the epilogue finds nothing left, unless a program
// jumps there. The options (unprivileged, non-temporal) change nothing at EL0 here.

namespace ferry::arm64 {
namespace {

/// The greatest sizes (Arm ARM, CPYFP, CPYP, SETP): greater ones become these.
constexpr uint64_t kMaxSize = 0x7fff'ffff'ffff'ffff;
constexpr uint64_t kMaxSizeEitherWay = 0x007f'ffff'ffff'ffff;
/// Bits of an address that decide about a copy's direction.
constexpr uint64_t kAddressBits = 0x00ff'ffff'ffff'ffff;

/// Bytes between two safe points: about 100 microseconds of work.
constexpr uint64_t kStage = 1 << 20;
constexpr uint64_t kEverything = ~uint64_t{0};

/// Register numbers that the manual makes CONSTRAINED UNPREDICTABLE; UNDEFINED is among the choices
/// (K1.2.11).
constexpr bool overlap(uint32_t a, uint32_t b, uint32_t c) { return a == b || b == c || a == c; }
constexpr bool good_copy(uint32_t d, uint32_t s, uint32_t n) {
  return d != 31 && s != 31 && n != 31 && !overlap(d, s, n);
}
constexpr bool good_set(uint32_t d, uint32_t s, uint32_t n) {
  return d != 31 && n != 31 && !overlap(d, s, n);
}

constexpr uint32_t packed_registers(uint32_t d, uint32_t s, uint32_t n) { return d | s << 8 | n << 16; }

}  // namespace

// ---- prologues

bool LoadStoreHandlers::CPYFP(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  if (!good_copy(d, s, n)) return unallocated();
  const Value size = b_.binary(Op::umin, x(n), b_.i64(kMaxSize));
  set_r(d, b_.add(x(d), size));
  set_r(s, b_.add(x(s), size));
  set_r(n, b_.sub(b_.i64(0), size));
  set_flags_packed(b_.i32(0));
  return true;
}

// From the end backwards only where the destination begins inside the source.
bool LoadStoreHandlers::CPYP(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  if (!good_copy(d, s, n)) return unallocated();
  const Value size = b_.binary(Op::umin, x(n), b_.i64(kMaxSizeEitherWay));
  const Value to = b_.and_(x(d), b_.i64(kAddressBits));
  const Value from = b_.and_(x(s), b_.i64(kAddressBits));
  const Value backward =
      b_.and_(b_.icmp(IntCond::Ult, from, to), b_.icmp(IntCond::Ult, to, b_.add(from, size)));
  const Value zero = b_.i64(0);
  const Value step = b_.select(backward, zero, size);
  set_r(d, b_.add(x(d), step));
  set_r(s, b_.add(x(s), step));
  set_r(n, b_.select(backward, size, b_.sub(zero, size)));
  set_flags_packed(b_.i32(0));
  return true;
}

bool LoadStoreHandlers::set_prologue(uint64_t greatest, uint32_t s, uint32_t n, uint32_t d) {
  if (!good_set(d, s, n)) return unallocated();
  const Value size = b_.binary(Op::umin, x(n), b_.i64(greatest));
  set_r(d, b_.add(x(d), size));
  set_r(n, b_.sub(b_.i64(0), size));
  set_flags_packed(b_.i32(0));
  return true;
}

bool LoadStoreHandlers::SETP(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return set_prologue(kMaxSize, s, n, d);
}

// Granules with their tags: an address or a size that is no multiple of 16 is an alignment fault.
bool LoadStoreHandlers::SETGP(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  if (!good_set(d, s, n)) return unallocated();
  const Value nothing = b_.icmp(IntCond::Eq, x(n), b_.i64(0));
  const Value both = b_.or_(x(d), b_.and_(x(n), b_.i64(MemoryTags::kGranule - 1)));
  check_alignment(b_.select(nothing, b_.i64(0), both), MemoryTags::kGranule);
  return set_prologue(kMaxSize & ~(MemoryTags::kGranule - 1), s, n, d);
}

// ---- main instructions and epilogues

// On a CPU of option A, a main instruction or an epilogue that finds the registers in another format, as they
// are after a thread came from a CPU of option B, raises the Memory Copy and Memory Set exception, and Linux
// takes the registers back to what the prologue wants and starts there (Arm ARM D1.3.9.7; Linux,
// arm64_mops_reset_regs()). Here that is a branch.

LoadStoreHandlers::Value LoadStoreHandlers::has_option_b(uint32_t n) {
  return b_.and_(flag_c(), b_.icmp(IntCond::Ne, x(n), b_.i64(0)));
}

bool LoadStoreHandlers::do_stage(Helper helper, uint32_t registers, Value mismatch, uint64_t limit) {
  call(helper, {b_.i32(registers), b_.select(mismatch, b_.i64(0), b_.i64(limit))});
  const bool is_main = limit == kStage;
  const GuestAddr prologue{pc_.value - (is_main ? 4 : 8)};
  return is_main ? branch_or_repeat(mismatch, prologue, registers >> 16) : branch_if(mismatch, prologue);
}

bool LoadStoreHandlers::copy_stage(uint32_t s, uint32_t n, uint32_t d, uint64_t limit) {
  if (!good_copy(d, s, n)) return unallocated();
  const Value option_b = has_option_b(n);
  // Backwards in option B the addresses are those of the end.
  const Value step = b_.select(b_.and_(option_b, flag_n()), x(n), b_.i64(0));
  set_r(d, b_.sub(x(d), step));
  set_r(s, b_.sub(x(s), step));
  return do_stage(Helper::copy_memory, packed_registers(d, s, n), option_b, limit);
}

// A prologue takes what option B has left as it is.
bool LoadStoreHandlers::set_stage(Helper helper, uint32_t s, uint32_t n, uint32_t d, uint64_t limit) {
  if (!good_set(d, s, n)) return unallocated();
  return do_stage(helper, packed_registers(d, s, n), has_option_b(n), limit);
}

bool LoadStoreHandlers::CPYFM(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return copy_stage(s, n, d, kStage);
}
bool LoadStoreHandlers::CPYM(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return copy_stage(s, n, d, kStage);
}
bool LoadStoreHandlers::SETM(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return set_stage(Helper::set_memory, s, n, d, kStage);
}
bool LoadStoreHandlers::SETGM(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return set_stage(Helper::set_tagged_memory, s, n, d, kStage);
}

bool LoadStoreHandlers::CPYFE(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return copy_stage(s, n, d, kEverything);
}
bool LoadStoreHandlers::CPYE(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return copy_stage(s, n, d, kEverything);
}
bool LoadStoreHandlers::SETE(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return set_stage(Helper::set_memory, s, n, d, kEverything);
}
bool LoadStoreHandlers::SETGE(uint32_t s, uint32_t, uint32_t n, uint32_t d) {
  return set_stage(Helper::set_tagged_memory, s, n, d, kEverything);
}

}  // namespace ferry::arm64
