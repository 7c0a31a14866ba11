#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/runtime/context.h"
#include "ir/function.h"
#include "ir/guest_arch.h"
#include "ir/support/result.h"

namespace ferry::backend {

/// One host instruction that may fault, and the guest instruction it belongs to.
struct FaultPoint {
  uint32_t host_offset;  ///< of the instruction's first byte, from the code's start
  uint32_t host_size;  ///< bytes from there in which a fault belongs to this point (an access may be several
                       ///< insns)
  GuestAddr pc;
};

/// The cell where the code of an indirect branch writes where it leads.
struct BranchProfile {
  GuestAddr site;
  const uint64_t* last_target = nullptr;  ///< nullptr: there is no such branch
};

enum class Tier : uint8_t { Baseline, Llvm };

/// Translated code, placed in the code cache, not yet published in the block map.
struct CodeObject {
  ir::BlockKey key;
  Tier tier = Tier::Baseline;
  std::span<std::byte> code;             ///< in the cache; the entry is its first byte
  std::vector<LinkSlot*> slots;          ///< its direct exits, all unresolved at first
  std::vector<FaultPoint> fault_points;  ///< by ascending host_offset
  BranchProfile branch;                  ///< of its first indirect branch or call, if code is profiled
  /// True: at a fault point the pinned guest registers are in their host registers. False: all are in the
  /// state, pc included, wherever a fault may come from (if the code is precise), and fault points are not
  /// needed.
  bool pins_in_registers = true;
  bool precise = true;
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges;  ///< guest code it was made from, [first, last)
  uint32_t guest_insts = 0;
};

/// Memory for translated code: one reserved range, code and link slots apart (a store near code that is
/// running costs a pipeline flush) but within reach of a 32-bit displacement of each other. Not thread-safe:
/// the engine holds its translation lock.
class CodeSpace {
 public:
  virtual ~CodeSpace() = default;
  /// Writable, executable room of at least `bytes`, 16-byte aligned; empty when the cache is full.
  virtual std::span<std::byte> reserve(size_t bytes) = 0;
  /// Keeps the first `used` bytes of what reserve() gave last.
  virtual void commit(size_t used) = 0;
  /// `count` slots, adjacent; nullptr when full. The caller fills them.
  virtual LinkSlot* allocate_slots(size_t count) = 0;
  /// An 8-byte cell for a counter or a profile, in reach as slots are; nullptr when full.
  virtual uint64_t* allocate_counter(uint64_t value) = 0;
};

/// Makes host code from IR. Implementations: backend/x64 (baseline), backend/llvm. One object per engine.
class Codegen {
 public:
  virtual ~Codegen() = default;
  virtual std::string_view name() const = 0;
  /// Compiles `function` into `space`. Errors: the cache is full, or something this backend cannot do.
  /// A slow implementation uses `space` only at the very end: its first use takes the engine's translation
  /// lock, which is then held until the engine has published the result.
  virtual support::Result<std::unique_ptr<CodeObject>> compile(const ir::Function& function,
                                                               CodeSpace& space) = 0;
};

}  // namespace ferry::backend
