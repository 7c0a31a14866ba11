#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

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

// Small pieces around compiled code. Both tiers use them: each writes to `at`, at `offset` of an image's
// code, adds what it refers to, and returns the bytes written.

inline constexpr size_t kResolverBytes = 16;
/// Writes the thunk that unresolved slot `slot` leads to.
size_t emit_resolver(std::byte* at, size_t offset, uint32_t slot, std::vector<ImageFixup>& fixups);

inline constexpr size_t kCallThunkBytes = 80;
/// Writes code to jump to (block entry conventions) for a guest call that is expected to return to
/// `return_pc`: predicts the return, calls slot `target`, and jumps through slot `back` once the callee
/// returned there. Without a target the callee's guest address is in rax (Stubs::indirect).
size_t emit_call_thunk(std::byte* at, size_t offset, std::optional<uint32_t> target, uint32_t back,
                       GuestAddr return_pc, std::vector<ImageFixup>& fixups);

}  // namespace ferry::backend::x64
