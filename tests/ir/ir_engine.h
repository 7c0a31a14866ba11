#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ir/interp.h"
#include "ir/support/result.h"

namespace ferry::ir_test {

/// Something that runs IR functions. Every case and every random function runs on all of make_engines().
class IrEngine {
 public:
  virtual ~IrEngine() = default;
  virtual std::string_view name() const = 0;
  /// Whether run() tells calls and returns from other jumps. Without, a call is reported as Leave::Goto, and
  /// an indirect call and a return as Leave::GotoIndirect, with no return address.
  virtual bool tells_calls() const { return false; }
  /// Runs a verified function on the registers at `state` (of the function's layout).
  /// `mxcsr` holds the guest's rounding mode and flags before and after.
  virtual support::Result<ir::InterpResult> run(const ir::Function& function, void* state,
                                                uint32_t& mxcsr) = 0;
};

/// All engines that this build has: the interpreter alone, after each tier's passes and after each single
/// pass, and the back ends.
std::vector<std::unique_ptr<IrEngine>> make_engines();

}  // namespace ferry::ir_test
