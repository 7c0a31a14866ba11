// The passes, each a function that changes a verified function into an equivalent verified one in one linear
// scan (flag_liveness: a few), without allocating. Removed instructions are marked dead, never erased:
// ValueIds stay.
#pragma once

#include "ir/passes/pass_context.h"

namespace ferry::ir {

/// Within a block, a get_reg after a get_reg or set_reg of the same row becomes the known value; a set_reg
/// that is overwritten before anybody can observe it, or that writes what the register holds, goes.
void forward_state(Function& function, PassContext& context);

/// Operations on constants are computed (by the interpreter), and algebraic identities applied: x + 0, masks
/// that mask nothing, chains of extensions, of truncations and of shuffles, the parts of an AES round,
/// selects and branches with a known or inverted condition.
void fold(Function& function, PassContext& context);

/// Additions and shifts that make an address move into the access: base + (index << scale) + displacement.
void fold_addresses(Function& function, PassContext& context);

/// Within a block, a pure operation on the same operands as an earlier one becomes its value.
void eliminate_common(Function& function, PassContext& context);

/// Across blocks, a set_reg of a one-bit row (a flag) goes when it is overwritten on every path before it can
/// be observed. Whatever leaves the function, or may be interrupted or fault, observes.
void eliminate_dead_flags(Function& function, PassContext& context);

/// Instructions without effect whose value nobody uses go; those that may raise cumulative FP flags only when
/// the function ignores these.
void eliminate_dead(Function& function, PassContext& context);

/// Erases dead instructions and numbers the values anew. Not part of a tier: for tests and dumps.
void compact(Function& function, PassContext& context);

}  // namespace ferry::ir
