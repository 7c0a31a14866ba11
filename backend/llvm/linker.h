#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <optional>
#include <utility>
#include <vector>

#include "backend/codegen.h"
#include "backend/llvm/lower.h"
#include "backend/llvm/places.h"

namespace llvm::jitlink {
class LinkGraph;
}

namespace ferry::backend::llvm_tier {

/// A linked region: an image and what it is made of.
class LinkedRegion {
 public:
  /// Links `object`, compiled from `function` with `plan`: JITLink resolves its references to what lies
  /// beside it, the call thunks, and leaves those to the slots as fixups.
  std::optional<support::Error> link(llvm::ArrayRef<char> object, const Plan& plan,
                                     const ir::Function& function);
  CodeImage image() const;

 private:
  friend class RegionMemory;
  friend class LinkContext;

  bool take_places(llvm::jitlink::LinkGraph& graph, const Plan& plan);
  void emit_exits(const Plan& plan, size_t object_bytes);

  CodeImage image_;
  std::vector<std::byte> code_;
  std::vector<ImageSlot> slots_;
  std::vector<uint32_t> thunks_;  ///< their offsets
  std::vector<ImageFixup> fixups_;
  Places places_;
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges_;
};

}  // namespace ferry::backend::llvm_tier
