#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "ir/function.h"

namespace ferry::ir {

/// A value's bits: scalars in the low ones with zeros above, vectors as they lie in memory (little-endian).
struct Bits128 {
  uint64_t low = 0;
  uint64_t high = 0;

  bool operator==(const Bits128&) const = default;
};

/// What the interpreter needs of its thread; reused from run to run. A host fault in guest memory may leave
/// run() without returning (siglongjmp): the context stays usable.
struct InterpContext {
  /// The guest instruction under way, for the handler of host faults. Exact at every access to guest memory.
  std::atomic<uint64_t> current_pc{0};
  /// Looked at on branches that are safe points; not 0: run() returns Leave::Interrupted. May be null.
  const std::atomic<uint32_t>* interrupt = nullptr;
  /// Bits of an address that guest memory looks at (GuestArch::address_mask); the others are cleared.
  uint64_t address_mask = ~uint64_t{0};
  std::vector<Bits128> values;  ///< by ValueId
};

/// How a function was left.
enum class Leave : uint8_t { Goto, GotoIndirect, Call, CallIndirect, Return, Trap, Interrupted };

struct InterpResult {
  Leave how = Leave::Goto;
  GuestAddr target = {};     ///< where the guest goes on; of a trap, where to resume
  GuestAddr return_to = {};  ///< Call, CallIndirect: the return address expected
  TrapKind trap = TrapKind::SystemCall;
};

/// Runs a verified function on the guest registers at `state` (as the function's layout says) from block 0
/// until it is left. This defines what every op means. Guest memory is accessed at its own addresses. The
/// guest's rounding mode and cumulative exception flags are those of the host's MXCSR. The state's pc row is
/// not written: the result tells.
InterpResult run(const Function& function, void* state, InterpContext& context);

/// The value of one instruction with Trait::Pure whose operands' values are in `values` (by ValueId).
/// `scratch` is not looked at: it only satisfies the handlers' interface.
Bits128 evaluate(const Function& function, const Inst& inst, Bits128* values, InterpContext& scratch);

/// The meaning of one op without side effects (Trait::Pure or FlagsOnly) on its operands' bits: `inst` gives
/// op, type and immediates, `arg_type` its first operand's type. Rounding mode and cumulative flags are
/// MXCSR's.
Bits128 evaluate(const Inst& inst, Type arg_type, NanRule nan_rule, const Bits128 (&operands)[3]);

}  // namespace ferry::ir
