// One test for each case in tests/ir/{cases,passes,verify}; see case_file.h for what a case says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ir/passes/passes.h"
#include "ir/passes/pipeline.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "tests/ir/case_file.h"
#include "tests/ir/ir_engine.h"
#include "tests/ir/run_line.h"

namespace ferry::ir_test {
namespace {

std::vector<Case> all_cases(std::string_view folder) {
  std::vector<Case> out;
  for (const std::string& file : case_files(folder)) {
    auto cases = read_cases(file);
    if (!cases) {
      ADD_FAILURE() << cases.error().message;
      continue;
    }
    for (Case& c : *cases) out.push_back(std::move(c));
  }
  return out;
}

/// Value numbers by position and no dead instructions: texts of equal functions are equal.
std::string canonical(const ir::Function& function) {
  ir::Function copy = function;
  ir::PassContext context;
  ir::compact(copy, context);
  return ir::print(copy);
}

void check_text_form(const Case& c, const ir::Function& function) {
  const std::string text = ir::print(function);
  auto again = parse_toy(text);
  ASSERT_TRUE(again) << c.name << ": " << again.error().message << "\n" << text;
  EXPECT_EQ(ir::print(*again), text) << c.name;
}

void check_runs(const Case& c) {
  ASSERT_EQ(c.functions.size(), 1u) << c.file << ": " << c.name;
  const auto error = ir::verify(c.functions[0]);
  ASSERT_FALSE(error) << c.file << ": " << c.name << ": " << error->message;
  check_text_form(c, c.functions[0]);
  EXPECT_FALSE(c.runs.empty()) << c.name;
  static const auto engines = make_engines();
  for (const RunLine& line : c.runs) {
    for (const auto& engine : engines) {
      const std::string wrong = check_run(*engine, c.functions[0], line);
      EXPECT_TRUE(wrong.empty()) << c.file << ": " << c.name << ": " << wrong;
    }
  }
}

void check_passes(const Case& c) {
  ASSERT_EQ(c.functions.size(), 2u) << c.file << ": " << c.name;
  for (const ir::Function& function : c.functions) {
    const auto error = ir::verify(function);
    ASSERT_FALSE(error) << c.file << ": " << c.name << ": " << error->message;
  }
  ir::PipelineOptions options{.tier = ir::PassTier::Optimizing, .disabled = ~uint32_t{0}, .verify = true};
  for (const std::string& name : c.passes) {
    ASSERT_NE(ir::pass_bit(name), 0u) << c.name << ": no pass is called " << name;
    options.disabled &= ~ir::pass_bit(name);
  }
  ir::Function function = c.functions[0];
  ir::PassContext context;
  const auto error = ir::run_passes(function, context, options);
  ASSERT_FALSE(error) << c.name << ": " << error->stage << ": " << error->error.message;
  EXPECT_EQ(canonical(function), canonical(c.functions[1])) << c.file << ": " << c.name;
}

void check_error(const Case& c) {
  ASSERT_EQ(c.functions.size(), 1u) << c.name;
  const auto error = ir::verify(c.functions[0]);
  ASSERT_TRUE(error) << c.file << ": " << c.name << ": the verifier found nothing";
  EXPECT_EQ(ir::name_of(error->rule), c.error_rule) << c.name << ": " << error->message;
}

class CaseTest : public testing::Test {
 public:
  CaseTest(Case c, void (*check)(const Case&)) : case_(std::move(c)), check_(check) {}
  void TestBody() override { check_(case_); }

 private:
  Case case_;
  void (*check_)(const Case&);
};

void add_tests(std::string_view folder, const std::string& suite, void (*check)(const Case&)) {
  for (const std::string& file : case_files(folder)) {
    auto cases = read_cases(file);
    if (!cases) continue;  // all_cases() fails with the message
    for (const Case& c : *cases) {
      const std::string name = std::filesystem::path(file).stem().string() + "." + c.name;
      testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, file.c_str(),
                            static_cast<int>(c.line),
                            [c, check]() -> CaseTest* { return new CaseTest(c, check); });
    }
  }
}

TEST(IrCases, EveryOpHasACase) {
  std::vector<bool> seen(ir::kOpCount, false);
  for (const Case& c : all_cases("cases")) {
    for (const ir::Function& function : c.functions) {
      for (const ir::Inst& inst : function.insts) seen[static_cast<unsigned>(inst.op)] = true;
    }
  }
  for (unsigned i = 0; i < ir::kOpCount; ++i) EXPECT_TRUE(seen[i]) << ir::kOpInfo[i].name << " has no case";
}

TEST(VerifierCases, EveryRuleHasACase) {
  std::vector<std::string> seen;
  for (const Case& c : all_cases("verify")) seen.push_back(c.error_rule);
  const auto has = [&](std::string_view rule) {
    return std::find(seen.begin(), seen.end(), rule) != seen.end();
  };
  // The text form cannot break these; tests/unit/ir/verify_test.cpp does.
  constexpr ir::Rule kNotInText[] = {ir::Rule::KnownOp, ir::Rule::HelperKnown, ir::Rule::HelperRegisters};
#define RULE(name, text)                                                                                 \
  if (std::find(std::begin(kNotInText), std::end(kNotInText), ir::Rule::name) == std::end(kNotInText)) { \
    EXPECT_TRUE(has(#name)) << #name;                                                                    \
  }
#include "ir/verify_rules.def"
#undef RULE
}

TEST(PassCases, EveryPassHasACase) {
  std::vector<std::string> seen;
  for (const Case& c : all_cases("passes")) seen.insert(seen.end(), c.passes.begin(), c.passes.end());
  for (const ir::Pass& pass : ir::all_passes()) {
    EXPECT_NE(std::find(seen.begin(), seen.end(), pass.name), seen.end()) << pass.name;
  }
}

}  // namespace

void register_cases() {
  add_tests("cases", "IrCase", check_runs);
  add_tests("passes", "PassCase", check_passes);
  add_tests("verify", "VerifierCase", check_error);
}

}  // namespace ferry::ir_test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  ferry::ir_test::register_cases();
  return RUN_ALL_TESTS();
}
