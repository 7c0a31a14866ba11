#include "frontend/arm64/pauth.h"

#include "ir/support/bits.h"

namespace ferry::arm64 {
namespace {

constexpr uint32_t kZero = 31;
constexpr uint32_t kSp = 31;
constexpr uint32_t kLink = 30;

/// Bits 63 to 48, all ones in an unsigned address of the upper half.
constexpr uint64_t kUpperHalfExtension = 0xffff'0000'0000'0000;

constexpr PointerKeyId instruction_key(uint32_t key) { return key == 0 ? kKeyIA : kKeyIB; }

}  // namespace

// ---- the algorithm; pointer_keys.h says the same in C++

PauthHandlers::Value PauthHandlers::code(const PointerKeyRegs& key, Value pointer, Value modifier) {
  const Value multiplier = b_.get_reg(key.multiplier, Type::I64);
  const Value sum = b_.add(pointer, b_.get_reg(key.addend, Type::I64));
  const Value product = b_.mul(sum, b_.xor_(modifier, multiplier));
  return b_.mul(b_.xor_(product, b_.lshr(product, b_.i64(32))), multiplier);
}

PauthHandlers::Value PauthHandlers::toggled(PointerKeyId id, Value pointer, Value modifier) {
  const PointerKeyRegs key = pointer_key_regs(id);
  const Value field = b_.get_reg(key.field, Type::I64);
  const Value in_place = b_.lshr(code(key, b_.andn(pointer, field), modifier), b_.i64(kPointerCodeShift));
  return b_.xor_(pointer, b_.and_(in_place, field));
}

bool PauthHandlers::toggle(PointerKeyId key, uint32_t d, Value modifier) {
  set_r(d, toggled(key, x(d), modifier));
  return true;
}

/// Makes the pointer what it was before it was signed, whatever keys are enabled. In the upper half, where
/// Linux ignores no tags (TCR_EL1.TBI1 = 0), the field includes the top byte.
bool PauthHandlers::strip(uint32_t d) {
  const Value field = b_.i64(kPointerCodeField);
  const Value upper_half = b_.ashr(b_.shl(x(d), b_.i64(8)), b_.i64(63));
  set_r(d, b_.or_(b_.andn(x(d), field), b_.and_(upper_half, b_.i64(kUpperHalfExtension))));
  return true;
}

// ---- data processing (1 source and 2 source)

bool PauthHandlers::PACIA(uint32_t n, uint32_t d) { return toggle(kKeyIA, d, x_sp(n)); }
bool PauthHandlers::PACIB(uint32_t n, uint32_t d) { return toggle(kKeyIB, d, x_sp(n)); }
bool PauthHandlers::PACDA(uint32_t n, uint32_t d) { return toggle(kKeyDA, d, x_sp(n)); }
bool PauthHandlers::PACDB(uint32_t n, uint32_t d) { return toggle(kKeyDB, d, x_sp(n)); }
bool PauthHandlers::AUTIA(uint32_t n, uint32_t d) { return toggle(kKeyIA, d, x_sp(n)); }
bool PauthHandlers::AUTIB(uint32_t n, uint32_t d) { return toggle(kKeyIB, d, x_sp(n)); }
bool PauthHandlers::AUTDA(uint32_t n, uint32_t d) { return toggle(kKeyDA, d, x_sp(n)); }
bool PauthHandlers::AUTDB(uint32_t n, uint32_t d) { return toggle(kKeyDB, d, x_sp(n)); }
bool PauthHandlers::PACIZA(uint32_t d) { return toggle(kKeyIA, d, x(kZero)); }
bool PauthHandlers::PACIZB(uint32_t d) { return toggle(kKeyIB, d, x(kZero)); }
bool PauthHandlers::PACDZA(uint32_t d) { return toggle(kKeyDA, d, x(kZero)); }
bool PauthHandlers::PACDZB(uint32_t d) { return toggle(kKeyDB, d, x(kZero)); }
bool PauthHandlers::AUTIZA(uint32_t d) { return toggle(kKeyIA, d, x(kZero)); }
bool PauthHandlers::AUTIZB(uint32_t d) { return toggle(kKeyIB, d, x(kZero)); }
bool PauthHandlers::AUTDZA(uint32_t d) { return toggle(kKeyDA, d, x(kZero)); }
bool PauthHandlers::AUTDZB(uint32_t d) { return toggle(kKeyDB, d, x(kZero)); }
bool PauthHandlers::XPACI(uint32_t d) { return strip(d); }
bool PauthHandlers::XPACD(uint32_t d) { return strip(d); }

bool PauthHandlers::PACGA(uint32_t m, uint32_t n, uint32_t d) {
  const Value all = code(pointer_key_regs(kKeyGA), x(n), x_sp(m));
  set_r(d, b_.and_(all, b_.i64(0xffff'ffff'0000'0000)));
  return true;
}

// ---- hints

bool PauthHandlers::XPACLRI() { return strip(kLink); }
bool PauthHandlers::PACIA1716() { return toggle(kKeyIA, 17, x(16)); }
bool PauthHandlers::PACIB1716() { return toggle(kKeyIB, 17, x(16)); }
bool PauthHandlers::AUTIA1716() { return toggle(kKeyIA, 17, x(16)); }
bool PauthHandlers::AUTIB1716() { return toggle(kKeyIB, 17, x(16)); }
bool PauthHandlers::PACIAZ() { return toggle(kKeyIA, kLink, x(kZero)); }
bool PauthHandlers::PACIASP() { return toggle(kKeyIA, kLink, x_sp(kSp)); }
bool PauthHandlers::PACIBZ() { return toggle(kKeyIB, kLink, x(kZero)); }
bool PauthHandlers::PACIBSP() { return toggle(kKeyIB, kLink, x_sp(kSp)); }
bool PauthHandlers::AUTIAZ() { return toggle(kKeyIA, kLink, x(kZero)); }
bool PauthHandlers::AUTIASP() { return toggle(kKeyIA, kLink, x_sp(kSp)); }
bool PauthHandlers::AUTIBZ() { return toggle(kKeyIB, kLink, x(kZero)); }
bool PauthHandlers::AUTIBSP() { return toggle(kKeyIB, kLink, x_sp(kSp)); }

// ---- branches and loads

bool PauthHandlers::BRAZ(uint32_t key, uint32_t n) {
  return branch_to(n, toggled(instruction_key(key), x(n), x(kZero)));
}
bool PauthHandlers::BLRAZ(uint32_t key, uint32_t n) {
  return call_to(toggled(instruction_key(key), x(n), x(kZero)));
}
bool PauthHandlers::RETA(uint32_t key) { return ret(toggled(instruction_key(key), x(kLink), x_sp(kSp))); }
bool PauthHandlers::BRA(uint32_t key, uint32_t n, uint32_t m) {
  return branch_to(n, toggled(instruction_key(key), x(n), x_sp(m)));
}
bool PauthHandlers::BLRA(uint32_t key, uint32_t n, uint32_t m) {
  return call_to(toggled(instruction_key(key), x(n), x_sp(m)));
}

bool PauthHandlers::LDRA(uint32_t key, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t) {
  const int64_t offset = support::sign_extend(imm, 10) * 8;
  const Value base = toggled(key == 0 ? kKeyDA : kKeyDB, pre != 0 ? x_sp(n) : base_address(n), x(kZero));
  const Value value = load(Type::I64, {.base = base, .disp = static_cast<int32_t>(offset)}, {.bytes = 8});
  if (pre != 0) set_r_sp(n, b_.add(base, b_.i64(static_cast<uint64_t>(offset))));
  set_r(t, value);
  return true;
}

}  // namespace ferry::arm64
