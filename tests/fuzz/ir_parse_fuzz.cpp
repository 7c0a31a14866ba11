// Any text as IR: parse() answers a function or an error that names a line, and verify() judges any function.
#include <array>
#include <string_view>

#include "ir/print.h"
#include "ir/verify.h"
#include "tests/fuzz/ir_checks.h"
#include "tests/fuzz/target.h"
#include "tests/ir/random_function.h"
#include "tests/ir/toy_guest.h"

namespace ferry::fuzz {

std::vector<Input> seeds() {
  constexpr unsigned kSeeds = 64;
  std::vector<Input> all;
  for (unsigned i = 0; i < kSeeds; ++i) {
    const std::string text =
        ir::print(ir_test::random_function(i, {.blocks = i % 4 + 1, .insts_per_block = 12}));
    all.emplace_back(text.begin(), text.end());
  }
  return all;
}

}  // namespace ferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  const std::array layouts = {&ir_test::toy_layout()};
  const ir::ParseNames names{layouts, ir_test::toy_helpers()};
  const auto function = ir::parse({reinterpret_cast<const char*>(data), size}, names);
  if (!function) {
    fuzz::require(function.error().message.starts_with("line "), "an error names a line",
                  function.error().message);
    return 0;
  }
  if (!ir::verify(*function)) fuzz::check_function(*function, names);
  return 0;
}
