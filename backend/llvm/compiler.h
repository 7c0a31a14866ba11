#pragma once

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

#include "backend/llvm/lower.h"
#include "ir/support/result.h"

namespace ferry::backend::llvm_tier {

/// LLVM's part that outlives one compile: the target machine and the optimizer's passes, made once.
class Compiler {
 public:
  static support::Result<std::unique_ptr<Compiler>> create(bool host_extensions);

  HostFeatures host_features() const { return host_; }
  /// Gives an empty module the target's triple and data layout.
  void prepare(llvm::Module& module) const;
  void optimize(llvm::Module& module);
  /// Machine code as an ELF object.
  support::Result<llvm::SmallVector<char, 0>> emit_object(llvm::Module& module);

 private:
  Compiler() = default;
  void build_passes();
  bool build_code_generator();

  std::unique_ptr<llvm::TargetMachine> target_;
  HostFeatures host_;
  llvm::LoopAnalysisManager loops_;
  llvm::FunctionAnalysisManager functions_;
  llvm::CGSCCAnalysisManager sccs_;
  llvm::ModuleAnalysisManager modules_;
  llvm::FunctionPassManager passes_;
  llvm::SmallVector<char, 0> object_;
  llvm::raw_svector_ostream stream_{object_};
  llvm::legacy::PassManager emit_;
  bool places_are_sound_ = true;  ///< of what was emitted last (CheckPlaces)
};

}  // namespace ferry::backend::llvm_tier
