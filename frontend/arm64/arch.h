#pragma once

#include <utility>

#include "frontend/arm64/cpu_features.h"
#include "ir/guest_arch.h"

namespace ferry::arm64 {

/// AArch64 at EL0, as a guest of ferry.
class Arch final : public ir::GuestArch {
 public:
  explicit Arch(Cpu cpu = {}) : cpu_(std::move(cpu)) {}

  const ir::StateLayout& layout() const override;
  std::span<const ir::HelperInfo> helpers() const override;
  uint64_t mode(const void* state) const override;
  GuestAddr code_address(ir::BlockKey key) const override;
  void translate(ir::BlockKey key, const ir::TranslateLimits& limits, ir::Function& out) const override;
  uint64_t address_mask() const override { return kAddressMask; }
  void after_fault(void* state) const override;
  void after_fork_child() const override;
  std::string disassemble(GuestAddr pc, std::span<const std::byte> code) const override;

  std::string why_illegal(std::span<const std::byte> code) const override;

  /// Top-byte-ignore: Linux sets TCR_EL1.TBI0 for all programs
  /// (Documentation/arch/arm64/tagged-pointers.rst).
  static constexpr uint64_t kAddressMask = 0x00ff'ffff'ffff'ffff;

 private:
  Cpu cpu_;
};

}  // namespace ferry::arm64
