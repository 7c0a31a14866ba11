#pragma once

#include <cstddef>
#include <span>

#include "backend/codegen.h"
#include "backend/runtime/context.h"
#include "ir/state_layout.h"
#include "ir/support/result.h"

namespace ferry::backend::x64 {

/// The hand-written code that all translated code of a process shares (backend/runtime/context.h has its
/// contracts).
struct StubCode {
  Stubs entries;  ///< to be copied into every RuntimeArea
  /// Calls translated code: switches from the C++ stack to RuntimeArea::return_rsp, loads the pins, jumps to
  /// `code`. Returns when translated code is left; RuntimeArea::exit_kind says why. Leaves MXCSR alone.
  void (*enter)(void* state, const void* code) = nullptr;
};

/// Emits the stubs for guests with this layout. Errors: the cache is full.
support::Result<StubCode> emit_stubs(const ir::StateLayout& layout, CodeSpace& space);

// Small pieces around compiled code that must know where they lie. Both tiers use them: each writes to `at`,
// where the code will run, within reach of the slots, and returns the bytes written.

inline constexpr size_t kResolverBytes = 16;
/// Writes the thunk that an unresolved slot leads to and points slot.target and slot.unresolved at it.
size_t emit_resolver(std::byte* at, LinkSlot& slot);

inline constexpr size_t kCallThunkBytes = 80;
/// Writes code to jump to (block entry conventions) for a guest call that is expected to return to
/// `return_pc`: predicts the return, calls `target`, and jumps through `back` once the callee returned there.
/// With `target` null the callee's guest address is in rax (Stubs::indirect).
size_t emit_call_thunk(std::byte* at, const LinkSlot* target, const LinkSlot& back, GuestAddr return_pc);

}  // namespace ferry::backend::x64
