#pragma once

#include "frontend/common/region.h"

namespace ferry::arm64 {

/// Tells region discovery where A64 instructions lead.
class A64Flow final : public frontend::FlowReader {
 public:
  /// `code` may be null: then nothing is known of indirect branches.
  explicit A64Flow(const ir::CodeView* code) : code_(code) {}

  frontend::Flow flow(GuestAddr pc) const override;

 private:
  const ir::CodeView* code_;
};

}  // namespace ferry::arm64
