#pragma once

#include <cstdint>

namespace ferry::backend::x64 {

/// What follows a call of Stubs::slow_op in the code: the first three arguments of ferry_evaluate
/// (backend/runtime/evaluate.h), which says what they mean.
struct SlowOp {
  uint64_t descriptor;
  uint64_t imm;
  uint64_t imm2;
};

}  // namespace ferry::backend::x64
