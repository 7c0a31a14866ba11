#include "ir/parse.h"

#include <limits>
#include <utility>

#include "ir/interp.h"
#include "ir/names.h"

namespace ferry::ir {
namespace {

using support::Error;

constexpr uint64_t kMaxLabel = 1u << 20;

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

/// The rest of one line. Every reading function skips spaces first and returns false, consuming nothing that
/// matters, when something else stands there.
class Line {
 public:
  explicit Line(std::string_view text = {}) : rest_(text) {}

  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  bool accept(std::string_view literal) {
    skip_spaces();
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  /// `literal` as a whole word.
  bool accept_word(std::string_view literal) {
    const Line before = *this;
    std::string_view found;
    if (word(found) && found == literal) return true;
    *this = before;
    return false;
  }
  bool word(std::string_view& out) {
    skip_spaces();
    size_t n = 0;
    while (n < rest_.size() && is_word_char(rest_[n])) ++n;
    out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return n != 0;
  }
  bool number(Bits128& out) {
    std::string_view digits;
    const Line before = *this;
    if (word(digits) && to_number(digits, out)) return true;
    *this = before;
    return false;
  }
  bool number(uint64_t& out) {
    Bits128 wide;
    const Line before = *this;
    if (number(wide) && wide.high == 0) {
      out = wide.low;
      return true;
    }
    *this = before;
    return false;
  }
  std::string_view rest() const { return rest_; }

  /// Decimal, or hexadecimal after 0x, below 2^128.
  static bool to_number(std::string_view digits, Bits128& out) {
    const bool hex = digits.starts_with("0x");
    if (hex) digits.remove_prefix(2);
    if (digits.empty()) return false;
    __extension__ using Wide = unsigned __int128;
    constexpr Wide kMax = ~Wide{0};
    const unsigned base = hex ? 16 : 10;
    Wide value = 0;
    for (const char c : digits) {
      const auto digit = static_cast<unsigned>(digit_value(c));
      if (digit >= base || value > (kMax - digit) / base) return false;
      value = value * base + digit;
    }
    out = {static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64)};
    return true;
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

class Parser {
 public:
  Parser(std::string_view text, const ParseNames& names, unsigned first_line)
      : text_(text), names_(names), line_number_(first_line - 1) {}

  support::Result<Function> run() {
    if (!function()) return Error{"line " + std::to_string(line_number_) + ": " + message_};
    return std::move(fn_);
  }

 private:
  bool fail(std::string message) {
    message_ = std::move(message);
    return false;
  }
  bool expected(std::string_view what) {
    line_.at_end();  // skips spaces
    const std::string_view found = line_.rest().substr(0, 40);
    return fail("expected " + std::string(what) +
                (found.empty() ? " at the end of the line" : " before `" + std::string(found) + "`"));
  }
  bool expect(std::string_view literal) {
    return line_.accept(literal) || expected("`" + std::string(literal) + "`");
  }
  bool expect_number(uint64_t& out, uint64_t max = ~uint64_t{0}) {
    const Line before = line_;
    if (line_.number(out) && out <= max) return true;
    line_ = before;
    return expected(max == ~uint64_t{0} ? "a number" : "a number up to " + std::to_string(max));
  }
  bool expect_end() { return line_.at_end() || expected("the end of the line"); }

  bool next_line();
  bool function();
  bool header();
  bool header_attribute();
  bool body_line();
  bool range();
  bool block_label();
  bool instruction();
  bool operation();
  bool type_suffix();
  bool rest_of_instruction();
  bool operand(ValueId& out);
  bool operands();
  bool add_operand(ValueId id);
  bool block_name(uint64_t& out);
  template <typename Words>
  bool word_of(const Words& words, std::string_view what, uint64_t& out);
  bool reg();
  bool amount();
  bool address(MemAccess& m);
  bool memory();
  bool field(std::string_view name, uint64_t& value);
  bool rounding();
  bool selectors();
  bool helper();
  bool blocks();
  bool call_target();
  bool trap();

  std::string_view text_;
  const ParseNames& names_;
  unsigned line_number_;
  Line line_;
  std::string message_;
  Function fn_;
  std::vector<ValueId> labels_;  ///< by the number in the text
  Inst inst_{};
};

/// Goes to the next line that is not empty; false at the text's end.
bool Parser::next_line() {
  while (!text_.empty()) {
    const size_t end = std::min(text_.find('\n'), text_.size());
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++line_number_;
    line_ = Line(line.substr(0, line.find('#')));
    if (!line_.at_end()) return true;
  }
  return false;
}

bool Parser::function() {
  if (!next_line()) return fail("no function");
  if (!header()) return false;
  for (;;) {
    if (!next_line()) return fail("the function's closing `}` is missing");
    if (line_.accept("}")) break;
    if (!body_line()) return false;
  }
  if (!expect_end()) return false;
  if (next_line()) return fail("text after the function");
  return true;
}

bool Parser::header() {
  std::string_view layout;
  if (!line_.accept_word("function") || !line_.word(layout))
    return expected("`function` and a layout's name");
  for (const StateLayout* candidate : names_.layouts) {
    if (candidate->name == layout) fn_.layout = candidate;
  }
  if (fn_.layout == nullptr) return fail("no state layout is called `" + std::string(layout) + "`");
  fn_.helpers = names_.helpers;
  if (!expect("@") || !expect_number(fn_.pc.value)) return false;
  while (!line_.accept("{")) {
    if (!header_attribute()) return false;
  }
  return expect_end();
}

bool Parser::header_attribute() {
  uint64_t insts = 0;
  if (line_.accept_word("nan_x86")) {
    fn_.nan_rule = NanRule::X86;
  } else if (line_.accept_word("ignore_fp_flags")) {
    fn_.ignore_fp_flags = true;
  } else if (line_.accept_word("exact_underflow")) {
    fn_.exact_underflow = true;
  } else if (line_.accept_word("imprecise")) {
    fn_.precise = false;
  } else if (line_.accept_word("mode")) {
    return expect("=") && expect_number(fn_.mode);
  } else if (line_.accept_word("insts")) {
    if (!expect("=") || !expect_number(insts, std::numeric_limits<uint32_t>::max())) return false;
    fn_.guest_insts = static_cast<uint32_t>(insts);
  } else {
    return expected("`{` or one of the function's attributes");
  }
  return true;
}

bool Parser::body_line() {
  if (line_.accept_word("range")) return range();
  if (line_.rest().starts_with("block")) return block_label();
  return instruction();
}

bool Parser::range() {
  std::pair<GuestAddr, GuestAddr> range;
  if (!expect_number(range.first.value) || !expect_number(range.second.value)) return false;
  fn_.ranges.push_back(range);
  return expect_end();
}

bool Parser::block_name(uint64_t& out) {
  std::string_view word;
  Bits128 number;
  const bool named = line_.word(word) && word.starts_with("block") && Line::to_number(word.substr(5), number);
  if (!named || number.high != 0) return expected("a block's name after");
  out = number.low;
  return true;
}

bool Parser::block_label() {
  uint64_t number = 0;
  Block block;
  if (!block_name(number) || !expect("@") || !expect_number(block.pc.value) || !expect(":")) return false;
  if (number != fn_.blocks.size())
    return fail("the next block's name is block" + std::to_string(fn_.blocks.size()));
  block.begin = block.end = static_cast<uint32_t>(fn_.insts.size());
  fn_.blocks.push_back(block);
  return expect_end();
}

bool Parser::instruction() {
  if (fn_.blocks.empty()) return fail("an instruction before the first block");
  uint64_t label = 0;
  const bool labelled = line_.accept("%");
  if (labelled && (!expect_number(label, kMaxLabel) || !expect("="))) return false;
  inst_ = {};
  if (!operation() || !type_suffix() || !rest_of_instruction() || !expect_end()) return false;
  const bool has_result = info(inst_.op).signature[0] != '-' && inst_.type != Type::Void;
  if (labelled != has_result)
    return fail(has_result ? "a result needs a name: `%1 = ...`" : "this has no result to name");
  if (labelled) {
    if (labels_.size() <= label) labels_.resize(label + 1, kNoValue);
    if (labels_[label] != kNoValue) return fail("%" + std::to_string(label) + " is defined twice");
    labels_[label] = static_cast<ValueId>(fn_.insts.size());
  }
  fn_.insts.push_back(inst_);
  fn_.blocks.back().end = static_cast<uint32_t>(fn_.insts.size());
  return true;
}

bool Parser::operation() {
  std::string_view name;
  if (!line_.word(name)) return expected("an operation");
  for (unsigned i = 0; i < kOpCount; ++i) {
    if (text_of(static_cast<Op>(i)) != name) continue;
    inst_.op = static_cast<Op>(i);
    return true;
  }
  return fail("no operation is called `" + std::string(name) + "`");
}

bool Parser::type_suffix() {
  if (!has_type_suffix(inst_.op)) {
    inst_.type = info(inst_.op).signature[0] == 'b' ? Type::I1 : Type::Void;
    return true;
  }
  std::string_view word;
  if (!expect(".") || !line_.word(word)) return expected("`.` and a type");
  for (unsigned i = 0; i < std::size(kTypeInfo); ++i) {
    if (kTypeInfo[i].text != word) continue;
    inst_.type = static_cast<Type>(i);
    return true;
  }
  return fail("no type is called `" + std::string(word) + "`");
}

/// `%label`, or `none` for an optional operand that is absent.
bool Parser::operand(ValueId& out) {
  out = kNoValue;
  if (line_.accept_word("none")) return true;
  uint64_t label = 0;
  if (!line_.accept("%")) return expected("a value");
  if (!expect_number(label, kMaxLabel)) return false;
  if (label >= labels_.size() || labels_[label] == kNoValue)
    return fail("%" + std::to_string(label) + " is not defined yet");
  out = labels_[label];
  return true;
}

bool Parser::add_operand(ValueId id) {
  if (inst_.arg_count == inst_.args.size()) return fail("too many operands");
  inst_.args[inst_.arg_count++] = id;
  return true;
}

/// Values separated by commas, maybe none of them; stops before a comma that something else follows.
bool Parser::operands() {
  const auto at_value = [&] {
    return !line_.at_end() && (line_.rest()[0] == '%' || line_.rest().starts_with("none"));
  };
  if (!at_value()) return true;
  for (;;) {
    ValueId id = kNoValue;
    if (!operand(id) || !add_operand(id)) return false;
    const Line before = line_;
    if (line_.accept(",") && at_value()) continue;
    line_ = before;
    return true;
  }
}

template <typename Words>
bool Parser::word_of(const Words& words, std::string_view what, uint64_t& out) {
  std::string_view word;
  if (!line_.word(word)) return expected(what);
  for (size_t i = 0; i < std::size(words); ++i) {
    if (words[i] != word) continue;
    out = i;
    return true;
  }
  Bits128 number;  // what has no word is printed as its number
  if (!Line::to_number(word, number) || number.high != 0)
    return fail("`" + std::string(word) + "` is not " + std::string(what));
  out = number.low;
  return true;
}

bool Parser::rest_of_instruction() {
  uint64_t& imm = inst_.imm;
  Bits128 constant;
  switch (info(inst_.op).immediate) {
    case Immediate::None:
      return operands();
    case Immediate::Value:
      if (!line_.number(constant)) return expected("a number");
      inst_.imm = constant.low;
      inst_.imm2 = constant.high;
      return true;
    case Immediate::Reg:
      return reg();
    case Immediate::Cond:
      return word_of(kIntCondText, "a condition", imm) && operands();
    case Immediate::FCond:
      if (!word_of(kFloatCondText, "a condition", imm) || !operands()) return false;
      inst_.imm2 = line_.accept_word("signalling") ? 1 : 0;
      return true;
    case Immediate::Amount:
      return amount();
    case Immediate::Mem:
      return memory();
    case Immediate::Atomic:
      return word_of(kAtomicKindText, "an atomic operation", inst_.imm2) && memory();
    case Immediate::Fence:
      return word_of(kFenceKindText, "a kind of fence", imm);
    case Immediate::Align:
      return operands() && field("bytes", imm) && field("block", inst_.imm2);
    case Immediate::Round:
      return operands() && rounding();
    case Immediate::Bytes:
      return operands() && selectors();
    case Immediate::Half:
      return operands() && word_of(kHalfText, "`low` or `high`", imm);
    case Immediate::Helper:
      return helper();
    case Immediate::Pc:
      return operands() && expect_number(imm);
    case Immediate::Blocks:
      return blocks();
    case Immediate::Call:
      return call_target();
    case Immediate::Trap:
      return trap();
  }
  return false;
}

bool Parser::reg() {
  std::string_view word;
  if (!line_.word(word)) return expected("a register");
  const auto regs = fn_.layout->regs;
  for (size_t i = 0; i < regs.size(); ++i) {
    if (regs[i].name != word) continue;
    inst_.imm = i;
    return line_.accept(",") ? operands() : true;
  }
  return fail("the layout has no register `" + std::string(word) + "`");
}

bool Parser::amount() {
  return operands() && (inst_.arg_count == 0 || expect(",")) && expect_number(inst_.imm);
}

bool Parser::address(MemAccess& m) {
  ValueId base = kNoValue;
  ValueId index = kNoValue;
  uint64_t number = 0;
  if (!expect("[") || !operand(base)) return false;
  const bool may_index = inst_.op == Op::load || inst_.op == Op::store;
  const Line before = line_;
  if (may_index && line_.accept("+") && !line_.at_end() && line_.rest()[0] == '%') {
    if (!operand(index)) return false;
    if (line_.accept("<<")) {
      if (!expect_number(number, 0xff)) return false;
      m.scale = static_cast<uint8_t>(number);
    }
  } else {
    line_ = before;
  }
  const bool negative = line_.accept("-");
  if (negative || line_.accept("+")) {
    if (!expect_number(number, negative ? 0x80000000u : 0x7fffffffu)) return false;
    m.disp = static_cast<int32_t>(negative ? -static_cast<int64_t>(number) : static_cast<int64_t>(number));
  }
  return expect("]") && add_operand(base) && (!may_index || add_operand(index));
}

bool Parser::field(std::string_view name, uint64_t& value) {
  if (!line_.accept_word(name)) return expected("`" + std::string(name) + "=`");
  return expect("=") && expect_number(value, 0xff);
}

bool Parser::memory() {
  MemAccess m;
  if (!address(m)) return false;
  if (line_.accept(",") && !operands()) return false;
  uint64_t bytes = 0;
  if (!field("bytes", bytes)) return false;
  m.bytes = static_cast<uint8_t>(bytes);
  m.sign_extend = line_.accept_word("signed");
  m.ordered = line_.accept_word("ordered");
  m.whole = line_.accept_word("whole");
  inst_.imm = m.pack();
  return true;
}

bool Parser::rounding() {
  if (line_.accept_word(kRoundCurrentText)) {
    inst_.imm = kRoundCurrent;
  } else if (!word_of(kRoundingText, "a rounding mode", inst_.imm)) {
    return false;
  }
  if (line_.accept_word("exact")) {
    inst_.imm2 = 1;
  } else if (line_.accept_word("fraction")) {
    return expect("=") && expect_number(inst_.imm2);
  }
  return true;
}

bool Parser::selectors() {
  if (!expect("[")) return false;
  for (unsigned i = 0; i < 16; ++i) {
    uint64_t byte = 0;
    if (!expect_number(byte, 0xff)) return false;
    (i < 8 ? inst_.imm : inst_.imm2) |= byte << (8 * (i % 8));
  }
  return expect("]");
}

bool Parser::helper() {
  std::string_view name;
  if (!line_.word(name)) return expected("a helper");
  size_t id = 0;
  while (id < fn_.helpers.size() && fn_.helpers[id].name != name) ++id;
  if (id == fn_.helpers.size()) return fail("no helper is called `" + std::string(name) + "`");
  inst_.imm = id;
  inst_.args[0] = static_cast<ValueId>(fn_.call_args.size());
  if (!expect("(")) return false;
  if (line_.accept(")")) return true;
  do {
    ValueId arg = kNoValue;
    if (!operand(arg)) return false;
    if (inst_.arg_count == 0xff) return fail("too many arguments");
    fn_.call_args.push_back(arg);
    ++inst_.arg_count;
  } while (line_.accept(","));
  return expect(")");
}

bool Parser::blocks() {
  if (!operands()) return false;
  if (inst_.arg_count != 0 && !expect(",")) return false;
  if (!block_name(inst_.imm)) return false;
  return inst_.op != Op::br_if || (expect(",") && block_name(inst_.imm2));
}

bool Parser::call_target() {
  if (!operands()) return false;
  if (inst_.arg_count == 0 && !expect_number(inst_.imm)) return false;
  if (!line_.accept_word("return")) return expected("`return` and an address");
  return expect_number(inst_.imm2);
}

bool Parser::trap() {
  if (!word_of(kTrapKindText, "a kind of trap", inst_.imm)) return false;
  if (!line_.accept_word("resume")) return expected("`resume` and an address");
  return expect_number(inst_.imm2);
}

}  // namespace

support::Result<Function> parse(std::string_view text, const ParseNames& names, unsigned first_line) {
  return Parser(text, names, first_line).run();
}

}  // namespace ferry::ir
