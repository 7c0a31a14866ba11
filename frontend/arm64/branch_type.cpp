#include "frontend/arm64/branch_type.h"

#include "frontend/arm64/decode.h"
#include "ir/support/bits.h"

namespace ferry::arm64 {

bool may_land(uint32_t word, uint32_t branch_type) {
  const Row* row = decode(word);
  if (row == nullptr) return false;
  switch (row->id) {
    case InsnId::BTI: {
      const uint32_t allowed = support::extract(word, 6, 2);  // bit 0: calls, bit 1: jumps
      const uint32_t needed = branch_type == kBranchCall ? 1 : branch_type == kBranchJump ? 2 : 3;
      return (allowed & needed) != 0;
    }
    case InsnId::PACIASP:
    case InsnId::PACIBSP:
      return branch_type != kBranchJump;
    case InsnId::BRK:
    case InsnId::HLT:
      return true;
    default:
      return false;
  }
}

}  // namespace ferry::arm64
