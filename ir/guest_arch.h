#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ir/function.h"

namespace ferry::ir {

/// What selects a translation: the guest address and the guest's mode bits (their meaning is the guest's own:
/// Thumb, FPCR mode, ...).
struct BlockKey {
  GuestAddr pc;
  uint64_t mode = 0;

  constexpr bool operator==(const BlockKey&) const = default;
};

/// How far the engine has got with the guest code at an address.
enum class Progress : uint8_t {
  None,       ///< never executed
  Executed,   ///< a translation begins there
  Optimized,  ///< and it is the optimizer's
};

/// What a translation may ask about guest code besides its bytes.
class CodeView {
 public:
  virtual ~CodeView() = default;
  /// Whether the guest may execute the page that holds `pc`, so that its code may be read.
  virtual bool executable(GuestAddr pc) const = 0;
  /// Whether the guest guards that page: indirect branches may lead only to instructions made for that (A64's
  /// PROT_BTI).
  virtual bool guarded(GuestAddr) const { return false; }
  virtual Progress progress(GuestAddr) const { return Progress::Executed; }
  /// Where the indirect branch at `site` led when it was last executed; zero: not known.
  virtual GuestAddr last_target(GuestAddr /*site*/) const { return {}; }
};

/// Limits of one translation.
struct TranslateLimits {
  uint32_t max_insts = 64;  ///< guest instructions
  uint32_t max_blocks = 1;  ///< guest basic blocks; more than 1 makes a region by following direct branches
  /// Guest instructions of a called function that a region takes in; 0: it ends at calls.
  uint32_t max_inlined_insts = 0;
  bool precise = true;             ///< see Function::precise
  const CodeView* code = nullptr;  ///< without it a region stays in its entry's page, and none is guarded
};

/// What a guest architecture must provide. One object serves all threads: everything is const.
class GuestArch {
 public:
  virtual ~GuestArch() = default;

  virtual const StateLayout& layout() const = 0;
  virtual std::span<const HelperInfo> helpers() const = 0;

  /// The mode bits in force for the CPU whose state (layout().size bytes) is given.
  virtual uint64_t mode(const void* state) const = 0;

  /// The guest address of the code that `key` stands for: its pc without what a guest packs into it besides.
  virtual GuestAddr code_address(BlockKey key) const { return key.pc; }

  /// Translates the code at `key` into `out` (cleared first), reading guest memory directly at its address.
  /// Undecodable or unsupported instructions become a TrapKind::Illegal. Reading code that is not mapped
  /// faults in the host: the caller guards it; at most the first instruction and what follows it in a
  /// straight line up to the next page boundary is read before it is known to be executed.
  virtual void translate(BlockKey key, const TranslateLimits& limits, Function& out) const = 0;

  /// Bits of a data address that the guest's memory looks at. An access through an address with other bits
  /// set (A64's top-byte-ignore tags) faults on the host and is then done by the interpreter, with those bits
  /// cleared; helpers that access memory clear them themselves.
  virtual uint64_t address_mask() const { return ~uint64_t{0}; }
  /// An address without what address_mask() leaves out. In the upper half, the kernel's, all bits count
  /// (untagged_addr() of Linux; Arm ARM, AArch64.BranchAddr).
  uint64_t without_tag(uint64_t address) const {
    const uint64_t mask = address_mask();
    const uint64_t upper_half = mask & ~(mask >> 1);
    return (address & upper_half) != 0 ? address : address & mask;
  }

  /// The CPU with this state took a host fault in guest memory, perhaps inside a helper, which will not be
  /// resumed: what the helper held is given up.
  virtual void after_fault(void*) const {}
  /// In the child of fork, whose only thread is the caller and not inside a helper: what helpers on the
  /// parent's other threads held is given up.
  virtual void after_fork_child() const {}

  /// Disassembly of the instruction at `pc`, for dumps and for the one line that reports an illegal
  /// instruction.
  virtual std::string disassemble(GuestAddr pc, std::span<const std::byte> code) const = 0;
  /// What the CPU lacks to execute the instruction that `code` begins with, for that line; empty if no CPU
  /// would.
  virtual std::string why_illegal(std::span<const std::byte> /*code*/) const { return {}; }
};

}  // namespace ferry::ir
