#include "toy.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace ferry::toy {

namespace {

using ir::BlockId;
using ir::Type;
using ir::Value;

constexpr uint64_t kPage = 4096;
constexpr ir::MemAccess kWord = {.disp = 0, .bytes = 8};

uint64_t load_word(uint64_t address) { return *reinterpret_cast<volatile uint64_t*>(address & kAddressMask); }

const ir::HelperInfo kHelpers[] = {{.name = "load_word",
                                    .function = reinterpret_cast<void (*)()>(&load_word),
                                    .result = Type::I64,
                                    .takes_state = false,
                                    .effect = ir::HelperEffect::Memory,
                                    .arg_count = 1,
                                    .args = {Type::I64}}};

/// Translates one region, block after block in the order in which they are met, so that a block's id is known
/// before its code is.
class Translation {
 public:
  Translation(ir::BlockKey key, const ir::TranslateLimits& limits, ir::Function& out)
      : key_(key), limits_(limits), fn_(out), b_(out) {}

  void run() {
    block_at(key_.pc);
    for (size_t i = 0; i < order_.size(); ++i) translate_block(order_[i]);
  }

 private:
  struct Pending {
    GuestAddr pc;
    bool leaves;
  };

  /// The block that starts at `pc`, or one that leaves for it when there are enough.
  BlockId block_at(GuestAddr pc) {
    // A single block has no edges inside: a loop of one block goes through its exit.
    const bool single = limits_.max_blocks == 1 && !order_.empty();
    const auto known = ids_.find(pc.value);
    if (!single && known != ids_.end()) return known->second;
    const bool leaves = inner_ >= limits_.max_blocks || !may_read(pc);
    if (!leaves) ++inner_;
    order_.push_back({pc, leaves});
    const auto id = static_cast<BlockId>(order_.size() - 1);
    ids_[pc.value] = id;
    return id;
  }

  bool may_read(GuestAddr pc) const {
    if (pc.value / kPage == key_.pc.value / kPage) return true;
    return limits_.code && limits_.code->executable(pc);
  }

  void translate_block(Pending block) {
    b_.begin_block(block.pc, block.leaves ? ir::BlockKind::Exit : ir::BlockKind::Main);
    if (block.leaves || fn_.guest_insts >= limits_.max_insts) return b_.goto_pc(block.pc);
    GuestAddr pc = block.pc;
    for (bool open = true; open; pc = pc + kInstBytes) {
      Inst inst;
      std::memcpy(&inst, reinterpret_cast<const void*>(pc.value), sizeof(inst));
      b_.at(pc);
      ++fn_.guest_insts;
      open = translate_inst(pc, inst);
      const GuestAddr next = pc + kInstBytes;
      if (open && (fn_.guest_insts >= limits_.max_insts || next.value % kPage == 0)) {
        b_.goto_pc(next);
        open = false;
      }
    }
    fn_.ranges.push_back({block.pc, pc});
  }

  Value reg(unsigned n) { return b_.get_reg(static_cast<ir::RegId>(R0 + n), Type::I64); }
  void set(unsigned n, Value v) { b_.set_reg(static_cast<ir::RegId>(R0 + n), v); }
  static GuestAddr target(GuestAddr pc, const Inst& inst) {
    return pc + static_cast<uint64_t>(int64_t{inst.imm});
  }
  Value imm(const Inst& inst) { return b_.i64(static_cast<uint64_t>(int64_t{inst.imm})); }
  ir::Address memory(const Inst& inst) { return {.base = reg(inst.b), .disp = inst.imm}; }

  /// False when the instruction ended the block.
  bool translate_inst(GuestAddr pc, const Inst& inst) {
    const GuestAddr next = pc + kInstBytes;
    switch (inst.op) {
      case Opcode::Addi:
        set(inst.a, key_.mode == 1 ? b_.sub(reg(inst.b), imm(inst)) : b_.add(reg(inst.b), imm(inst)));
        return true;
      case Opcode::Add:
        set(inst.a, b_.add(reg(inst.b), reg(inst.c)));
        return true;
      case Opcode::Load:
        set(inst.a, b_.load(Type::I64, memory(inst), kWord));
        return true;
      case Opcode::Store:
        b_.store(memory(inst), reg(inst.a), kWord);
        return true;
      case Opcode::HelperLoad:
        set(inst.a, b_.call(0, {reg(inst.b)}));
        return true;
      case Opcode::Branch:
        go(target(pc, inst));
        return false;
      case Opcode::Less: {
        const Value condition = b_.icmp(ir::IntCond::Ult, reg(inst.a), reg(inst.b));
        const BlockId taken = block_at(target(pc, inst));
        b_.br_if(condition, taken, block_at(next));
        return false;
      }
      case Opcode::Call:
        set(kLink, b_.i64(next.value));
        b_.call_pc(target(pc, inst), next);
        return false;
      case Opcode::CallReg: {
        const Value to = reg(inst.a);
        set(kLink, b_.i64(next.value));
        b_.call_indirect(to, next);
        return false;
      }
      case Opcode::JumpReg:
        b_.goto_indirect(reg(inst.a));
        return false;
      case Opcode::Return:
        b_.ret(reg(kLink));
        return false;
      case Opcode::System:
        b_.trap(ir::TrapKind::SystemCall, next);
        return false;
      case Opcode::Break:
        b_.trap(ir::TrapKind::Breakpoint, pc);
        return false;
      case Opcode::SetMode:
        b_.set_reg(Mode, imm(inst));
        b_.trap(ir::TrapKind::Yield, next);
        return false;
      case Opcode::Modified:
        b_.set_reg(TrapArg, reg(inst.a));
        b_.trap(ir::TrapKind::InvalidateCode, next);
        return false;
      case Opcode::Count:
        break;
    }
    b_.trap(ir::TrapKind::Illegal, pc);
    return false;
  }

  void go(GuestAddr pc) {
    if (limits_.max_blocks == 1) return b_.goto_pc(pc);
    b_.br(block_at(pc));
  }

  const ir::BlockKey key_;
  const ir::TranslateLimits& limits_;
  ir::Function& fn_;
  ir::Builder b_;
  std::vector<Pending> order_;
  std::map<uint64_t, BlockId> ids_;
  uint32_t inner_ = 0;
};

}  // namespace

Arch::Arch() {
  names_.reserve(RegCount);
  for (unsigned i = 0; i < 16; ++i) {
    names_.push_back("r" + std::to_string(i));
    const auto pin = static_cast<int8_t>(i < 4 ? i : ir::kNoPin);
    regs_.push_back({names_.back(), Type::I64, static_cast<uint16_t>(8 * i), pin});
  }
  regs_.push_back({"pc", Type::I64, offsetof(State, pc), ir::kNoPin});
  regs_.push_back({"trap_arg", Type::I64, offsetof(State, trap_arg), ir::kNoPin});
  regs_.push_back({"mode", Type::I64, offsetof(State, mode), ir::kNoPin});
  layout_ = {.regs = regs_, .size = sizeof(State), .pc = Pc, .trap_arg = TrapArg, .name = "toy"};
}

std::span<const ir::HelperInfo> Arch::helpers() const { return kHelpers; }

void Arch::translate(ir::BlockKey key, const ir::TranslateLimits& limits, ir::Function& out) const {
  out.clear();
  out.layout = &layout_;
  out.helpers = kHelpers;
  out.pc = key.pc;
  out.mode = key.mode;
  out.precise = limits.precise;
  Translation(key, limits, out).run();
}

std::string Arch::disassemble(GuestAddr, std::span<const std::byte> code) const {
  return "op " + std::to_string(static_cast<unsigned>(code[0]));
}

Program::Program(size_t bytes) : bytes_(bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) std::abort();
  base_ = static_cast<std::byte*>(at);
  next_ = reinterpret_cast<Inst*>(base_);
}

Program::~Program() { munmap(base_, bytes_); }

Program& Program::put(Inst inst) {
  *next_++ = inst;
  return *this;
}

Program& Program::op(Opcode op, unsigned a, unsigned b, unsigned c, int32_t imm) {
  return put({op, static_cast<uint8_t>(a), static_cast<uint8_t>(b), static_cast<uint8_t>(c), imm});
}

Program& Program::to(const std::string& label, Opcode op, unsigned a, unsigned b) {
  Inst* at = next_;
  this->op(op, a, b);
  const auto known = labels_.find(label);
  if (known == labels_.end()) {
    waiting_.emplace(label, at);
  } else {
    fix(at, known->second);
  }
  return *this;
}

Program& Program::label(const std::string& name) {
  labels_[name] = next_;
  for (auto [it, end] = waiting_.equal_range(name); it != end; ++it) fix(it->second, next_);
  waiting_.erase(name);
  return *this;
}

void Program::fix(Inst* inst, const Inst* target) {
  inst->imm = static_cast<int32_t>((target - inst) * static_cast<ptrdiff_t>(kInstBytes));
}

void Program::patch(GuestAddr pc, Inst inst) {
  uint64_t word;
  std::memcpy(&word, &inst, sizeof(word));
  reinterpret_cast<std::atomic<uint64_t>*>(pc.value)->store(word, std::memory_order_seq_cst);
}

}  // namespace ferry::toy
