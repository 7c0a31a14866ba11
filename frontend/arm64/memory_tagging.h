#pragma once

#include "frontend/arm64/load_store.h"

namespace ferry::arm64 {

/// Memory tagging (FEAT_MTE2; docs/adr/0013-memory-tagging.md): instructions on tags of pointers and of
/// memory. That accesses are checked is TranslatorCore's business.
class MemoryTaggingHandlers : public LoadStoreHandlers {
 public:
  bool IRG(uint32_t m, uint32_t n, uint32_t d);
  bool GMI(uint32_t m, uint32_t n, uint32_t d);
  bool ADDG(uint32_t imm, uint32_t tag_offset, uint32_t n, uint32_t d);
  bool SUBG(uint32_t imm, uint32_t tag_offset, uint32_t n, uint32_t d);
  bool SUBP(uint32_t m, uint32_t n, uint32_t d);
  bool SUBPS(uint32_t m, uint32_t n, uint32_t d);

  bool LDG(uint32_t imm, uint32_t n, uint32_t t);
  bool STG(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t);
  bool STZG(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t);
  bool ST2G(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t);
  bool STZ2G(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t);
  bool STGP(uint32_t mode, uint32_t imm, uint32_t t2, uint32_t n, uint32_t t);

 protected:
  using LoadStoreHandlers::LoadStoreHandlers;
  ~MemoryTaggingHandlers() = default;

 private:
  /// Where this instruction stores tags: `tagged`, which must be aligned, without its own. Its accesses are
  /// not checked.
  Value granule_address(Value tagged);
  bool store_granules(uint32_t imm, uint32_t mode, uint32_t n, uint32_t t, unsigned granules, bool zero);
  bool add_to_pointer(uint64_t offset, uint32_t tag_offset, uint32_t n, uint32_t d);
  /// Xn|SP without its top byte, sign-extended from bit 55.
  Value pointer_offset(uint32_t n);
};

}  // namespace ferry::arm64
