#include "backend/llvm/lower.h"

#include <llvm/IR/MDBuilder.h>

#include "backend/runtime/context.h"

namespace ferry::backend::llvm_tier {

const Lowering::Handler Lowering::kHandlers[] = {
#define OP(name, signature, immediate, traits) &Lowering::name,
#include "ir/ops.def"
#undef OP
};

std::string thunk_name(uint32_t call_site) { return "call_thunk_" + std::to_string(call_site); }

Lowering::Lowering(const ir::Function& source, const EngineOptions& options, HostFeatures host,
                   llvm::Module& module)
    : source_(source),
      options_(options),
      host_(host),
      module_(module),
      context_(module.getContext()),
      b_(module.getContext()),
      variables_(source.layout->regs.size(), nullptr),
      values_(source.insts.size(), nullptr),
      unchecked_lanes_(source.insts.size(), ir::Type::Void) {
  // The guest chooses the rounding mode at run time and may read the cumulative flags.
  b_.setIsFPConstrained(true);
  b_.setDefaultConstrainedRounding(llvm::RoundingMode::Dynamic);
  b_.setDefaultConstrainedExcept(source.ignore_fp_flags ? llvm::fp::ebIgnore : llvm::fp::ebStrict);
}

Plan Lowering::run() {
  create_function();
  create_variables();
  find_loops();
  find_kept();
  find_dirty();
  find_loaded();
  enter_first_block();
  for (ir::BlockId id = 0; id < source_.blocks.size(); ++id) lower_block(id);
  return std::move(plan_);
}

namespace {

// Positions of the convention's integer arguments, in preserve_none's order: r12 (state), r13 r14 r15 rdi
// rsi, rdx, rcx, r8 r9 r11, rax. rdx and rcx carry nothing.
constexpr unsigned kArgOfPin[ir::kPinCount] = {1, 2, 3, 4, 5, 8, 9, 10};
constexpr unsigned kRaxArg = 11;
constexpr unsigned kArgCount = 12;

}  // namespace

void Lowering::create_function() {
  llvm::Type* i64 = b_.getInt64Ty();
  std::vector<llvm::Type*> params(kArgCount, i64);
  params[0] = b_.getPtrTy();
  convention_ = llvm::FunctionType::get(b_.getVoidTy(), params, false);
  function_ = llvm::Function::Create(convention_, llvm::Function::ExternalLinkage, kEntryName, module_);
  function_->setCallingConv(llvm::CallingConv::PreserveNone);
  function_->addFnAttr(llvm::Attribute::NoUnwind);
  function_->addFnAttr(llvm::Attribute::StrictFP);
  // Guest address 0 is an address like any other: what lies there faults, and the guest may handle that.
  function_->addFnAttr(llvm::Attribute::NullPointerIsValid);
  function_->addFnAttr("frame-pointer", "none");
  function_->addFnAttr("no-jump-tables", "true");
  state_ = function_->getArg(0);

  auto* slots_type = llvm::ArrayType::get(b_.getInt8Ty(), 0);
  slots_ = new llvm::GlobalVariable(module_, slots_type, false, llvm::GlobalValue::ExternalLinkage, nullptr,
                                    kSlotsName);
  slots_->setVisibility(llvm::GlobalValue::HiddenVisibility);
  slots_->setDSOLocal(true);
}

void Lowering::create_variables() {
  auto* entry = llvm::BasicBlock::Create(context_, "entry", function_);
  b_.SetInsertPoint(entry);
  const auto& regs = source_.layout->regs;
  std::vector<bool> touched(regs.size(), false);
  for (const Inst& inst : source_.insts) {
    if (inst.dead) continue;
    if (inst.op == ir::Op::get_reg || inst.op == ir::Op::set_reg) touched[inst.imm] = true;
  }
  for (ir::RegId reg = 0; reg < regs.size(); ++reg) {
    if (!touched[reg] && regs[reg].pin == ir::kNoPin) continue;
    variables_[reg] = b_.CreateAlloca(storage_type(reg), nullptr, std::string(regs[reg].name));
  }
  for (ir::RegId reg = 0; reg < regs.size(); ++reg) {
    if (variables_[reg] == nullptr) continue;
    const int8_t pin = regs[reg].pin;
    if (pin != ir::kNoPin) b_.CreateStore(function_->getArg(kArgOfPin[pin]), variables_[reg]);
  }
  for (size_t i = 0; i < source_.blocks.size(); ++i) {
    blocks_.push_back(llvm::BasicBlock::Create(context_, "block" + std::to_string(i), function_));
  }
}

// From the function's entry to the first block, which loops may lead back to.
void Lowering::enter_first_block() {
  for (ir::RegId reg = 0; reg < variables_.size(); ++reg) {
    const bool is_pin = source_.layout->regs[reg].pin != ir::kNoPin;
    if (variables_[reg] != nullptr && !is_pin && loaded_in_[0][reg])
      b_.CreateStore(load_home(reg), variables_[reg]);
  }
  dirty_ = entry_dirty();
  store_on_way(kOutside, 0);
  b_.CreateBr(blocks_[0]);
}

// At the region's entry only the pins may differ from their homes.
std::vector<bool> Lowering::entry_dirty() const {
  const auto& regs = source_.layout->regs;
  std::vector<bool> dirty(regs.size());
  for (ir::RegId reg = 0; reg < regs.size(); ++reg) dirty[reg] = regs[reg].pin != ir::kNoPin;
  return dirty;
}

std::vector<ir::BlockId> Lowering::successors(ir::BlockId id) const {
  const Inst& last = source_.insts[source_.blocks[id].end - 1];
  std::vector<ir::BlockId> to;
  if (last.op == ir::Op::br || last.op == ir::Op::br_if) to.push_back(static_cast<ir::BlockId>(last.imm));
  if (last.op == ir::Op::br_if) to.push_back(static_cast<ir::BlockId>(last.imm2));
  return to;
}

// Forward data flow: which guest registers may differ from their homes at each block's entry.
void Lowering::find_dirty() {
  dirty_in_.assign(source_.blocks.size(), std::vector<bool>(source_.layout->regs.size(), false));
  merge(without_stored(kOutside, 0, entry_dirty()), dirty_in_[0]);
  for (bool changed = true; changed;) {
    changed = false;
    for (ir::BlockId id = 0; id < source_.blocks.size(); ++id) {
      const ir::Block& block = source_.blocks[id];
      std::vector<bool> dirty = dirty_in_[id];
      keep_only(kept_[id], dirty);
      for (uint32_t i = block.begin; i < block.end; ++i) {
        const Inst& inst = source_.insts[i];
        if (inst.dead) continue;
        if (inst.op == ir::Op::set_reg) dirty[inst.imm] = true;
        if (calls_with_memory(inst)) dirty.assign(dirty.size(), false);
      }
      for (const ir::BlockId to : successors(id))
        changed |= merge(without_stored(id, to, dirty), dirty_in_[to]);
    }
  }
}

// Forward data flow: which variables may hold their registers at each block's entry. The others are read from
// their homes where they are first used, so that a short way through a large region does not pay for all of
// it; where ways meet, the edges of those that have not read them yet do.
void Lowering::find_loaded() {
  loaded_in_.assign(source_.blocks.size(), std::vector<bool>(source_.layout->regs.size(), false));
  loaded_in_[0] = entry_dirty();
  for (bool changed = true; changed;) {
    changed = false;
    for (ir::BlockId id = 0; id < source_.blocks.size(); ++id) {
      const ir::Block& block = source_.blocks[id];
      std::vector<bool> loaded = loaded_in_[id];
      for (uint32_t i = block.begin; i < block.end; ++i) {
        const Inst& inst = source_.insts[i];
        if (!inst.dead && (inst.op == ir::Op::get_reg || inst.op == ir::Op::set_reg)) loaded[inst.imm] = true;
      }
      for (const ir::BlockId to : successors(id)) changed |= merge(loaded, loaded_in_[to]);
    }
  }
}

void Lowering::keep_only(const std::vector<bool>& kept, std::vector<bool>& dirty) {
  for (size_t i = 0; i < dirty.size(); ++i) dirty[i] = dirty[i] && kept[i];
}

// Adds what is set in `from`; true when that changed `to`.
bool Lowering::merge(const std::vector<bool>& from, std::vector<bool>& to) {
  bool changed = false;
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] && !to[i]) to[i] = changed = true;
  }
  return changed;
}

void Lowering::lower_block(ir::BlockId id) {
  block_ = &source_.blocks[id];
  // Until an instruction says where it is: for what only leaves, interrupts were looked for on the way.
  current_pc_ = {};
  dirty_ = dirty_in_[id];
  loaded_ = loaded_in_[id];
  compared_.clear();
  b_.SetInsertPoint(blocks_[id]);
  store_unkept();
  for (uint32_t i = block_->begin; i < block_->end; ++i) {
    const Inst& inst = source_.insts[i];
    if (inst.dead) continue;
    settle_nans_before(inst);
    values_[i] = lower(inst);
    if (has_places(inst)) keep_places();
    track_nans_after(i);
  }
}

llvm::MDNode* Lowering::unlikely() { return llvm::MDBuilder(context_).createBranchWeights(1, 1u << 20); }

llvm::Type* Lowering::type_of(ir::Type type) const {
  using ir::Type;
  auto lane = [&](Type t) -> llvm::Type* {
    switch (t) {
      case Type::F16:
        return llvm::Type::getHalfTy(context_);
      case Type::F32:
        return llvm::Type::getFloatTy(context_);
      case Type::F64:
        return llvm::Type::getDoubleTy(context_);
      default:
        return llvm::Type::getIntNTy(context_, ir::bits(t));
    }
  };
  if (type == Type::Void) return llvm::Type::getVoidTy(context_);
  if (!ir::is_vector(type)) return lane(type);
  return llvm::FixedVectorType::get(lane(ir::lane_type(type)), ir::lanes(type));
}

llvm::Value* Lowering::as(Value* value, ir::Type type) {
  llvm::Type* wanted = type_of(type);
  return value->getType() == wanted ? value : b_.CreateBitCast(value, wanted);
}

llvm::Value* Lowering::arg_as(const Inst& inst, unsigned index, ir::Type type) {
  return as(arg(inst, index), type);
}

std::vector<llvm::Value*> Lowering::convention_arguments(Value* rax) {
  std::vector<Value*> args(kArgCount, llvm::PoisonValue::get(b_.getInt64Ty()));
  args[0] = state_;
  args[kRaxArg] = rax != nullptr ? rax : args[kRaxArg];
  const auto& regs = source_.layout->regs;
  for (ir::RegId reg = 0; reg < regs.size(); ++reg) {
    if (regs[reg].pin == ir::kNoPin) continue;
    args[kArgOfPin[regs[reg].pin]] = b_.CreateLoad(b_.getInt64Ty(), variables_[reg]);
  }
  return args;
}

}  // namespace ferry::backend::llvm_tier
