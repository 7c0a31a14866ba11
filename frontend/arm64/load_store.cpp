#include "frontend/arm64/load_store.h"

#include "ir/support/bits.h"

// Loads and stores of general registers, and the addresses of all.

namespace ferry::arm64 {
namespace {

constexpr uint32_t kPostIndexed = 1;
constexpr uint32_t kOffset = 2;
constexpr uint32_t kPreIndexed = 3;

/// The 9-bit field of the unscaled and the indexed forms.
constexpr int64_t offset9(uint32_t imm) { return support::sign_extend(imm, 9); }

constexpr uint32_t indexed_mode(uint32_t pre) { return pre != 0 ? kPreIndexed : kPostIndexed; }

constexpr ir::MemAccess kWholePair{.bytes = 16, .whole = true};

constexpr uint8_t bytes_of(uint32_t size) { return static_cast<uint8_t>(1u << size); }

}  // namespace

// ---- addresses

LoadStoreHandlers::Target LoadStoreHandlers::offset_target(uint32_t n, int64_t offset) {
  return {{.base = base_address(n), .disp = static_cast<int32_t>(offset)}};
}

LoadStoreHandlers::Target LoadStoreHandlers::indexed_target(uint32_t n, int64_t offset, uint32_t mode) {
  const Value base = mode == kOffset ? base_address(n) : x_sp(n);
  Target target{{.base = base, .disp = mode == kPostIndexed ? 0 : static_cast<int32_t>(offset)}};
  if (mode != kOffset) target.written_back = b_.add(base, b_.i64(static_cast<uint64_t>(offset)));
  return target;
}

void LoadStoreHandlers::write_back(uint32_t n, const Target& target) {
  if (target.written_back) set_r_sp(n, target.written_back);
}

ir::Address LoadStoreHandlers::register_address(uint32_t n, uint32_t m, uint32_t option, unsigned shift) {
  return {.base = x_sp(n), .index = extended(1, m, option), .scale = static_cast<uint8_t>(shift)};
}

// ---- the accesses. Base registers change after memory was accessed, so that a fault leaves them; a loaded
// register that is also the base (CONSTRAINED UNPREDICTABLE) ends as what was loaded.

bool LoadStoreHandlers::load_general(const Target& target, uint32_t n, uint32_t t, uint32_t size) {
  const Value value = load(Type::I64, target.address, {.bytes = bytes_of(size)});
  write_back(n, target);
  set_r(t, value);
  return true;
}

bool LoadStoreHandlers::load_signed(const Target& target, uint32_t n, uint32_t t, uint32_t size,
                                    uint32_t narrow) {
  if (size == 3 || (size == 2 && narrow != 0)) return unallocated();
  const Type type = narrow != 0 ? Type::I32 : Type::I64;
  const Value value = load(type, target.address, {.bytes = bytes_of(size), .sign_extend = true});
  write_back(n, target);
  set_r(t, value);
  return true;
}

bool LoadStoreHandlers::store_general(const Target& target, uint32_t n, uint32_t t, uint32_t size) {
  store(target.address, x(t), {.bytes = bytes_of(size)});
  write_back(n, target);
  return true;
}

std::pair<ir::Address, ir::Address> LoadStoreHandlers::pair_addresses(const Target& target, uint32_t size,
                                                                      bool write) {
  const Address first = check_tags(target.address, 2u << size, write);
  Address second = first;
  second.disp += 1 << size;
  return {first, second};
}

// Arm ARM B2.2.1: with FEAT_LSE2 a pair of 64-bit registers is one access where the address is a multiple
// of 16. x86 processors with AVX do that for 16 bytes (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2).
bool LoadStoreHandlers::is_whole(uint32_t size) const { return size == 3 && cpu_.has(Feature::LSE2); }

bool LoadStoreHandlers::load_whole_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2) {
  const Value both = load(Type::V2I64, target.address, kWholePair);
  write_back(n, target);
  set_r(t, b_.unary(Op::extract_lane, Type::I64, both, 0));
  set_r(t2, b_.unary(Op::extract_lane, Type::I64, both, 1));
  return true;
}

bool LoadStoreHandlers::store_whole_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2) {
  const Value low = b_.unary(Op::scalar_to_vec, Type::V2I64, x(t));
  store(target.address, b_.emit(Op::insert_lane, Type::V2I64, {low, x(t2)}, 1), kWholePair);
  write_back(n, target);
  return true;
}

bool LoadStoreHandlers::load_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2, uint32_t size,
                                  bool sign_extend) {
  if (is_whole(size)) return load_whole_pair(target, n, t, t2);
  const auto [first, second] = pair_addresses(target, size, false);
  const MemAccess access{.bytes = bytes_of(size), .sign_extend = sign_extend};
  const Value low = load(Type::I64, first, access);
  const Value high = load(Type::I64, second, access);
  write_back(n, target);
  set_r(t, low);
  set_r(t2, high);
  return true;
}

bool LoadStoreHandlers::store_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2, uint32_t size) {
  if (is_whole(size)) return store_whole_pair(target, n, t, t2);
  const auto [first, second] = pair_addresses(target, size, true);
  const Value low = x(t);
  const Value high = x(t2);
  store(first, low, {.bytes = bytes_of(size)});
  store(second, high, {.bytes = bytes_of(size)});
  write_back(n, target);
  return true;
}

// ---- literals

LoadStoreHandlers::Target LoadStoreHandlers::literal_target() {
  tag_checked_ = false;
  return {{.base = b_.i64(direct_target(word_, pc_).value)}};
}

bool LoadStoreHandlers::LDR_lit_gen(uint32_t wide, uint32_t, uint32_t t) {
  return load_general(literal_target(), 31, t, wide != 0 ? 3 : 2);
}
bool LoadStoreHandlers::LDRSW_lit(uint32_t, uint32_t t) { return load_signed(literal_target(), 31, t, 2, 0); }
bool LoadStoreHandlers::PRFM_lit(uint32_t, uint32_t) { return true; }

// ---- pairs

namespace {

/// The 7-bit offset of a pair, scaled by the register's size.
constexpr int64_t pair_offset(uint32_t imm, uint32_t size) {
  return support::sign_extend(imm, 7) * (1 << size);
}

}  // namespace

bool LoadStoreHandlers::STNP_gen(uint32_t wide, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t) {
  return STP_gen(wide, kOffset, imm, t2, n, t);
}
bool LoadStoreHandlers::LDNP_gen(uint32_t wide, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t) {
  return LDP_gen(wide, kOffset, imm, t2, n, t);
}
bool LoadStoreHandlers::STP_gen(uint32_t wide, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n,
                                uint32_t t) {
  const uint32_t size = wide + 2;
  return store_pair(indexed_target(n, pair_offset(imm, size), mode), n, t, t2, size);
}
bool LoadStoreHandlers::LDP_gen(uint32_t wide, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n,
                                uint32_t t) {
  const uint32_t size = wide + 2;
  return load_pair(indexed_target(n, pair_offset(imm, size), mode), n, t, t2, size, false);
}
bool LoadStoreHandlers::LDPSW(uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t) {
  if (mode == 0) return unallocated();
  return load_pair(indexed_target(n, pair_offset(imm, 2), mode), n, t, t2, 2, true);
}

// ---- unsigned offset

bool LoadStoreHandlers::STR_uimm_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return store_general(offset_target(n, int64_t{imm} << size), n, t, size);
}
bool LoadStoreHandlers::LDR_uimm_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return load_general(offset_target(n, int64_t{imm} << size), n, t, size);
}
bool LoadStoreHandlers::LDRS_uimm_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t) {
  return load_signed(offset_target(n, int64_t{imm} << size), n, t, size, narrow);
}
bool LoadStoreHandlers::PRFM_uimm(uint32_t, uint32_t, uint32_t) { return true; }

// ---- post- and pre-indexed

bool LoadStoreHandlers::STR_imm_gen(uint32_t size, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t) {
  return store_general(indexed_target(n, offset9(imm), indexed_mode(pre)), n, t, size);
}
bool LoadStoreHandlers::LDR_imm_gen(uint32_t size, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t) {
  return load_general(indexed_target(n, offset9(imm), indexed_mode(pre)), n, t, size);
}
bool LoadStoreHandlers::LDRS_imm_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t pre, uint32_t n,
                                     uint32_t t) {
  return load_signed(indexed_target(n, offset9(imm), indexed_mode(pre)), n, t, size, narrow);
}

// ---- unscaled offset; the unprivileged forms are the same at EL0

bool LoadStoreHandlers::STUR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return store_general(offset_target(n, offset9(imm)), n, t, size);
}
bool LoadStoreHandlers::LDUR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return load_general(offset_target(n, offset9(imm)), n, t, size);
}
bool LoadStoreHandlers::LDURS_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t) {
  return load_signed(offset_target(n, offset9(imm)), n, t, size, narrow);
}
bool LoadStoreHandlers::PRFUM(uint32_t, uint32_t, uint32_t) { return true; }
bool LoadStoreHandlers::STTR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return STUR_gen(size, imm, n, t);
}
bool LoadStoreHandlers::LDTR_gen(uint32_t size, uint32_t imm, uint32_t n, uint32_t t) {
  return LDUR_gen(size, imm, n, t);
}
bool LoadStoreHandlers::LDTRS_gen(uint32_t size, uint32_t narrow, uint32_t imm, uint32_t n, uint32_t t) {
  return LDURS_gen(size, narrow, imm, n, t);
}

// ---- register offset; option<1> = 0 would extend from bytes and halfwords: unallocated

bool LoadStoreHandlers::STR_reg_gen(uint32_t size, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n,
                                    uint32_t t) {
  if ((option & 2) == 0) return unallocated();
  return store_general({register_address(n, m, option, scaled * size)}, n, t, size);
}
bool LoadStoreHandlers::LDR_reg_gen(uint32_t size, uint32_t m, uint32_t option, uint32_t scaled, uint32_t n,
                                    uint32_t t) {
  if ((option & 2) == 0) return unallocated();
  return load_general({register_address(n, m, option, scaled * size)}, n, t, size);
}
bool LoadStoreHandlers::LDRS_reg_gen(uint32_t size, uint32_t narrow, uint32_t m, uint32_t option,
                                     uint32_t scaled, uint32_t n, uint32_t t) {
  if ((option & 2) == 0) return unallocated();
  return load_signed({register_address(n, m, option, scaled * size)}, n, t, size, narrow);
}
bool LoadStoreHandlers::PRFM_reg(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t) { return true; }

}  // namespace ferry::arm64
