// Where guest registers are when an access faults (ADR 6). Before each such access stands a stack map of
// those that may differ from their homes. Between the two other instructions might reuse a host register
// whose last use was the stack map: a second one behind the access keeps all values until then. What the code
// generator made of them is checked, and mended (check_places.cpp).
#include <llvm/IR/Intrinsics.h>

#include <algorithm>

#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

using ir::RegId;

/// Whether a fault may come from it, and somebody may want to know all registers then.
bool Lowering::may_fault(const Inst& inst) const {
  const ir::Trait trait = ir::info(inst.op).trait;
  return source_.precise &&
         (trait == ir::Trait::Reads || (trait == ir::Trait::Writes && inst.op != ir::Op::fence));
}

/// Whether it accesses guest memory itself.
bool Lowering::has_places(const Inst& inst) const {
  return may_fault(inst) && inst.op != ir::Op::check_aligned;
}

/// Whether a helper does, which has all registers in their homes.
bool Lowering::calls_with_memory(const Inst& inst) const {
  return source_.precise && inst.op == ir::Op::call &&
         source_.helpers[inst.imm].effect == ir::HelperEffect::Memory;
}

// Volatile, so that no store of a register is dropped because a later one overwrites it: what runs between
// them may fault, and then the first one counts.
void Lowering::store_all_for_fault() {
  store_all_dirty(/*include_pins=*/true, /*is_volatile=*/true);
  store_pc(current_pc_);
}

void Lowering::stack_map(uint64_t number, llvm::ArrayRef<Value*> values) {
  constexpr uint32_t kShadowBytes = 0;
  std::vector<Value*> args = {b_.getInt64(number), b_.getInt32(kShadowBytes)};
  args.insert(args.end(), values.begin(), values.end());
  auto* call =
      b_.CreateCall(llvm::Intrinsic::getDeclaration(&module_, llvm::Intrinsic::experimental_stackmap), args);
  call->setOnlyAccessesInaccessibleMemory();
}

void Lowering::note_places() {
  if (!source_.precise) return;
  noted_.clear();
  std::vector<RegId> regs;
  std::vector<Value*> values;
  for (RegId reg = 0; reg < variables_.size(); ++reg) {
    if (variables_[reg] == nullptr || !dirty_[reg]) continue;
    Value* value = b_.CreateLoad(storage_type(reg), variables_[reg]);
    if (source_.layout->regs[reg].type == ir::Type::I1) value = b_.CreateZExt(value, b_.getInt8Ty());
    noted_.emplace_back(reg, value);
    regs.push_back(reg);
    values.push_back(value);
  }
  stack_map(plan_.faults.size(), values);
  plan_.faults.push_back({current_pc_, std::move(regs)});
}

// Keeps what note_places() named until behind the access.
void Lowering::keep_places() {
  std::vector<Value*> values;
  values.reserve(noted_.size());
  for (const auto& [reg, value] : noted_) values.push_back(value);
  stack_map(kPlacesEnd, values);
}

// Whatever a loop does not write it need not name at each of its accesses, nor keep in a register: that is
// stored on the way into it. Every cycle has a branch back to a lower address or the same (is_safe_point).
void Lowering::find_loops() {
  const size_t count = source_.blocks.size();
  if (!source_.precise) return;
  std::vector<std::vector<ir::BlockId>> from(count);
  for (ir::BlockId id = 0; id < count; ++id) {
    for (const ir::BlockId to : successors(id)) from[to].push_back(id);
  }
  for (ir::BlockId first = 0; first < count; ++first) {
    for (const ir::BlockId last : from[first]) {
      if (source_.blocks[first].pc > source_.blocks[last].pc) continue;
      Loop& loop =
          loops_.try_emplace(first, Loop{std::vector<bool>(count), std::vector<bool>(variables_.size())})
              .first->second;
      add_to_loop(loop, first, last, from);
    }
  }
}

// All from which `last` can be reached without passing `first`.
void Lowering::add_to_loop(Loop& loop, ir::BlockId first, ir::BlockId last,
                           const std::vector<std::vector<ir::BlockId>>& from) {
  std::vector<ir::BlockId> waiting = {first, last};
  while (!waiting.empty()) {
    const ir::BlockId id = waiting.back();
    waiting.pop_back();
    if (loop.blocks[id]) continue;
    loop.blocks[id] = true;
    ++loop.size;
    const ir::Block& block = source_.blocks[id];
    for (uint32_t i = block.begin; i < block.end; ++i) {
      const Inst& inst = source_.insts[i];
      if (!inst.dead && inst.op == ir::Op::set_reg) loop.writes[inst.imm] = true;
    }
    if (id != first) waiting.insert(waiting.end(), from[id].begin(), from[id].end());
  }
}

/// The loop that the way from one block to another leads into; nullptr: none.
const Lowering::Loop* Lowering::entered_loop(ir::BlockId from, ir::BlockId to) const {
  const auto found = loops_.find(to);
  if (found == loops_.end()) return nullptr;
  const bool inside = from != kOutside && found->second.blocks[from];
  return inside ? nullptr : &found->second;
}

// What is dirty of `dirty` behind an edge.
std::vector<bool> Lowering::without_stored(ir::BlockId from, ir::BlockId to, std::vector<bool> dirty) const {
  if (const Loop* loop = entered_loop(from, to)) keep_only(loop->writes, dirty);
  return dirty;
}

void Lowering::store_on_way(ir::BlockId from, ir::BlockId to) {
  const std::vector<bool> rest = without_stored(from, to, dirty_);
  for (RegId reg = 0; reg < dirty_.size(); ++reg) {
    if (variables_[reg] != nullptr && dirty_[reg] && !rest[reg]) store_home(reg);
  }
}

// What a block, or a small loop around it, does not touch is stored before its accesses: at most once for
// each change, and host registers are left for what is in use.
void Lowering::find_kept() {
  constexpr size_t kSmallLoop = 12;
  const size_t count = source_.blocks.size();
  kept_.assign(count, std::vector<bool>(variables_.size(), !source_.precise));
  if (!source_.precise) return;
  std::vector<std::vector<bool>> touched = kept_;
  for (ir::BlockId id = 0; id < count; ++id) {
    bool accesses = false;
    for (uint32_t i = source_.blocks[id].begin; i < source_.blocks[id].end; ++i) {
      const Inst& inst = source_.insts[i];
      if (inst.dead) continue;
      accesses |= has_places(inst);
      if (inst.op == ir::Op::get_reg || inst.op == ir::Op::set_reg) touched[id][inst.imm] = true;
    }
    kept_[id] = accesses ? touched[id] : std::vector<bool>(variables_.size(), true);
  }
  for (const auto& [first, loop] : loops_) {
    if (loop.size > kSmallLoop) continue;
    for (ir::BlockId id = 0; id < count; ++id) {
      for (ir::BlockId other = 0; loop.blocks[id] && other < count; ++other) {
        if (loop.blocks[other]) merge(touched[other], kept_[id]);
      }
    }
  }
}

// At the start of the current block.
void Lowering::store_unkept() {
  const std::vector<bool>& kept = kept_[static_cast<size_t>(block_ - source_.blocks.data())];
  for (RegId reg = 0; reg < dirty_.size(); ++reg) {
    if (variables_[reg] != nullptr && dirty_[reg] && !kept[reg]) store_home(reg);
  }
  keep_only(kept, dirty_);
}

}  // namespace ferry::backend::llvm_tier
