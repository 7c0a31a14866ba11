#include "ir/passes/passes.h"

namespace ferry::ir {
namespace {

constexpr uint64_t kAllFlags = ~uint64_t{0};

/// The bit of a one-bit row, or 0: rows beyond the 64th flag are left alone.
class FlagBits {
 public:
  explicit FlagBits(const StateLayout& layout) : layout_(layout) {}
  uint64_t of(const Inst& inst) const {
    const auto reg = static_cast<RegId>(inst.imm);
    return layout_.regs[reg].type == Type::I1 && reg < 64 ? uint64_t{1} << reg : 0;
  }

 private:
  const StateLayout& layout_;
};

class FlagLiveness {
 public:
  FlagLiveness(Function& function, PassContext& context)
      : fn_(function), context_(context), bits_(*function.layout) {}

  void run() {
    for (BlockId b = 0; b < fn_.blocks.size(); ++b) summarize(b);
    while (propagate()) {
    }
    for (BlockId b = 0; b < fn_.blocks.size(); ++b) sweep(b);
  }

 private:
  // From the end: what a later instruction does is overruled by what an earlier one does first.
  void summarize(BlockId b) {
    PassContext::BlockFlags flags;
    scan_backward(b, [&](Inst& inst) {
      if (inst.op == Op::set_reg) {
        flags.written_first |= bits_.of(inst);
        flags.read_first &= ~bits_.of(inst);
      } else {
        flags.read_first |= seen_by(inst);
      }
    });
    context_.block_flags[b] = flags;
  }

  bool propagate() {
    bool changed = false;
    for (BlockId b = static_cast<BlockId>(fn_.blocks.size()); b-- > 0;) {
      const uint64_t live = live_after(fn_.blocks[b]);
      changed |= live != context_.block_flags[b].live_out;
      context_.block_flags[b].live_out = live;
    }
    return changed;
  }

  void sweep(BlockId b) {
    uint64_t live = context_.block_flags[b].live_out;
    scan_backward(b, [&](Inst& inst) {
      if (inst.op != Op::set_reg) {
        live |= seen_by(inst);
        return;
      }
      const uint64_t bit = bits_.of(inst);
      if (bit != 0 && (live & bit) == 0) inst.dead = true;
      live &= ~bit;
    });
  }

  template <typename F>
  void scan_backward(BlockId b, F visit) {
    const Block& block = fn_.blocks[b];
    for (ValueId id = block.end - 1; id-- > block.begin;) {  // the terminator is live_after()'s
      if (!fn_.insts[id].dead) visit(fn_.insts[id]);
    }
  }

  uint64_t seen_by(const Inst& inst) const {
    if (inst.op == Op::get_reg) return bits_.of(inst);
    return observes_state(fn_, inst) ? kAllFlags : 0;
  }

  uint64_t live_after(const Block& block) const {
    const Inst& last = fn_.insts[block.end - 1];
    if (last.op == Op::br) return live_into(block, last.imm);
    if (last.op == Op::br_if) return live_into(block, last.imm) | live_into(block, last.imm2);
    return kAllFlags;
  }

  uint64_t live_into(const Block& from, uint64_t to) const {
    if (is_safe_point(from, fn_.blocks[to])) return kAllFlags;
    const PassContext::BlockFlags& flags = context_.block_flags[to];
    return flags.read_first | (flags.live_out & ~flags.written_first);
  }

  Function& fn_;
  PassContext& context_;
  FlagBits bits_;
};

}  // namespace

void eliminate_dead_flags(Function& function, PassContext& context) {
  if (function.blocks.size() < 2) return;  // all flags are live where the only block leaves
  context.prepare(function);
  FlagLiveness(function, context).run();
}

}  // namespace ferry::ir
