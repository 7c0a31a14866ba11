#include "ir/passes/pipeline.h"

#include <gtest/gtest.h>

#include "tests/ir/case_file.h"
#include "tests/ir/random_function.h"

namespace ferry::ir_test {
namespace {

ir::Function sample() { return random_function(5, {.blocks = 2, .insts_per_block = 20}); }

TEST(Pipeline, NamesAndBits) {
  EXPECT_EQ(ir::pass_bit("forward-state"), 1u);
  EXPECT_EQ(ir::pass_bit("no-such-pass"), 0u);
  uint32_t all = 0;
  for (const ir::Pass& pass : ir::all_passes()) {
    EXPECT_EQ(all & ir::pass_bit(pass.name), 0u) << pass.name;
    all |= ir::pass_bit(pass.name);
  }
}

TEST(Pipeline, DumpSeesEveryPassOfTheTier) {
  std::vector<std::string> stages;
  ir::PipelineOptions options{
      .tier = ir::PassTier::Baseline, .disabled = ir::pass_bit("fold"), .verify = true};
  options.dump = [](void* cookie, std::string_view stage, const ir::Function&) {
    static_cast<std::vector<std::string>*>(cookie)->emplace_back(stage);
  };
  options.dump_cookie = &stages;
  ir::Function fn = sample();
  ir::PassContext context;
  EXPECT_FALSE(ir::run_passes(fn, context, options));
  std::vector<std::string> wanted = {"input"};
  for (const ir::Pass& pass : ir::all_passes()) {
    if (pass.baseline && pass.name != "fold") wanted.emplace_back(pass.name);
  }
  EXPECT_EQ(stages, wanted);
}

TEST(Pipeline, VerifierNamesTheStage) {
  ir::Function fn = sample();
  fn.insts[0].type = ir::Type::Void;
  fn.insts[0].op = ir::Op::add;
  ir::PassContext context;
  const auto error = ir::run_passes(fn, context, {.verify = true});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->stage, "input");
}

// Functions of any size and order through one context: what one leaves behind must not reach the next.
TEST(Pipeline, ContextIsReusable) {
  ir::PassContext shared;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const ir::Function original =
        random_function(seed, {.blocks = 1 + static_cast<unsigned>(seed * 7 % 5),
                               .insts_per_block = 1 + static_cast<unsigned>(seed * 13 % 60)});
    ir::Function a = original;
    ir::Function b = original;
    ir::PassContext fresh;
    const ir::PipelineOptions options{.tier = ir::PassTier::Optimizing, .verify = true};
    ASSERT_FALSE(ir::run_passes(a, shared, options)) << seed;
    ASSERT_FALSE(ir::run_passes(b, fresh, options)) << seed;
    for (size_t i = 0; i < a.insts.size(); ++i) {
      ASSERT_EQ(a.insts[i].dead, b.insts[i].dead) << "seed " << seed << ", instruction " << i;
      ASSERT_EQ(a.insts[i].op, b.insts[i].op) << "seed " << seed << ", instruction " << i;
    }
  }
}

}  // namespace
}  // namespace ferry::ir_test
