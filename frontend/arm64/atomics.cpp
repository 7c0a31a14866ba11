#include "frontend/arm64/load_store.h"
#include "ir/support/bits.h"

// Exclusives, loads-acquire and stores-release, FEAT_LSE and FEAT_LSE128. The IR's atomic operations are
// sequentially consistent, so the acquire and release bits of LSE instructions change nothing.

namespace ferry::arm64 {
namespace {

constexpr uint8_t bytes_of(uint32_t size) { return static_cast<uint8_t>(1u << size); }
constexpr uint32_t kDoubleword = 3;
constexpr uint32_t kWord = 2;
constexpr uint32_t kQuadword = 4;

constexpr uint32_t kPostIndexed = 1;
constexpr uint32_t kPreIndexed = 3;

}  // namespace

// ---- acquire and release

bool LoadStoreHandlers::load_ordered(Address address, uint32_t t, uint32_t size) {
  check_alignment(address, bytes_of(size));
  set_r(t, load(Type::I64, address, {.bytes = bytes_of(size), .ordered = true}));
  return true;
}

bool LoadStoreHandlers::store_ordered(Address address, uint32_t t, uint32_t size) {
  check_alignment(address, bytes_of(size));
  store(address, x(t), {.bytes = bytes_of(size), .ordered = true});
  return true;
}

bool LoadStoreHandlers::LDAR(uint32_t size, uint32_t n, uint32_t t) {
  return load_ordered({base_address(n)}, t, size);
}
bool LoadStoreHandlers::LDLAR(uint32_t size, uint32_t n, uint32_t t) {
  return load_ordered({base_address(n)}, t, size);
}
bool LoadStoreHandlers::LDAPR(uint32_t size, uint32_t n, uint32_t t) {
  return load_ordered({base_address(n)}, t, size);
}
bool LoadStoreHandlers::STLR(uint32_t size, uint32_t n, uint32_t t) {
  return store_ordered({base_address(n)}, t, size);
}
bool LoadStoreHandlers::STLLR(uint32_t size, uint32_t n, uint32_t t) {
  return store_ordered({base_address(n)}, t, size);
}

bool LoadStoreHandlers::STLUR(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return store_ordered(offset_target(n, support::sign_extend(imm, 9)).address, t, size);
}
bool LoadStoreHandlers::LDAPUR(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return load_ordered(offset_target(n, support::sign_extend(imm, 9)).address, t, size);
}
bool LoadStoreHandlers::LDAPURS(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t) {
  if (size == kDoubleword || (size == kWord && narrow != 0)) return unallocated();
  const Address address = offset_target(n, support::sign_extend(imm, 9)).address;
  const MemAccess access{.bytes = bytes_of(size), .sign_extend = true, .ordered = true};
  check_alignment(address, access.bytes);
  set_r(t, load(narrow != 0 ? Type::I32 : Type::I64, address, access));
  return true;
}

// ---- FEAT_LRCPC3

bool LoadStoreHandlers::STLR_pre(uint32_t wide, uint32_t n, uint32_t t) {
  const uint32_t size = wide + kWord;
  const Target target = indexed_target(n, -int64_t{bytes_of(size)}, kPreIndexed);
  store_ordered(target.address, t, size);
  write_back(n, target);
  return true;
}
bool LoadStoreHandlers::LDAPR_post(uint32_t wide, uint32_t n, uint32_t t) {
  const uint32_t size = wide + kWord;
  const Target target = indexed_target(n, bytes_of(size), kPostIndexed);
  check_alignment(target.address, bytes_of(size));
  const Value value = load(Type::I64, target.address, {.bytes = bytes_of(size), .ordered = true});
  write_back(n, target);
  set_r(t, value);  // last: it stays where t is also the base, as load_general()
  return true;
}

bool LoadStoreHandlers::STILP(uint32_t wide, uint32_t t2, uint32_t plain, uint32_t n, uint32_t t) {
  const uint32_t size = wide + kWord;
  const unsigned bytes = 2u * bytes_of(size);
  const Value address = plain != 0 ? base_address(n) : b_.sub(x_sp(n), b_.i64(bytes));
  call(Helper::store_pair_ordered, {check_tags(address, bytes, true), b_.i32(t | t2 << 8), b_.i32(size)});
  if (plain == 0) set_r_sp(n, address);
  return true;
}
bool LoadStoreHandlers::LDIAPP(uint32_t wide, uint32_t t2, uint32_t plain, uint32_t n, uint32_t t) {
  // Constrained unpredictable, UNDEFINED among the choices: one register loaded twice, or the base loaded.
  if (t == t2 || (plain == 0 && n != 31 && (n == t || n == t2))) return unallocated();
  const uint32_t size = wide + kWord;
  const unsigned bytes = 2u * bytes_of(size);
  const Value base = plain != 0 ? base_address(n) : x_sp(n);
  call(Helper::load_pair_ordered, {check_tags(base, bytes, false), b_.i32(t | t2 << 8), b_.i32(size)});
  if (plain == 0) set_r_sp(n, b_.add(base, b_.i64(bytes)));
  return true;
}

bool LoadStoreHandlers::STLUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t) {
  if (quad != 0 && size != 0) return unallocated();
  const uint32_t log2 = quad != 0 ? kQuadword : size;
  const Address address = offset_target(n, support::sign_extend(imm, 9)).address;
  check_alignment(address, bytes_of(log2));
  store(address, v(t), {.bytes = bytes_of(log2), .ordered = true});
  return true;
}
bool LoadStoreHandlers::LDAPUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t) {
  if (quad != 0 && size != 0) return unallocated();
  const uint32_t log2 = quad != 0 ? kQuadword : size;
  const Address address = offset_target(n, support::sign_extend(imm, 9)).address;
  check_alignment(address, bytes_of(log2));
  set_v(t, load(Type::V16I8, address, {.bytes = bytes_of(log2), .ordered = true}));
  return true;
}
bool LoadStoreHandlers::STL1(uint32_t index, uint32_t n, uint32_t t) {
  check_alignment(x_sp(n), 8);
  store({base_address(n)}, lane(t, Type::I64, index), {.bytes = 8, .ordered = true});
  return true;
}
bool LoadStoreHandlers::LDAP1(uint32_t index, uint32_t n, uint32_t t) {
  check_alignment(x_sp(n), 8);
  const Value value = load(Type::I64, {base_address(n)}, {.bytes = 8, .ordered = true});
  set_v(t, b_.emit(Op::insert_lane, Type::V2I64, {v(t), value}, index));
  return true;
}

// ---- exclusives (docs/adr/0008-exclusives.md)

LoadStoreHandlers::Value LoadStoreHandlers::atomic_address(uint32_t n, unsigned bytes) {
  const Value address = base_address(n);
  check_alignment(address, bytes);
  return address;
}

bool LoadStoreHandlers::load_exclusive(uint32_t size, uint32_t n, uint32_t t) {
  const Value address = check_tags(atomic_address(n, bytes_of(size)), bytes_of(size), false);
  set_r(t, call(Helper::load_exclusive, {address, b_.i32(size)}));
  return true;
}

bool LoadStoreHandlers::load_exclusive_pair(uint32_t wide, uint32_t t2, uint32_t n, uint32_t t) {
  const uint32_t size = wide != 0 ? kDoubleword : kWord;
  const unsigned bytes = 2u * bytes_of(size);
  call(Helper::load_exclusive_pair, {check_tags(atomic_address(n, bytes), bytes, false), b_.i32(size)});
  const Value pair = b_.get_reg(EXCLUSIVE_VALUE, Type::V16I8);
  set_r(t, b_.unary(Op::extract_lane, Type::I64, pair, 0));
  set_r(t2, b_.unary(Op::extract_lane, Type::I64, pair, 1));
  return true;
}

bool LoadStoreHandlers::store_exclusive(uint32_t size, uint32_t s, uint32_t n, uint32_t t) {
  const Value address = check_tags(atomic_address(n, bytes_of(size)), bytes_of(size), true);
  set_r(s, call(Helper::store_exclusive, {address, x(t), b_.i32(size)}));
  return true;
}

bool LoadStoreHandlers::store_exclusive_pair(uint32_t wide, uint32_t s, uint32_t t2, uint32_t n, uint32_t t) {
  const uint32_t size = wide != 0 ? kDoubleword : kWord;
  const unsigned bytes = 2u * bytes_of(size);
  const Value address = check_tags(atomic_address(n, bytes), bytes, true);
  set_r(s, call(Helper::store_exclusive_pair, {address, x(t), x(t2), b_.i32(size)}));
  return true;
}

bool LoadStoreHandlers::LDXR(uint32_t size, uint32_t n, uint32_t t) { return load_exclusive(size, n, t); }
bool LoadStoreHandlers::LDAXR(uint32_t size, uint32_t n, uint32_t t) { return load_exclusive(size, n, t); }
bool LoadStoreHandlers::STXR(uint32_t size, uint32_t s, uint32_t n, uint32_t t) {
  return store_exclusive(size, s, n, t);
}
bool LoadStoreHandlers::STLXR(uint32_t size, uint32_t s, uint32_t n, uint32_t t) {
  return store_exclusive(size, s, n, t);
}
bool LoadStoreHandlers::LDXP(uint32_t wide, uint32_t t2, uint32_t n, uint32_t t) {
  return load_exclusive_pair(wide, t2, n, t);
}
bool LoadStoreHandlers::LDAXP(uint32_t wide, uint32_t t2, uint32_t n, uint32_t t) {
  return load_exclusive_pair(wide, t2, n, t);
}
bool LoadStoreHandlers::STXP(uint32_t wide, uint32_t s, uint32_t t2, uint32_t n, uint32_t t) {
  return store_exclusive_pair(wide, s, t2, n, t);
}
bool LoadStoreHandlers::STLXP(uint32_t wide, uint32_t s, uint32_t t2, uint32_t n, uint32_t t) {
  return store_exclusive_pair(wide, s, t2, n, t);
}

// ---- compare and swap

bool LoadStoreHandlers::CAS(uint32_t size, uint32_t, uint32_t s, uint32_t, uint32_t n, uint32_t t) {
  const uint32_t sf = size == kDoubleword;
  const Value address = atomic_address(n, bytes_of(size));
  set_r(s, cmpxchg(address, r(sf, s), r(sf, t), {.bytes = bytes_of(size)}));
  return true;
}

bool LoadStoreHandlers::CASP(uint32_t wide, uint32_t, uint32_t s, uint32_t, uint32_t n, uint32_t t) {
  if ((s & 1) != 0 || (t & 1) != 0) return unallocated();
  const auto bytes = static_cast<uint8_t>(2u * bytes_of(wide != 0 ? kDoubleword : kWord));
  const Value address = atomic_address(n, bytes);
  if (wide != 0) {
    const auto pair = [this](uint32_t first) {
      const Value low = b_.unary(Op::scalar_to_vec, Type::V2I64, x(first));
      return b_.emit(Op::insert_lane, Type::V2I64, {low, x(first + 1)}, 1);
    };
    const Value old = cmpxchg(address, pair(s), pair(t), {.bytes = bytes});
    set_r(s, b_.unary(Op::extract_lane, Type::I64, old, 0));
    set_r(s + 1, b_.unary(Op::extract_lane, Type::I64, old, 1));
    return true;
  }
  const auto pair = [this](uint32_t first) {
    return b_.or_(b_.zext(Type::I64, w(first)), b_.shl(x(first + 1), b_.i64(32)));
  };
  const Value old = cmpxchg(address, pair(s), pair(t), {.bytes = bytes});
  set_r(s, b_.trunc(Type::I32, old));
  set_r(s + 1, b_.lshr(old, b_.i64(32)));
  return true;
}

// ---- read, modify, write

bool LoadStoreHandlers::atomic(ir::AtomicKind kind, uint32_t size, uint32_t s, uint32_t n, uint32_t t) {
  const Value operand = r(size == kDoubleword, s);
  const Value address = atomic_address(n, bytes_of(size));
  set_r(t, atomic_rmw(address, operand, {.bytes = bytes_of(size)}, kind));
  return true;
}

bool LoadStoreHandlers::LDADD(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Add, size, s, n, t);
}
bool LoadStoreHandlers::LDCLR(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::AndNot, size, s, n, t);
}
bool LoadStoreHandlers::LDEOR(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Xor, size, s, n, t);
}
bool LoadStoreHandlers::LDSET(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Or, size, s, n, t);
}
bool LoadStoreHandlers::LDSMAX(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Smax, size, s, n, t);
}
bool LoadStoreHandlers::LDSMIN(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Smin, size, s, n, t);
}
bool LoadStoreHandlers::LDUMAX(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Umax, size, s, n, t);
}
bool LoadStoreHandlers::LDUMIN(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Umin, size, s, n, t);
}
bool LoadStoreHandlers::SWP(uint32_t size, uint32_t, uint32_t, uint32_t s, uint32_t n, uint32_t t) {
  return atomic(ir::AtomicKind::Swap, size, s, n, t);
}

// ---- FEAT_LSE128

bool LoadStoreHandlers::atomic_pair(Helper helper, uint32_t t2, uint32_t n, uint32_t t) {
  if (t == 31 || t2 == 31 || t == t2) return unallocated();
  const Value address = check_tags(atomic_address(n, 16), 16, false);
  call(helper, {address, b_.i32(t | t2 << 8)});
  return true;
}

bool LoadStoreHandlers::LDCLRP(uint32_t, uint32_t, uint32_t t2, uint32_t n, uint32_t t) {
  return atomic_pair(Helper::clear_pair, t2, n, t);
}
bool LoadStoreHandlers::LDSETP(uint32_t, uint32_t, uint32_t t2, uint32_t n, uint32_t t) {
  return atomic_pair(Helper::set_pair, t2, n, t);
}
bool LoadStoreHandlers::SWPP(uint32_t, uint32_t, uint32_t t2, uint32_t n, uint32_t t) {
  return atomic_pair(Helper::swap_pair, t2, n, t);
}

}  // namespace ferry::arm64
