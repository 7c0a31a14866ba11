#pragma once

#include "frontend/arm64/simd.h"

namespace ferry::arm64 {

/// Translates A64 code to IR. Its handlers, one member function per row of a64.def, come from a chain of
/// classes, one per family of instructions:
///   TranslatorCore <- AluHandlers <- BranchHandlers <- SystemHandlers <- PauthHandlers <-
///   LoadStoreHandlers <- MemoryTaggingHandlers <- FpHandlers <- FpVectorHandlers <- SimdHandlers
/// A row without a handler, or whose feature the CPU does not have, is an illegal instruction.
class Translator final : public SimdHandlers {
 public:
  Translator(const Cpu& cpu, const ir::BlockKey& key, const ir::TranslateLimits& limits, ir::Function& out)
      : SimdHandlers(cpu, key, limits, out) {}

  void translate();

 private:
  /// The check of an indirect branch's target, then the code there.
  void landing();
  /// A jump to an address that is no multiple of 4: a fault of the CPU (Arm ARM D1.3.9); nothing is read.
  void misaligned_entry();
  void translate_block(GuestAddr pc, GuestAddr end);
  bool translate_instruction();
};

}  // namespace ferry::arm64
