#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

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

/// Where optimized code keeps a guest register while the instructions of some fault points run.
struct RegisterPlace {
  enum class Kind : uint8_t { General, Vector, Memory, Constant };
  uint32_t first_point, end_point;  ///< those fault points, by index
  ir::RegId reg;
  Kind kind;
  uint8_t host;   ///< General, Memory (the base): the x86-64 encoding; Vector: xmm0 to xmm31
  int64_t value;  ///< Memory: the displacement; Constant: the register's value
};

/// The cell where the code of an indirect branch writes where it leads.
struct BranchProfile {
  GuestAddr site;
  const uint64_t* last_target = nullptr;  ///< nullptr: there is no such branch
};

enum class Tier : uint8_t { Baseline, Llvm };

/// A direct exit of an image.
struct ImageSlot {
  GuestAddr pc;       ///< where it leads
  uint32_t resolver;  ///< offset of the code that an unresolved slot leads to
  bool counted;       ///< has a counter
};

/// A 32-bit displacement in an image's code that depends on where code and slots are placed:
/// the target's address + addend - the address of the displacement.
struct ImageFixup {
  enum class Target : uint8_t { Slot, Counter, Profile };
  uint32_t at;  ///< offset of the displacement
  uint16_t slot;
  int8_t addend;
  Target target;
};
static_assert(sizeof(ImageFixup) == 8);

/// Translated code as a code generator makes it: it can be placed anywhere, in any process. Its arrays are
/// the code generator's (or a file's) and stay until the next compile().
struct CodeImage {
  ir::BlockKey key;
  Tier tier = Tier::Baseline;
  uint32_t guest_insts = 0;
  uint32_t alignment = 16;          ///< of the code
  std::span<const std::byte> code;  ///< the entry is its first byte
  std::span<const ImageSlot> slots;
  std::span<const ImageFixup> fixups;
  std::span<const FaultPoint> fault_points;                 ///< by ascending host_offset
  std::span<const RegisterPlace> places;                    ///< of LLVM's precise code
  std::span<const std::pair<GuestAddr, GuestAddr>> ranges;  ///< guest code it was made from, [first, last)
  /// Its first indirect branch or call, if it writes where that leads.
  std::optional<GuestAddr> profiled;
  /// At a fault point the pinned guest registers are in their host registers. False: registers are where
  /// `places` says, the others in the state.
  bool pins_in_registers = true;
  bool precise = true;
};

/// An image's code in the code cache, its exits unresolved.
struct PlacedCode {
  std::span<std::byte> code;
  std::span<LinkSlot> slots;
  BranchProfile branch;
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

/// Puts the image's code and slots into `space`; counters start with `count`. Error: it is full.
support::Result<PlacedCode> place(const CodeImage& image, CodeSpace& space, uint64_t count);

/// Why LLVM's code generator refuses some precise functions: register allocation left a register where it
/// cannot be found at a fault.
inline constexpr const char* kLostPlaces = "registers would not be exact at a fault";

/// Makes host code from IR. Implementations: backend/x64 (baseline), backend/llvm. One object per engine.
class Codegen {
 public:
  virtual ~Codegen() = default;
  virtual std::string_view name() const = 0;
  /// Errors: something that this backend cannot do.
  virtual support::Result<CodeImage> compile(const ir::Function& function) = 0;
};

}  // namespace ferry::backend
