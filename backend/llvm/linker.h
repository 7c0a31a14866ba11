#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <memory>

#include "backend/codegen.h"
#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

/// Places `object`, compiled from `function` with `plan`, in the code space: JITLink resolves its references
/// to the link slots and call thunks that are made here beside it.
support::Result<std::unique_ptr<CodeObject>> link(llvm::ArrayRef<char> object, const Plan& plan,
                                                  const ir::Function& function, CodeSpace& space);

}  // namespace ferry::backend::llvm_tier
