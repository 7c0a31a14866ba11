// Functions that the text form cannot write; the other rules are in tests/ir/verify.
#include "ir/verify.h"

#include <gtest/gtest.h>

#include "ir/builder.h"
#include "tests/ir/toy_guest.h"

namespace ferry::ir_test {
namespace {

using ir::Op;
using ir::Type;

ir::Function function_with(const ir::Inst& inst) {
  ir::Function fn;
  fn.layout = &toy_layout();
  fn.helpers = toy_helpers();
  ir::Builder b(fn);
  b.begin_block({0x1000});
  fn.insts.push_back(inst);
  b.goto_pc({0x2000});
  return fn;
}

ir::Rule broken_by(const ir::Function& fn) {
  const auto error = ir::verify(fn);
  EXPECT_TRUE(error.has_value());
  return error ? error->rule : ir::Rule::HasLayout;
}

TEST(Verify, AcceptsAndNamesTheInstruction) {
  ir::Function fn = function_with({.op = Op::konst, .type = Type::I64, .imm = 5});
  EXPECT_FALSE(ir::verify(fn));
  fn.insts[0].type = Type::Void;
  const auto error = ir::verify(fn);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->inst, 0u);
  EXPECT_EQ(error->message,
            "instruction 0 `const.void 0x5`: ResultType: the instruction's type is one that its op allows "
            "(ir/op_types.h)");
}

TEST(Verify, NoLayout) {
  ir::Function fn = function_with({.op = Op::konst, .type = Type::I64});
  fn.layout = nullptr;
  EXPECT_EQ(broken_by(fn), ir::Rule::HasLayout);
}

TEST(Verify, BlocksThatDoNotTile) {
  ir::Function fn = function_with({.op = Op::konst, .type = Type::I64});
  fn.blocks[0].begin = 1;
  EXPECT_EQ(broken_by(fn), ir::Rule::BlockBounds);
  fn.blocks[0] = {0, 9, {0}};
  EXPECT_EQ(broken_by(fn), ir::Rule::BlockBounds);
  fn.blocks[0] = {0, 1, {0}};
  EXPECT_EQ(broken_by(fn), ir::Rule::BlockBounds);
}

TEST(Verify, OpAndTypeOutsideTheirTables) {
  EXPECT_EQ(broken_by(function_with({.op = static_cast<Op>(250), .type = Type::I64})), ir::Rule::KnownOp);
  EXPECT_EQ(broken_by(function_with({.op = Op::konst, .type = static_cast<Type>(99)})), ir::Rule::KnownOp);
}

TEST(Verify, DeadInstructions) {
  ir::Function fn = function_with({.op = Op::add, .type = Type::I64, .dead = true});
  EXPECT_FALSE(ir::verify(fn)) << "what is dead may be anything";
  fn.insts.back().dead = true;
  EXPECT_EQ(broken_by(fn), ir::Rule::BlockEnd);

  ir::Function use = function_with({.op = Op::konst, .type = Type::I64, .dead = true});
  use.insts.insert(use.insts.begin() + 1,
                   {.op = Op::set_reg, .arg_count = 1, .args = {0, ir::kNoValue, ir::kNoValue}});
  use.blocks[0].end = 3;
  EXPECT_EQ(broken_by(use), ir::Rule::OperandDefined);
}

TEST(Verify, OperandCountBeyondTheArray) {
  EXPECT_EQ(broken_by(function_with({.op = Op::add, .type = Type::I64, .arg_count = 200})),
            ir::Rule::OperandCount);
}

TEST(Verify, LaterAndFarOperands) {
  EXPECT_EQ(broken_by(function_with({.op = Op::abs, .type = Type::I64, .arg_count = 1, .args = {1, 0, 0}})),
            ir::Rule::OperandDefined);
  EXPECT_EQ(broken_by(function_with({.op = Op::abs, .type = Type::I64, .arg_count = 1, .args = {0, 0, 0}})),
            ir::Rule::OperandDefined);
  EXPECT_EQ(
      broken_by(function_with({.op = Op::abs, .type = Type::I64, .arg_count = 1, .args = {77777, 0, 0}})),
      ir::Rule::OperandDefined);
}

TEST(Verify, RegisterAndHelperBeyondTheirTables) {
  EXPECT_EQ(broken_by(function_with({.op = Op::get_reg, .type = Type::I64, .imm = 1000})),
            ir::Rule::RegisterRow);
  EXPECT_EQ(broken_by(function_with({.op = Op::call, .type = Type::I64, .imm = 1000})),
            ir::Rule::HelperKnown);
}

TEST(Verify, ArgumentsBeyondTheCallArguments) {
  ir::Inst call{.op = Op::call, .type = Type::I32, .arg_count = 2, .args = {5, 0, 0}, .imm = 1};
  EXPECT_EQ(broken_by(function_with(call)), ir::Rule::OperandCount);
}

TEST(Verify, MoreArgumentsThanRegisters) {
  static const ir::HelperInfo kTooMany[] = {
      {"too_many",
       nullptr,
       Type::Void,
       true,
       ir::HelperEffect::State,
       6,
       {Type::I64, Type::I64, Type::I64, Type::I64, Type::I64, Type::I64}}};
  ir::Function fn;
  fn.layout = &toy_layout();
  fn.helpers = kTooMany;
  ir::Builder b(fn);
  b.begin_block({0x1000});
  const ir::Value v = b.i64(1);
  b.call(0, {v, v, v, v, v, v});
  b.goto_pc({0x2000});
  EXPECT_EQ(broken_by(fn), ir::Rule::HelperRegisters);
}

}  // namespace
}  // namespace ferry::ir_test
