#include "tests/fuzz/ir_checks.h"

#include "ir/passes/pipeline.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "tests/fuzz/target.h"

namespace ferry::fuzz {
namespace {

/// The text of what `text` reads as: value numbers become positions.
std::string read_back(const std::string& text, const ir::ParseNames& names) {
  const auto function = ir::parse(text, names);
  if (!function) require(false, "what print() writes, parse() reads", function.error().message + "\n" + text);
  const auto broken = ir::verify(*function);
  if (broken) require(false, "what is read back obeys the rules", broken->message + "\n" + text);
  return ir::print(*function);
}

void check_passes(const ir::Function& function, ir::PassTier tier) {
  static ir::PassContext context;
  ir::Function changed = function;
  ir::PipelineOptions options;
  options.tier = tier;
  options.verify = true;
  const auto broken = ir::run_passes(changed, context, options);
  if (!broken) return;
  require(false, "passes keep the rules",
          std::string(broken->stage) + ": " + broken->error.message + "\n" + ir::print(function));
}

}  // namespace

void check_function(const ir::Function& function, const ir::ParseNames& names) {
  const std::string text = ir::print(function);
  const auto broken = ir::verify(function);
  if (broken) require(false, "the function obeys the rules", broken->message + "\n" + text);
  const std::string once = read_back(text, names);
  const std::string twice = read_back(once, names);
  require(once == twice, "the text reads back as itself", once + twice);
  check_passes(function, ir::PassTier::Baseline);
  check_passes(function, ir::PassTier::Optimizing);
}

}  // namespace ferry::fuzz
