#include "frontend/arm64/load_store.h"
#include "ir/support/bits.h"

// Loads and stores of whole SIMD&FP registers (B, H, S, D, Q: size 0 to 4).

namespace ferry::arm64 {
namespace {

constexpr uint32_t kOffset = 2;

constexpr uint8_t bytes_of(uint32_t size) { return static_cast<uint8_t>(1u << size); }

/// The size of a register access: `quad` is opc<1>; false: unallocated.
constexpr bool register_size(uint32_t size, uint32_t quad, uint32_t& out) {
  out = quad != 0 ? 4 : size;
  return quad == 0 || size == 0;
}

/// The size of a pair's or a literal's registers from its opc field; 3 is unallocated.
constexpr uint32_t size_from_opc(uint32_t opc) { return opc + 2; }

constexpr int64_t offset9(uint32_t imm) { return support::sign_extend(imm, 9); }

}  // namespace

bool LoadStoreHandlers::load_vector(const Target& target, uint32_t n, uint32_t t, uint32_t size) {
  const Value value = load(Type::V16I8, target.address, {.bytes = bytes_of(size)});
  write_back(n, target);
  set_v(t, value);
  return true;
}

bool LoadStoreHandlers::store_vector(const Target& target, uint32_t n, uint32_t t, uint32_t size) {
  store(target.address, v(t), {.bytes = bytes_of(size)});
  write_back(n, target);
  return true;
}

bool LoadStoreHandlers::load_vector_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2,
                                         uint32_t size) {
  const auto [first, second] = pair_addresses(target, size, false);
  const Value low = load(Type::V16I8, first, {.bytes = bytes_of(size)});
  const Value high = load(Type::V16I8, second, {.bytes = bytes_of(size)});
  write_back(n, target);
  set_v(t, low);
  set_v(t2, high);
  return true;
}

bool LoadStoreHandlers::store_vector_pair(const Target& target, uint32_t n, uint32_t t, uint32_t t2,
                                          uint32_t size) {
  const auto [first, second] = pair_addresses(target, size, true);
  store(first, v(t), {.bytes = bytes_of(size)});
  store(second, v(t2), {.bytes = bytes_of(size)});
  write_back(n, target);
  return true;
}

bool LoadStoreHandlers::LDR_lit_fpsimd(uint32_t size, uint32_t, uint32_t t) {
  if (size == 3) return unallocated();
  return load_vector(literal_target(), 31, t, size_from_opc(size));
}

bool LoadStoreHandlers::STNP_fpsimd(uint32_t size, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t) {
  return STP_fpsimd(size, kOffset, imm, t2, n, t);
}
bool LoadStoreHandlers::LDNP_fpsimd(uint32_t size, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t) {
  return LDP_fpsimd(size, kOffset, imm, t2, n, t);
}
bool LoadStoreHandlers::STP_fpsimd(uint32_t size, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n,
                                   uint32_t t) {
  if (size == 3) return unallocated();
  const uint32_t log2 = size_from_opc(size);
  return store_vector_pair(indexed_target(n, support::sign_extend(imm, 7) * (1 << log2), mode), n, t, t2,
                           log2);
}
bool LoadStoreHandlers::LDP_fpsimd(uint32_t size, uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n,
                                   uint32_t t) {
  if (size == 3) return unallocated();
  const uint32_t log2 = size_from_opc(size);
  return load_vector_pair(indexed_target(n, support::sign_extend(imm, 7) * (1 << log2), mode), n, t, t2,
                          log2);
}

bool LoadStoreHandlers::STR_uimm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2)) return unallocated();
  return store_vector(offset_target(n, int64_t{imm} << log2), n, t, log2);
}
bool LoadStoreHandlers::LDR_uimm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2)) return unallocated();
  return load_vector(offset_target(n, int64_t{imm} << log2), n, t, log2);
}

bool LoadStoreHandlers::STR_imm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t pre, uint32_t n,
                                       uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2)) return unallocated();
  return store_vector(indexed_target(n, offset9(imm), pre != 0 ? 3 : 1), n, t, log2);
}
bool LoadStoreHandlers::LDR_imm_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t pre, uint32_t n,
                                       uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2)) return unallocated();
  return load_vector(indexed_target(n, offset9(imm), pre != 0 ? 3 : 1), n, t, log2);
}

bool LoadStoreHandlers::STUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2)) return unallocated();
  return store_vector(offset_target(n, offset9(imm)), n, t, log2);
}
bool LoadStoreHandlers::LDUR_fpsimd(uint32_t size, uint32_t quad, uint32_t imm, uint32_t n, uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2)) return unallocated();
  return load_vector(offset_target(n, offset9(imm)), n, t, log2);
}

bool LoadStoreHandlers::STR_reg_fpsimd(uint32_t size, uint32_t quad, uint32_t m, uint32_t option,
                                       uint32_t scaled, uint32_t n, uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2) || (option & 2) == 0) return unallocated();
  return store_vector({register_address(n, m, option, scaled * log2)}, n, t, log2);
}
bool LoadStoreHandlers::LDR_reg_fpsimd(uint32_t size, uint32_t quad, uint32_t m, uint32_t option,
                                       uint32_t scaled, uint32_t n, uint32_t t) {
  uint32_t log2;
  if (!register_size(size, quad, log2) || (option & 2) == 0) return unallocated();
  return load_vector({register_address(n, m, option, scaled * log2)}, n, t, log2);
}

}  // namespace ferry::arm64
