// What of the interpreter is not a value: its context. Values are in tests/ir/cases.
#include "ir/interp.h"

#include <gtest/gtest.h>

#include "tests/ir/case_file.h"
#include "tests/ir/toy_guest.h"

namespace ferry::ir_test {
namespace {

ir::Function parsed(std::string_view text) {
  auto result = parse_toy(text);
  EXPECT_TRUE(result) << result.error().message;
  return std::move(*result);
}

constexpr std::string_view kEndless =
    "function toy @0x1000 {\n"
    "block0 @0x1000:\n"
    "  %0 = get_reg.i64 x0\n"
    "  %1 = const.i64 1\n"
    "  %2 = add.i64 %0, %1\n"
    "  set_reg x0, %2\n"
    "  br block1\n"
    "block1 @0x1010:\n"
    "  br block0\n"
    "}\n";

TEST(Interp, InterruptEndsALoopAtItsBackwardBranch) {
  const ir::Function fn = parsed(kEndless);
  std::atomic<uint32_t> interrupt{1};
  ir::InterpContext context;
  context.interrupt = &interrupt;
  ToyState state;
  const ir::InterpResult result = ir::run(fn, &state, context);
  EXPECT_EQ(result.how, ir::Leave::Interrupted);
  EXPECT_EQ(result.target, GuestAddr{0x1000});
  EXPECT_EQ(state.x[0], 1u);
}

// A helper, as it were the handler of a fault, sees where the guest is.
TEST(Interp, CurrentPcFollowsTheMarkers) {
  const ir::Function fn = parsed(
      "function toy @0x1000 {\n"
      "block0 @0x1000:\n"
      "  at 0x1000\n"
      "  at 0x1004\n"
      "  trap illegal resume 0x1004\n"
      "}\n");
  ir::InterpContext context;
  context.current_pc = 5;
  ToyState state;
  ir::run(fn, &state, context);
  EXPECT_EQ(context.current_pc.load(), 0x1004u);
}

TEST(Interp, AddressMaskClearsTags) {
  const ir::Function fn = parsed(
      "function toy @0x1000 {\n"
      "block0 @0x1000:\n"
      "  %0 = get_reg.i64 x0\n"
      "  %1 = load.i64 [%0 + 8] bytes=8\n"
      "  store.i64 [%0], %1 bytes=8\n"
      "  %2 = atomic_rmw.i64 add [%0], %1 bytes=8\n"
      "  %3 = cmpxchg.i64 [%0], %2, %1 bytes=8\n"
      "  set_reg x1, %3\n"
      "  goto_pc 0x2000\n"
      "}\n");
  uint64_t memory[2] = {1, 21};
  ir::InterpContext context;
  context.address_mask = ~uint64_t{0} >> 8;
  ToyState state;
  state.x[0] = reinterpret_cast<uint64_t>(memory) | uint64_t{0xab} << 56;
  ir::run(fn, &state, context);
  EXPECT_EQ(memory[0], 42u);
  EXPECT_EQ(state.x[1], 42u);
}

TEST(Interp, DeadInstructionsDoNothing) {
  ir::Function fn = parsed(
      "function toy @0x1000 {\n"
      "block0 @0x1000:\n"
      "  %0 = const.i64 7\n"
      "  set_reg x0, %0\n"
      "  set_reg x1, %0\n"
      "  goto_pc 0x2000\n"
      "}\n");
  fn.insts[1].dead = true;
  ir::InterpContext context;
  ToyState state;
  ir::run(fn, &state, context);
  EXPECT_EQ(state.x[0], 0u);
  EXPECT_EQ(state.x[1], 7u);
}

}  // namespace
}  // namespace ferry::ir_test
