#include "frontend/common/region.h"

#include <algorithm>
#include <cstddef>

#include "ir/support/bits.h"

namespace ferry::frontend {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint32_t kCopies = 4;  ///< of the largest functions that are copied

/// Collects blocks; leaders wait in a queue, so that code near the entry comes first when a limit is reached.
class Discovery {
 public:
  /// Code that has got further than `last` is left out.
  Discovery(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader, ir::Progress last)
      : entry_{entry, {}},
        limits_(limits),
        reader_(reader),
        last_(last),
        insts_left_(limits.max_insts),
        copies_left_(limits.max_inlined_insts * kCopies),
        known_page_(page_of(entry)) {
    leaders_.push_back(entry_);
  }

  std::vector<RegionBlock> run() {
    for (std::size_t next = 0; next < leaders_.size(); ++next) visit(leaders_[next]);
    std::sort(blocks_.begin() + 1, blocks_.end(),
              [](const RegionBlock& a, const RegionBlock& b) { return a.place < b.place; });
    return std::move(blocks_);
  }

  /// Whether a limit left out code that belongs to the region.
  bool was_cut() const { return cut_; }
  /// Whether control leaves the blocks by returns only, or not at all.
  bool only_returns() const { return !leaves_ && !cut_; }

 private:
  static uint64_t page_of(GuestAddr pc) { return support::align_down(pc.value, kPage); }

  bool full() const { return insts_left_ == 0 || blocks_.size() >= limits_.max_blocks; }

  bool is_code(GuestAddr pc) {
    if (page_of(pc) == known_page_) return true;
    if (limits_.code == nullptr || !limits_.code->executable(pc)) return false;
    known_page_ = page_of(pc);
    return true;
  }

  ir::Progress progress(GuestAddr pc) const {
    return limits_.code != nullptr ? limits_.code->progress(pc) : ir::Progress::Executed;
  }

  /// Never in a copy: it is part of what is made here.
  bool has_gone_further(RegionPlace at) const {
    return last_ < ir::Progress::Optimized && at.return_to == GuestAddr{} && progress(at.pc) > last_;
  }

  /// Code that was never executed is not worth its compile.
  bool wants(RegionPlace leader) const {
    return leader == entry_ || (progress(leader.pc) != ir::Progress::None && !has_gone_further(leader));
  }

  RegionBlock* block_around(RegionPlace at) {
    for (RegionBlock& block : blocks_) {
      if (block.place.return_to == at.return_to && block.place.pc <= at.pc && at.pc < block.end)
        return &block;
    }
    return nullptr;
  }

  // By value: a scan adds leaders.
  void visit(RegionPlace leader) {
    if (RegionBlock* block = block_around(leader)) {
      split(*block, leader);
    } else if (wants(leader) && is_code(leader.pc)) {
      if (full()) {
        cut_ = true;
      } else {
        scan(leader);
      }
    }
  }

  /// Does nothing when `at` lies inside an instruction.
  void split(RegionBlock& block, RegionPlace at) {
    GuestAddr pc = block.place.pc;
    while (pc < at.pc) pc = pc + reader_.flow(pc).size;
    if (pc != at.pc || at == block.place) return;
    const RegionBlock second{at, block.end};
    block.end = pc;
    blocks_.push_back(second);
  }

  void scan(RegionPlace leader) {
    const GuestAddr inside = leader.return_to;
    GuestAddr pc = leader.pc;
    Flow flow{FlowKind::Next, 0, {}};
    while (flow.kind == FlowKind::Next && insts_left_ > 0 && is_code(pc)) {
      const RegionPlace at{pc, inside};
      if (at != leader && (block_around(at) != nullptr || has_gone_further(at))) break;
      flow = reader_.flow(pc);
      pc = pc + flow.size;
      --insts_left_;
    }
    blocks_.push_back({leader, pc});
    switch (flow.kind) {
      case FlowKind::Next:
        return leaders_.push_back({pc, inside});
      case FlowKind::Fork:
        leaders_.push_back({pc, inside});
        return leaders_.push_back({flow.target, inside});
      case FlowKind::Jump:
        return leaders_.push_back({flow.target, inside});
      case FlowKind::Call:
        return follow_call(inside, flow.target, pc);
      case FlowKind::Return:
        return;
      case FlowKind::End:
        leaves_ = true;
    }
  }

  void follow_call(GuestAddr inside, GuestAddr function, GuestAddr back) {
    if (inside != GuestAddr{} || !is_small(function)) {
      leaves_ = true;
      return;
    }
    leaders_.push_back({function, back});
    leaders_.push_back({back, {}});
  }

  /// Whether a function is worth a copy: it was executed, calls nothing and is small. Takes the copy's room.
  bool is_small(GuestAddr function) {
    if (limits_.max_inlined_insts == 0 || copies_left_ == 0 || progress(function) == ir::Progress::None ||
        !is_code(function))
      return false;
    ir::TranslateLimits limits = limits_;
    limits.max_insts = std::min(limits_.max_inlined_insts, copies_left_);
    limits.max_inlined_insts = 0;
    Discovery discovery(function, limits, reader_, ir::Progress::Optimized);
    discovery.run();
    if (!discovery.only_returns()) return false;
    copies_left_ -= limits.max_insts - discovery.insts_left_;
    return true;
  }

  const RegionPlace entry_;
  const ir::TranslateLimits& limits_;
  const FlowReader& reader_;
  const ir::Progress last_;
  uint32_t insts_left_;
  uint32_t copies_left_;  ///< instructions
  uint64_t known_page_;
  bool leaves_ = false;
  bool cut_ = false;
  std::vector<RegionPlace> leaders_;
  std::vector<RegionBlock> blocks_;
};

}  // namespace

// A loop larger than the limit would become one region after the other, each a whole turn of it less the
// instructions that the one before left out. So what is optimized already is left alone then.
Region Region::discover(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader) {
  Region region;
  Discovery all(entry, limits, reader, ir::Progress::Optimized);
  region.blocks_ = all.run();
  if (all.was_cut()) region.blocks_ = Discovery(entry, limits, reader, ir::Progress::Executed).run();
  return region;
}

uint32_t Region::find(RegionPlace place) const {
  if (blocks_.empty()) return kNone;
  if (blocks_.front().place == place) return 0;
  const auto it = std::lower_bound(blocks_.begin() + 1, blocks_.end(), place,
                                   [](const RegionBlock& a, const RegionPlace& b) { return a.place < b; });
  if (it == blocks_.end() || it->place != place) return kNone;
  return static_cast<uint32_t>(it - blocks_.begin());
}

}  // namespace ferry::frontend
