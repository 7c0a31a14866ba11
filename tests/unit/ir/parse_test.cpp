#include <gtest/gtest.h>

#include <random>

#include "ir/print.h"
#include "ir/verify.h"
#include "tests/ir/case_file.h"
#include "tests/ir/random_function.h"

namespace ferry::ir_test {
namespace {

/// The error for a function whose only block holds `line`, followed by a goto.
std::string error_of(const std::string& line) {
  const auto result = parse_toy("function toy @0x1000 {\nblock0 @0x1000:\n  %0 = const.i64 1\n  " + line +
                                "\n  goto_pc 0x2000\n}\n");
  return result ? "" : result.error().message;
}

TEST(Parse, ErrorsNameTheLineAndWhatIsWrong) {
  EXPECT_EQ(error_of("%1 = add.i64 %0, %0"), "");
  EXPECT_EQ(error_of("%1 = addd.i64 %0, %0"), "line 4: no operation is called `addd`");
  EXPECT_EQ(error_of("%1 = add.i63 %0, %0"), "line 4: no type is called `i63`");
  EXPECT_EQ(error_of("%1 = add %0, %0"), "line 4: expected `.` and a type before `%0, %0`");
  EXPECT_EQ(error_of("%1 = add.i64 %0, %2"), "line 4: %2 is not defined yet");
  EXPECT_EQ(error_of("%0 = add.i64 %0, %0"), "line 4: %0 is defined twice");
  EXPECT_EQ(error_of("add.i64 %0, %0"), "line 4: a result needs a name: `%1 = ...`");
  EXPECT_EQ(error_of("%1 = set_reg x0, %0"), "line 4: this has no result to name");
  EXPECT_EQ(error_of("set_reg x99, %0"), "line 4: the layout has no register `x99`");
  EXPECT_EQ(error_of("%1 = call.i64 nobody(%0)"), "line 4: no helper is called `nobody`");
  EXPECT_EQ(error_of("%1 = icmp less %0, %0"), "line 4: `less` is not a condition");
  EXPECT_EQ(error_of("%1 = load.i64 [%0]"), "line 4: expected `bytes=` at the end of the line");
  EXPECT_EQ(error_of("%1 = load.i64 [%0 + 99999999999] bytes=8"),
            "line 4: expected a number up to 2147483647 before `99999999999] bytes=8`");
  EXPECT_EQ(error_of("%1 = add.i64 %0, %0 and more"),
            "line 4: expected the end of the line before `and more`");
  EXPECT_EQ(error_of("%1 = select.i64 %0, %0, %0, %0"), "line 4: too many operands");
  EXPECT_EQ(error_of("block2 @0x1000:"), "line 4: the next block's name is block1");
  EXPECT_EQ(error_of("%1 = const.i64 0x100000000000000000000000000000000"),
            "line 4: expected a number before `0x100000000000000000000000000000000`");
  EXPECT_EQ(error_of("%99999999 = const.i64 0"),
            "line 4: expected a number up to 1048576 before `99999999 = const.i64 0`");
}

TEST(Parse, ErrorsAroundTheFunction) {
  const auto message = [](std::string_view text, unsigned first_line = 1) {
    const auto result = parse_toy(text, first_line);
    return result ? std::string() : result.error().message;
  };
  EXPECT_EQ(message(""), "line 0: no function");
  EXPECT_EQ(message("function moon @0 {\n}\n"), "line 1: no state layout is called `moon`");
  EXPECT_EQ(message("function toy @0 {\n"), "line 1: the function's closing `}` is missing");
  EXPECT_EQ(message("function toy @0 {\n}\nfunction"), "line 3: text after the function");
  EXPECT_EQ(message("function toy @0 {\n  goto_pc 0\n}", 10),
            "line 11: an instruction before the first block");
  EXPECT_EQ(message("function toy @0 fast {\n}"),
            "line 1: expected `{` or one of the function's attributes before `fast {`");
}

TEST(Parse, KeepsTheHeader) {
  const std::string text =
      "function toy @0x1000 mode=0x3 insts=7 nan_x86 ignore_fp_flags exact_underflow imprecise {\n"
      "  range 0x1000 0x1010\n"
      "  range 0x2000 0x2004\n"
      "block0 @0x1000:\n"
      "  goto_pc 0x2000\n"
      "}\n";
  const auto result = parse_toy(text);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->mode, 3u);
  EXPECT_EQ(result->guest_insts, 7u);
  EXPECT_EQ(result->nan_rule, ir::NanRule::X86);
  EXPECT_TRUE(result->ignore_fp_flags);
  EXPECT_TRUE(result->exact_underflow);
  EXPECT_FALSE(result->precise);
  ASSERT_EQ(result->ranges.size(), 2u);
  EXPECT_EQ(ir::print(*result), text);
}

/// Text damaged in a few places, as a fuzzer would.
std::string damage(std::string text, std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {"%",    "[",      "]",      "0x",
                                                 ",",    "block0", "none",   "\n",
                                                 "}",    "{",      " + ",    " << ",
                                                 "-",    "@",      "99",     "18446744073709551616",
                                                 ".i64", "call.",  "const.", "shuffle.v16i8",
                                                 "(",    ")"};
  for (unsigned i = 0, n = 1 + random() % 4; i < n && !text.empty(); ++i) {
    const size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, 1 + random() % 8);
        break;
      case 2:
        text.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 40));
        break;
    }
  }
  return text;
}

// Nothing that a text can say may crash the parser, the verifier or the printer; what is accepted survives
// printing.
TEST(Parse, DamagedText) {
  std::mt19937_64 random(1);
  unsigned accepted = 0;
  unsigned verified = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    const auto original = random_function(i % 200, {.blocks = 1 + i % 3, .insts_per_block = 12});
    const auto parsed = parse_toy(damage(ir::print(original), random));
    if (!parsed) continue;
    ++accepted;
    verified += !ir::verify(*parsed);
    const std::string text = ir::print(*parsed);
    const auto again = parse_toy(text);
    ASSERT_TRUE(again) << again.error().message << "\n" << text;
    ASSERT_EQ(ir::print(*again).size(), text.size()) << text;
  }
  EXPECT_GT(accepted, 100u);  // else the test looks at nothing but the parser's first error
  EXPECT_GT(verified, 50u);
  EXPECT_LT(verified, accepted);
}

}  // namespace
}  // namespace ferry::ir_test
