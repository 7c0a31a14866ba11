#include "frontend/arm64/memory_tagging.h"

#include "frontend/arm64/arch.h"
#include "frontend/arm64/memory_tags.h"
#include "ir/support/bits.h"

namespace ferry::arm64 {
namespace {

constexpr unsigned kGranule = MemoryTags::kGranule;
constexpr unsigned kTagShift = MemoryTags::kTagShift;
constexpr uint64_t kTagMask = MemoryTags::kTagMask;

/// A 9-bit or 7-bit offset in granules.
constexpr int64_t granule_offset(uint32_t imm, unsigned width) {
  return support::sign_extend(imm, width) * kGranule;
}

}  // namespace

// ---- tags of pointers

bool MemoryTaggingHandlers::IRG(uint32_t m, uint32_t n, uint32_t d) {
  set_r_sp(d, call(Helper::insert_random_tag, {x_sp(n), x(m)}));
  return true;
}

bool MemoryTaggingHandlers::GMI(uint32_t m, uint32_t n, uint32_t d) {
  const Value tag = b_.and_(b_.lshr(x_sp(n), b_.i64(kTagShift)), b_.i64(kTagMask));
  set_r(d, b_.or_(x(m), b_.shl(b_.i64(1), tag)));
  return true;
}

bool MemoryTaggingHandlers::add_to_pointer(uint64_t offset, uint32_t tag_offset, uint32_t n, uint32_t d) {
  // The tag follows the pointer's from before the addition.
  const Value old = x_sp(n);
  const Value sum = b_.add(old, b_.i64(offset));
  const Value tagged = call(Helper::add_tag, {old, b_.i32(tag_offset)});
  const Value mask = b_.i64(kTagMask << kTagShift);
  set_r_sp(d, b_.or_(b_.andn(sum, mask), b_.and_(tagged, mask)));
  return true;
}

bool MemoryTaggingHandlers::ADDG(uint32_t imm, uint32_t tag_offset, uint32_t n, uint32_t d) {
  return add_to_pointer(uint64_t{imm} * kGranule, tag_offset, n, d);
}
bool MemoryTaggingHandlers::SUBG(uint32_t imm, uint32_t tag_offset, uint32_t n, uint32_t d) {
  return add_to_pointer(0 - uint64_t{imm} * kGranule, tag_offset, n, d);
}

MemoryTaggingHandlers::Value MemoryTaggingHandlers::pointer_offset(uint32_t n) {
  constexpr uint64_t kTopByte = 8;
  return b_.ashr(b_.shl(x_sp(n), b_.i64(kTopByte)), b_.i64(kTopByte));
}

bool MemoryTaggingHandlers::SUBP(uint32_t m, uint32_t n, uint32_t d) {
  set_r(d, b_.sub(pointer_offset(n), pointer_offset(m)));
  return true;
}
bool MemoryTaggingHandlers::SUBPS(uint32_t m, uint32_t n, uint32_t d) {
  const Value a = pointer_offset(n);
  const Value b = pointer_offset(m);
  const Value difference = b_.sub(a, b);
  set_flags_sub(a, b, difference);
  set_r(d, difference);
  return true;
}

// ---- tags of memory. None of these accesses is checked.

bool MemoryTaggingHandlers::LDG(uint32_t imm, uint32_t n, uint32_t t) {
  const Value address = b_.add(x_sp(n), b_.i64(static_cast<uint64_t>(granule_offset(imm, 9))));
  set_r(t, call(Helper::load_tag, {address, x(t)}));
  return true;
}

MemoryTaggingHandlers::Value MemoryTaggingHandlers::granule_address(Value tagged) {
  check_alignment(tagged, kGranule);
  tag_checked_ = false;
  return b_.and_(tagged, b_.i64(Arch::kAddressMask));
}

bool MemoryTaggingHandlers::store_granules(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t,
                                           unsigned granules, bool zero) {
  if (mode == 0) return unallocated();
  const Target target = indexed_target(n, granule_offset(imm, 9), mode);
  const Value pointer = x_sp(t);
  const Value address = granule_address(full_address(target.address));
  for (unsigned i = 0; zero && i < granules; ++i) {
    const auto disp = static_cast<int32_t>(i * kGranule);
    store({.base = address, .disp = disp}, b_.konst(Type::V16I8, 0, 0), {.bytes = kGranule});
  }
  call(Helper::store_tags, {address, pointer, b_.i32(granules * kGranule)});
  write_back(n, target);
  return true;
}

bool MemoryTaggingHandlers::STG(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t) {
  return store_granules(imm, mode, n, t, 1, false);
}
bool MemoryTaggingHandlers::STZG(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t) {
  return store_granules(imm, mode, n, t, 1, true);
}
bool MemoryTaggingHandlers::ST2G(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t) {
  return store_granules(imm, mode, n, t, 2, false);
}
bool MemoryTaggingHandlers::STZ2G(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t) {
  return store_granules(imm, mode, n, t, 2, true);
}

bool MemoryTaggingHandlers::STGP(uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t) {
  const Target target = indexed_target(n, granule_offset(imm, 7), mode);
  const Value low = x(t);
  const Value high = x(t2);
  const Value tagged = full_address(target.address);
  const Value address = granule_address(tagged);
  store({.base = address}, low, {.bytes = 8});
  store({.base = address, .disp = 8}, high, {.bytes = 8});
  call(Helper::store_tags, {address, tagged, b_.i32(kGranule)});
  write_back(n, target);
  return true;
}

}  // namespace ferry::arm64
