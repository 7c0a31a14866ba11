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
  Discovery(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader)
      : limits_(limits), reader_(reader), insts_left_(limits.max_insts), known_page_(page_of(entry)) {
    leaders_.push_back(entry);
  }

  std::vector<RegionBlock> run() {
    for (std::size_t next = 0; next < leaders_.size(); ++next) {
      if (insts_left_ == 0 || blocks_.size() >= limits_.max_blocks) break;
      visit(leaders_[next]);
    }
    std::sort(blocks_.begin() + 1, blocks_.end(), by_address);
    return std::move(blocks_);
  }

 private:
  static uint64_t page_of(GuestAddr pc) { return support::align_down(pc.value, kPage); }
  static bool by_address(const RegionBlock& a, const RegionBlock& b) { return a.pc < b.pc; }

  bool is_code(GuestAddr pc) {
    if (page_of(pc) == known_page_) return true;
    if (limits_.executable == nullptr || !limits_.executable(limits_.executable_context, pc)) return false;
    known_page_ = page_of(pc);
    return true;
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
    } else if (is_code(leader)) {
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
      if (pc != leader && block_around(pc) != nullptr) break;
      flow = reader_.flow(pc);
      pc = pc + flow.size;
      --insts_left_;
    }
    blocks_.push_back({leader, pc});
    if (flow.kind == FlowKind::Fork) leaders_.push_back(pc);
    if (flow.kind == FlowKind::Fork || flow.kind == FlowKind::Jump) leaders_.push_back(flow.target);
  }

  const ir::TranslateLimits& limits_;
  const FlowReader& reader_;
  uint32_t insts_left_;
  uint64_t known_page_;
  std::vector<GuestAddr> leaders_;
  std::vector<RegionBlock> blocks_;
};

}  // namespace

Region Region::discover(GuestAddr entry, const ir::TranslateLimits& limits, const FlowReader& reader) {
  Region region;
  region.blocks_ = Discovery(entry, limits, reader).run();
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
