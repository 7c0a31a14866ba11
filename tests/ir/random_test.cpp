// Random functions: every engine must agree with the interpreter, and the text form must hold them all.
#include <gtest/gtest.h>

#include "backend/codegen.h"
#include "ir/op_types.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "tests/ir/case_file.h"
#include "tests/ir/random_function.h"

namespace ferry::ir_test {
namespace {

constexpr uint64_t kFunctions = 3000;
constexpr unsigned kRunsPerFunction = 2;

RandomOptions options_of(uint64_t seed) {
  return {.blocks = 1 + static_cast<unsigned>(seed % 4), .insts_per_block = 24};
}

TEST(RandomFunctions, EveryEngineAgreesWithTheInterpreter) {
  const auto engines = make_engines();
  unsigned failures = 0, refused = 0;
  for (uint64_t seed = 0; seed < kFunctions && failures < 5; ++seed) {
    const ir::Function function = random_function(seed, options_of(seed));
    const auto error = ir::verify(function);
    ASSERT_FALSE(error) << "seed " << seed << ": " << error->message;
    for (unsigned run = 0; run < kRunsPerFunction; ++run) {
      const Machine start = random_machine(seed * kRunsPerFunction + run);
      Machine wanted = start;
      ASSERT_EQ(run_on(*engines[0], function, wanted), "") << "seed " << seed;
      for (const auto& engine : engines) {
        Machine got = start;
        std::string wrong = run_on(*engine, function, got);
        if (wrong == backend::kLostPlaces) {
          ++refused;
          continue;
        }
        if (wrong.empty()) wrong = difference(wanted, got, *engine, !function.ignore_fp_flags);
        if (wrong.empty()) continue;
        ADD_FAILURE() << "seed " << seed << ", " << engine->name() << ": " << wrong << "\n"
                      << ir::print(function);
        ++failures;
      }
    }
  }
  constexpr unsigned kRunsPerRefusal = 100;  // at least
  EXPECT_LT(refused * kRunsPerRefusal, kFunctions * kRunsPerFunction);
}

// What the engines agreed on above is only worth something where it was generated.
TEST(RandomFunctions, CoverEveryOpOnEveryTypeThatItAllows) {
  constexpr size_t kTypes = std::size(ir::kTypeInfo);
  std::vector<bool> seen(ir::kOpCount * kTypes, false);
  for (uint64_t seed = 0; seed < kFunctions; ++seed) {
    for (const ir::Inst& inst : random_function(seed, options_of(seed)).insts) {
      seen[static_cast<unsigned>(inst.op) * kTypes + static_cast<unsigned>(inst.type)] = true;
    }
  }
  std::string missing;
  for (unsigned i = 0; i < ir::kOpCount; ++i) {
    const auto op = static_cast<ir::Op>(i);
    for (unsigned t = 0; t < kTypes; ++t) {
      const auto type = static_cast<ir::Type>(t);
      const bool generated = op != ir::Op::call;
      if (!generated || !ir::allowed_types(op).has(type) || seen[i * kTypes + t]) continue;
      missing += std::string(" ") + std::string(ir::info(op).name) + "." + std::string(ir::info(type).text);
    }
  }
  EXPECT_EQ(missing, "");
}

TEST(RandomFunctions, SurviveTheTextForm) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const std::string text = ir::print(random_function(seed, options_of(seed)));
    auto again = parse_toy(text);
    ASSERT_TRUE(again) << "seed " << seed << ": " << again.error().message;
    ASSERT_EQ(ir::print(*again), text) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ferry::ir_test
