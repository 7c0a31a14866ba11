#include "frontend/arm64/translator.h"

#include <algorithm>

#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/decode.h"
#include "frontend/arm64/dispatch.h"
#include "frontend/arm64/flow.h"
#include "ir/support/bits.h"

namespace ferry::arm64 {
namespace {

constexpr uint64_t kPage = 4096;

/// The hint space: instructions there that a CPU does not have do nothing (Arm ARM C6.2, HINT).
constexpr bool is_hint(uint32_t word) { return (word & 0xfffff01f) == 0xd503201f; }

}  // namespace

void Translator::translate() {
  if ((pc_.value & 3) != 0) return guards_branches() ? landing() : misaligned_entry();
  if (limits_.max_blocks > 1 && limits_.max_insts > 1) {
    region_ = frontend::Region::discover(pc_, limits_, A64Flow(known_branches()));
    for (const frontend::RegionBlock& block : region_.blocks()) {
      return_to_ = block.place.return_to;
      translate_block(block.place.pc, block.end);
    }
  } else {
    const GuestAddr page_end{support::align_down(pc_.value, kPage) + kPage};
    translate_block(pc_, std::min(page_end, pc_ + uint64_t{limits_.max_insts} * 4));
  }
  emit_exits();
  add_peeked_ranges();
}

void Translator::landing() {
  const GuestAddr unchecked = pc_;
  const auto type = static_cast<uint32_t>(pc_.value & kBranchTypeMask);
  pc_ = GuestAddr{pc_.value - type};
  begin_block(pc_);
  b_.at(pc_);
  b_.function().ranges.emplace_back(pc_, next_pc());
  if (in_guarded_page() && !may_land(read_word(pc_), type)) {
    trap(ir::TrapKind::Illegal, unchecked);
  } else {
    b_.goto_pc(pc_);
  }
}

void Translator::misaligned_entry() {
  begin_block(pc_);
  b_.at(pc_);
  b_.function().ranges.emplace_back(pc_, next_pc());
  illegal();
}

void Translator::translate_block(GuestAddr pc, GuestAddr end) {
  begin_block(pc);
  pc_ = pc;
  bool going_on = true;
  while (going_on && pc_ < end) {
    going_on = translate_instruction();
    ++b_.function().guest_insts;
    if (going_on) pc_ = next_pc();
  }
  if (going_on) {
    b_.function().ranges.emplace_back(pc, pc_);
    pc_ = GuestAddr{pc_.value - 4};
    fall_through(next_pc());
  } else {
    b_.function().ranges.emplace_back(pc, next_pc());
  }
}

bool Translator::translate_instruction() {
  b_.at(pc_);
  word_ = read_word(pc_);
  tag_checked_ = true;
  const Row* row = decode(word_);
  if (row == nullptr) return illegal();
  if (cpu_.lacks(*row, word_)) return is_hint(word_) || illegal();
  const Outcome outcome = dispatch(*this, *row, word_);
  if (outcome == Outcome::Unsupported) return illegal();
  return outcome == Outcome::Continue;
}

}  // namespace ferry::arm64
