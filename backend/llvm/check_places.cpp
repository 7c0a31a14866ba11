#include "backend/llvm/check_places.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/PseudoSourceValue.h>
#include <llvm/CodeGen/StackMaps.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetLowering.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/Argument.h>
#include <llvm/IR/GlobalValue.h>

#include <optional>
#include <utility>
#include <vector>

#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

namespace {

using llvm::MachineBasicBlock;
using llvm::MachineInstr;
using llvm::MachineMemOperand;

bool is_stack(const MachineMemOperand& memory) {
  const llvm::PseudoSourceValue* pseudo = memory.getPseudoValue();
  return pseudo != nullptr && (pseudo->isStack() || pseudo->kind() == llvm::PseudoSourceValue::FixedStack);
}

/// The guest's registers, the runtime's area and the code's own constants lie where no access faults.
bool is_own(const MachineMemOperand& memory) {
  if (memory.getPseudoValue() != nullptr) return true;
  if (memory.getValue() == nullptr) return false;
  const llvm::Value* object = llvm::getUnderlyingObject(memory.getValue(), /*MaxLookup=*/0);
  return llvm::isa<llvm::Argument>(object) || llvm::isa<llvm::GlobalValue>(object);
}

/// The operands of a stack map that name one value (llvm/CodeGen/StackMaps.h).
struct Named {
  unsigned first, count;
};

llvm::SmallVector<Named, 32> values_of(const MachineInstr& map) {
  using llvm::StackMaps;
  constexpr unsigned kFirst = 2;  // behind number and shadow
  llvm::SmallVector<Named, 32> values;
  for (unsigned i = kFirst; i < map.getNumOperands(); i += values.back().count) {
    const llvm::MachineOperand& operand = map.getOperand(i);
    if (operand.isReg() && operand.isImplicit()) break;
    unsigned count = 1;
    if (operand.isImm() && operand.getImm() == StackMaps::ConstantOp) count = 2;
    if (operand.isImm() && operand.getImm() == StackMaps::DirectMemRefOp) count = 3;
    if (operand.isImm() && operand.getImm() == StackMaps::IndirectMemRefOp) count = 4;
    values.push_back({i, count});
  }
  return values;
}

/// Where a value of a stack map is at some instruction behind it.
struct Place {
  bool is_constant = false;
  llvm::SmallVector<llvm::MCRegister, 2> registers;
  std::optional<int64_t> displacement;  ///< in memory, this far from the frame

  Place(const MachineInstr& map, Named value) {
    const llvm::MachineOperand& first = map.getOperand(value.first);
    if (first.isReg()) {
      registers.push_back(first.getReg().asMCReg());
    } else if (first.getImm() == llvm::StackMaps::IndirectMemRefOp) {
      displacement = map.getOperand(value.first + 3).getImm();
    } else {
      is_constant = true;
    }
  }
  bool is_known() const { return is_constant || displacement || !registers.empty(); }
};

/// A register, or what is as far from the frame.
struct Spot {
  llvm::MCRegister reg;
  int64_t displacement = 0;
};

/// Register allocation may move values between a stack map and its access, or leave them in another place
/// that the stack map behind the access names. The stack maps are changed to name what holds at the access.
class Checker {
 public:
  explicit Checker(llvm::MachineFunction& function)
      : instructions_(*function.getSubtarget().getInstrInfo()),
        registers_(*function.getSubtarget().getRegisterInfo()),
        stack_pointer_(function.getSubtarget().getTargetLowering()->getStackPointerRegisterToSaveRestore()),
        frame_(registers_.getFrameRegister(function)) {}

  bool run(llvm::MachineFunction& function) {
    for (MachineBasicBlock& block : function) {
      map_ = nullptr;
      for (auto inst = block.begin(); inst != block.end();) {
        if (!step(*inst++)) return false;
      }
    }
    return true;
  }

 private:
  bool step(MachineInstr& inst) {
    if (inst.getOpcode() == llvm::TargetOpcode::STACKMAP) {
      const auto number = static_cast<uint64_t>(inst.getOperand(0).getImm());
      if (number == kPlacesEnd) return map_ == nullptr || end(inst);
      begin(inst);
      return true;
    }
    if (map_ == nullptr) return !accesses_guest(inst);
    if (accesses_guest(inst)) {
      if (access_ != nullptr) return false;
      settle(inst);
    }
    follow(inst);
    return true;
  }

  void begin(MachineInstr& map) {
    map_ = &map;
    values_ = values_of(map);
    places_.clear();
    for (const Named value : values_) places_.push_back(Place(map, value));
    from_end_.assign(values_.size(), false);
    access_ = nullptr;
    needs_end_ = false;
  }

  /// At the access: values may be elsewhere by now.
  void settle(MachineInstr& access) {
    access_ = &access;
    for (size_t i = 0; i < places_.size(); ++i) {
      const Place& place = places_[i];
      if (!place.is_known()) {
        from_end_[i] = needs_end_ = true;
      } else if (!place.registers.empty()) {
        llvm::MachineOperand& operand = map_->getOperand(values_[i].first);
        if (!llvm::is_contained(place.registers, operand.getReg().asMCReg()))
          operand.setReg(place.registers[0]);
      }
    }
  }

  /// At the stack map behind the access, which names the same values in the same order.
  bool end(MachineInstr& behind) {
    MachineInstr* map = std::exchange(map_, nullptr);
    if (!needs_end_) return true;
    const auto named = values_of(behind);
    if (named.size() != values_.size() || access_ == nullptr) return false;
    auto with = llvm::BuildMI(*map->getParent(), map, map->getDebugLoc(), map->getDesc());
    with.add(map->getOperand(0)).add(map->getOperand(1));
    for (size_t i = 0; i < named.size(); ++i) {
      if (!from_end_[i]) {
        for (unsigned k = 0; k < values_[i].count; ++k) with.add(map->getOperand(values_[i].first + k));
      } else if (const auto spot = at_access(Place(behind, named[i]), behind)) {
        add(with, *spot);
      } else {
        return false;
      }
    }
    map->eraseFromParent();
    return true;
  }

  void add(llvm::MachineInstrBuilder& with, const Spot& spot) const {
    constexpr int64_t kBytes = 8;  // whoever reads the stack map goes by the register that it is about
    if (spot.reg) {
      with.addReg(spot.reg);
    } else {
      with.addImm(llvm::StackMaps::IndirectMemRefOp).addImm(kBytes).addReg(frame_).addImm(spot.displacement);
    }
  }

  /// Where the value at `place` before `behind` was when the access ran; nothing if it was not there yet.
  std::optional<Spot> at_access(const Place& place, const MachineInstr& behind) const {
    if (place.is_constant) return std::nullopt;
    Spot spot;
    if (place.displacement) {
      spot.displacement = *place.displacement;
    } else {
      spot.reg = place.registers[0];
    }
    for (auto inst = std::prev(behind.getIterator()); &*inst != access_; --inst) {
      if (!go_back(*inst, spot)) return std::nullopt;
    }
    return changes(*access_, spot) ? std::nullopt : std::optional(spot);
  }

  bool changes(const MachineInstr& inst, const Spot& spot) const {
    return spot.reg ? inst.modifiesRegister(spot.reg, &registers_) : spills_to(inst, spot.displacement);
  }

  /// From behind `inst` to before it.
  bool go_back(const MachineInstr& inst, Spot& spot) const {
    if (!changes(inst, spot)) return true;
    int index = 0;
    if (!spot.reg) {
      const llvm::Register spilled = instructions_.isStoreToStackSlotPostFE(inst, index);
      if (spilled) spot = {spilled.asMCReg(), 0};
      return spilled.isValid();
    }
    if (const auto copy = instructions_.isCopyInstr(inst)) {
      const llvm::MCRegister to = copy->Destination->getReg().asMCReg();
      const llvm::MCRegister from = copy->Source->getReg().asMCReg();
      const unsigned part = to == spot.reg ? 0 : registers_.getSubRegIndex(to, spot.reg);
      if (to != spot.reg && part == 0) return false;
      spot.reg = part == 0 ? from : registers_.getSubReg(from, part);
      return bool(spot.reg);
    }
    if (instructions_.isLoadFromStackSlotPostFE(inst, index) != spot.reg) return false;
    constexpr unsigned kBase = 1, kDisplacement = 4;  // of the address operands of an x86 load
    if (inst.getOperand(kBase).getReg() != frame_ || !inst.getOperand(kDisplacement).isImm()) return false;
    spot = {llvm::MCRegister(), inst.getOperand(kDisplacement).getImm()};
    return true;
  }

  bool is_frame(llvm::Register reg) const { return reg == frame_ || reg == stack_pointer_; }

  bool accesses_guest(const MachineInstr& inst) const {
    if (!inst.mayLoadOrStore() || inst.isCall() || inst.isInlineAsm() || inst.isPosition()) return false;
    if (inst.getFlag(MachineInstr::FrameSetup) || inst.getFlag(MachineInstr::FrameDestroy)) return false;
    if (!inst.memoperands_empty()) {
      return !llvm::all_of(inst.memoperands(),
                           [](const MachineMemOperand* memory) { return is_own(*memory); });
    }
    // Fences are empty changes of the stack's top, pushes and pops have it in them; constants lose theirs at
    // times.
    return !inst.hasUnmodeledSideEffects() &&
           !llvm::any_of(inst.operands(), [&](const llvm::MachineOperand& operand) {
             return operand.isCPI() || operand.isGlobal() || (operand.isReg() && is_frame(operand.getReg()));
           });
  }

  /// What `inst` does to the places.
  void follow(const MachineInstr& inst) {
    const auto copy = instructions_.isCopyInstr(inst);
    for (Place& place : places_) {
      if (place.displacement) {
        if (spills_to(inst, *place.displacement)) place.displacement.reset();
        continue;
      }
      const llvm::MCRegister moved = copy ? copy_of(*copy, place) : llvm::MCRegister();
      const auto kept = llvm::remove_if(
          place.registers, [&](llvm::MCRegister reg) { return inst.modifiesRegister(reg, &registers_); });
      place.registers.erase(kept, place.registers.end());
      if (moved) place.registers.push_back(moved);
    }
  }

  /// Where else the place's value is after a copy; none if it is not copied, or not the whole of it.
  llvm::MCRegister copy_of(const llvm::DestSourcePair& copy, const Place& place) const {
    const llvm::MCRegister from = copy.Source->getReg().asMCReg(), to = copy.Destination->getReg().asMCReg();
    for (const llvm::MCRegister reg : place.registers) {
      if (reg == from) return to;
      const unsigned part = registers_.getSubRegIndex(from, reg);
      if (part != 0) return registers_.getSubReg(to, part);
    }
    return {};
  }

  static bool spills_to(const MachineInstr& inst, int64_t displacement) {
    const bool spills =
        inst.mayStore() &&
        llvm::any_of(inst.memoperands(), [](const MachineMemOperand* memory) { return is_stack(*memory); });
    return spills && llvm::any_of(inst.operands(), [&](const llvm::MachineOperand& operand) {
             return operand.isImm() && operand.getImm() == displacement;
           });
  }

  const llvm::TargetInstrInfo& instructions_;
  const llvm::TargetRegisterInfo& registers_;
  const llvm::Register stack_pointer_, frame_;
  MachineInstr* map_ = nullptr;  ///< in force
  llvm::SmallVector<Named, 32> values_;
  llvm::SmallVector<Place, 32> places_;
  std::vector<bool> from_end_;  ///< values that only the stack map behind the access can name
  MachineInstr* access_ = nullptr;
  bool needs_end_ = false;
};

}  // namespace

char CheckPlaces::ID = 0;

bool CheckPlaces::runOnMachineFunction(llvm::MachineFunction& function) {
  if (function.getFrameInfo().hasStackMap() && !Checker(function).run(function)) sound_ = false;
  return false;
}

}  // namespace ferry::backend::llvm_tier
