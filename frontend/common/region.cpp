#include "frontend/common/region.h"

#include <algorithm>
#include <cstddef>

#include "ir/support/bits.h"

namespace ferry::frontend {
namespace {

constexpr uint64_t kPage = 4096;

/// Collects blocks; leaders wait in a queue, so that code near the entry comes first when a limit is reached.
class Discovery {
 public:
  Discovery(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader, ir::Progress last)
      : entry_(entry),
        limits_(limits),
        reader_(reader),
        last_(last),
        insts_left_(limits.max_insts),
        known_page_(page_of(entry)) {
    leaders_.push_back(entry);
  }

  std::vector<RegionBlock> run() {
    for (; next_ < leaders_.size() && !full(); ++next_) visit(leaders_[next_]);
    std::sort(blocks_.begin() + 1, blocks_.end(), by_address);
    return std::move(blocks_);
  }

  /// Whether a limit left out code that belongs to the region.
  bool was_cut() const { return full() && next_ < leaders_.size(); }

 private:
  static uint64_t page_of(GuestAddr pc) { return support::align_down(pc.value, kPage); }
  static bool by_address(const RegionBlock& a, const RegionBlock& b) { return a.pc < b.pc; }

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

  bool has_gone_further(GuestAddr pc) const {
    return last_ < ir::Progress::Optimized && progress(pc) > last_;
  }

  /// Code that was never executed is not worth its compile.
  bool wants(GuestAddr leader) const {
    return leader == entry_ || (progress(leader) != ir::Progress::None && !has_gone_further(leader));
  }

  RegionBlock* block_around(GuestAddr pc) {
    for (RegionBlock& block : blocks_) {
      if (block.pc <= pc && pc < block.end) return &block;
    }
    return nullptr;
  }

  void visit(GuestAddr leader) {
    if (RegionBlock* block = block_around(leader)) {
      split(*block, leader);
    } else if (wants(leader) && is_code(leader)) {
      scan(leader);
    }
  }

  /// Does nothing when `at` lies inside an instruction.
  void split(RegionBlock& block, GuestAddr at) {
    GuestAddr pc = block.pc;
    while (pc < at) pc = pc + reader_.flow(pc).size;
    if (pc != at || at == block.pc) return;
    const RegionBlock second{at, block.end};
    block.end = at;
    blocks_.push_back(second);
  }

  void scan(GuestAddr leader) {
    GuestAddr pc = leader;
    Flow flow{FlowKind::Next, 0, {}};
    while (flow.kind == FlowKind::Next && insts_left_ > 0 && is_code(pc)) {
      if (pc != leader && (block_around(pc) != nullptr || has_gone_further(pc))) break;
      flow = reader_.flow(pc);
      pc = pc + flow.size;
      --insts_left_;
    }
    blocks_.push_back({leader, pc});
    if (flow.kind == FlowKind::Fork || flow.kind == FlowKind::Next) leaders_.push_back(pc);
    if (flow.kind == FlowKind::Fork || flow.kind == FlowKind::Jump) leaders_.push_back(flow.target);
  }

  const GuestAddr entry_;
  const ir::TranslateLimits& limits_;
  const FlowReader& reader_;
  const ir::Progress last_;  ///< code that has got further is left out
  uint32_t insts_left_;
  uint64_t known_page_;
  std::size_t next_ = 0;
  std::vector<GuestAddr> leaders_;
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

uint32_t Region::find(GuestAddr pc) const {
  if (blocks_.empty()) return kNone;
  if (blocks_.front().pc == pc) return 0;
  const auto it = std::lower_bound(blocks_.begin() + 1, blocks_.end(), RegionBlock{pc, pc},
                                   [](const RegionBlock& a, const RegionBlock& b) { return a.pc < b.pc; });
  if (it == blocks_.end() || it->pc != pc) return kNone;
  return static_cast<uint32_t>(it - blocks_.begin());
}

}  // namespace ferry::frontend
