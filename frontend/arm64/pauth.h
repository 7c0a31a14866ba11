#pragma once

#include "frontend/arm64/pointer_keys.h"
#include "frontend/arm64/system.h"

namespace ferry::arm64 {

/// Pointer authentication, FEAT_PAuth2 (Arm ARM D8.10). The code of a pointer is XORed into its field, so
/// signing and authenticating are one operation: a pointer with the right code loses it, any other keeps a
/// wrong one and faults where it is used. Addresses of the upper half, of which a program has none, are
/// signed in the same seven bits, although theirs could be fifteen.
class PauthHandlers : public SystemHandlers {
 public:
  bool PACIA(uint32_t n, uint32_t d);
  bool PACIB(uint32_t n, uint32_t d);
  bool PACDA(uint32_t n, uint32_t d);
  bool PACDB(uint32_t n, uint32_t d);
  bool AUTIA(uint32_t n, uint32_t d);
  bool AUTIB(uint32_t n, uint32_t d);
  bool AUTDA(uint32_t n, uint32_t d);
  bool AUTDB(uint32_t n, uint32_t d);
  bool PACIZA(uint32_t d);
  bool PACIZB(uint32_t d);
  bool PACDZA(uint32_t d);
  bool PACDZB(uint32_t d);
  bool AUTIZA(uint32_t d);
  bool AUTIZB(uint32_t d);
  bool AUTDZA(uint32_t d);
  bool AUTDZB(uint32_t d);
  bool XPACI(uint32_t d);
  bool XPACD(uint32_t d);
  bool PACGA(uint32_t m, uint32_t n, uint32_t d);

  // In the hint space
  bool XPACLRI();
  bool PACIA1716();
  bool PACIB1716();
  bool AUTIA1716();
  bool AUTIB1716();
  bool PACIAZ();
  bool PACIASP();
  bool PACIBZ();
  bool PACIBSP();
  bool AUTIAZ();
  bool AUTIASP();
  bool AUTIBZ();
  bool AUTIBSP();

  // Branches and loads; `key`: 0 A, 1 B
  bool BRAZ(uint32_t key, uint32_t n);
  bool BLRAZ(uint32_t key, uint32_t n);
  bool RETA(uint32_t key);
  bool BRA(uint32_t key, uint32_t n, uint32_t m);
  bool BLRA(uint32_t key, uint32_t n, uint32_t m);
  bool LDRA(uint32_t key, uint32_t imm, uint32_t pre, uint32_t n, uint32_t t);

 protected:
  using SystemHandlers::SystemHandlers;
  ~PauthHandlers() = default;

 private:
  /// pointer_code() as IR.
  Value code(const PointerKeyRegs& key, Value pointer, Value modifier);
  /// `pointer` signed if it was not, authenticated if it was.
  Value toggled(PointerKeyId key, Value pointer, Value modifier);
  bool toggle(PointerKeyId key, uint32_t d, Value modifier);
  bool strip(uint32_t d);
};

}  // namespace ferry::arm64
