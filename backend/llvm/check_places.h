#pragma once

#include <llvm/CodeGen/MachineFunctionPass.h>

namespace ferry::backend::llvm_tier {

/// Looks at the machine code of a precise region, where every instruction and every register has its place:
/// between each stack map and the access that it is about nothing may have changed what it names (Lowering,
/// lower_faults.cpp). A pass for just before the code is written out.
class CheckPlaces final : public llvm::MachineFunctionPass {
 public:
  static char ID;  // NOLINT(readability-identifier-naming): LLVM's name

  /// `sound` outlives the pass; it is set to false when a region must not be used.
  explicit CheckPlaces(bool& sound) : MachineFunctionPass(ID), sound_(sound) {}

  llvm::StringRef getPassName() const override { return "register places at guest accesses"; }
  bool runOnMachineFunction(llvm::MachineFunction& function) override;

 private:
  bool& sound_;
};

}  // namespace ferry::backend::llvm_tier
