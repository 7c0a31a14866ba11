#include "ir/print.h"

#include <charconv>

#include "ir/names.h"

namespace ferry::ir {
namespace {

/// Appends to a string; the pieces of one instruction's text.
class Printer {
 public:
  Printer(const Function& function, std::string& out) : fn_(function), out_(out) {}

  void function();
  void inst(ValueId id);

 private:
  void text(std::string_view s) { out_ += s; }
  void hex(uint64_t value) {
    char buffer[16];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, 16);
    text("0x");
    text({buffer, end.ptr});
  }
  void decimal(uint64_t value) { out_ += std::to_string(value); }
  void value(ValueId id) {
    if (id == kNoValue) return text("none");
    text("%");
    decimal(id);
  }
  /// A new item of the operand list: a space before the first, a comma before the others.
  void item() {
    text(first_item_ ? " " : ", ");
    first_item_ = false;
  }
  template <typename Words>
  void word(const Words& words, uint64_t index) {
    if (index < std::size(words) && !words[index].empty()) return text(words[index]);
    decimal(index);
  }
  void operands(const Inst& inst, size_t from = 0) {
    const auto args = fn_.operands(inst);
    for (size_t i = from; i < args.size(); ++i) {
      item();
      value(args[i]);
    }
  }
  void block_name(uint64_t block) {
    text("block");
    decimal(block);
  }
  void field(std::string_view name, uint64_t number) {
    text(" ");
    text(name);
    text("=");
    decimal(number);
  }

  void constant(const Inst& inst);
  void address(const Inst& inst, MemAccess m);
  void access(MemAccess m);
  void memory(const Inst& inst);
  void rounding(const Inst& inst);
  void selectors(const Inst& inst);
  void helper_call(const Inst& inst);
  void immediate_and_operands(const Inst& inst);

  const Function& fn_;
  std::string& out_;
  bool first_item_ = true;
};

void Printer::constant(const Inst& inst) {
  item();
  if (!is_vector(inst.type) || inst.imm2 == 0) return hex(inst.imm);
  hex(inst.imm2);
  char buffer[16];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, inst.imm, 16);
  out_.append(16 - static_cast<size_t>(end.ptr - buffer), '0');
  text({buffer, end.ptr});
}

void Printer::address(const Inst& inst, MemAccess m) {
  item();
  text("[");
  value(inst.args[0]);
  const bool indexed = (inst.op == Op::load || inst.op == Op::store) && inst.args[1] != kNoValue;
  if (indexed) {
    text(" + ");
    value(inst.args[1]);
    if (m.scale != 0) {
      text(" << ");
      decimal(m.scale);
    }
  }
  if (m.disp != 0) {
    text(m.disp < 0 ? " - " : " + ");
    const int64_t disp = m.disp;
    decimal(static_cast<uint64_t>(disp < 0 ? -disp : disp));
  }
  text("]");
}

void Printer::access(MemAccess m) {
  field("bytes", m.bytes);
  if (m.sign_extend) text(" signed");
  if (m.ordered) text(" ordered");
  if (m.whole) text(" whole");
}

void Printer::memory(const Inst& inst) {
  address(inst, inst.mem());
  const bool has_index = inst.op == Op::load || inst.op == Op::store;
  operands(inst, has_index ? 2 : 1);
  access(inst.mem());
}

void Printer::rounding(const Inst& inst) {
  text(" ");
  if (inst.imm == kRoundCurrent) {
    text(kRoundCurrentText);
  } else {
    word(kRoundingText, inst.imm);
  }
  if (inst.imm2 == 0) return;
  if (inst.op == Op::fround && inst.imm2 == 1) return text(" exact");
  field("fraction", inst.imm2);
}

void Printer::selectors(const Inst& inst) {
  text(" [");
  for (unsigned i = 0; i < 16; ++i) {
    if (i != 0) text(" ");
    decimal((i < 8 ? inst.imm >> (8 * i) : inst.imm2 >> (8 * (i - 8))) & 0xff);
  }
  text("]");
}

void Printer::helper_call(const Inst& inst) {
  text(" ");
  if (inst.imm < fn_.helpers.size()) {
    text(fn_.helpers[inst.imm].name);
  } else {
    decimal(inst.imm);
  }
  text("(");
  bool first = true;
  for (const ValueId arg : fn_.operands(inst)) {
    if (!first) text(", ");
    first = false;
    value(arg);
  }
  text(")");
}

void Printer::immediate_and_operands(const Inst& inst) {
  switch (info(inst.op).immediate) {
    case Immediate::None:
      return operands(inst);
    case Immediate::Value:
      return constant(inst);
    case Immediate::Reg:
      item();
      if (inst.imm < fn_.layout->regs.size()) {
        text(fn_.layout->regs[inst.imm].name);
      } else {
        decimal(inst.imm);
      }
      return operands(inst);
    case Immediate::Cond:
      text(" ");
      word(kIntCondText, inst.imm);
      return operands(inst);
    case Immediate::FCond:
      text(" ");
      word(kFloatCondText, inst.imm);
      operands(inst);
      if (inst.imm2 != 0) text(" signalling");
      return;
    case Immediate::Amount:
      operands(inst);
      item();
      return decimal(inst.imm);
    case Immediate::Mem:
      return memory(inst);
    case Immediate::Atomic:
      text(" ");
      word(kAtomicKindText, inst.imm2);
      return memory(inst);
    case Immediate::Fence:
      text(" ");
      return word(kFenceKindText, inst.imm);
    case Immediate::Align:
      operands(inst);
      field("bytes", inst.imm);
      return field("block", inst.imm2);
    case Immediate::Round:
      operands(inst);
      return rounding(inst);
    case Immediate::Bytes:
      operands(inst);
      return selectors(inst);
    case Immediate::Half:
      operands(inst);
      text(" ");
      return word(kHalfText, inst.imm);
    case Immediate::Helper:
      return helper_call(inst);
    case Immediate::Pc:
      operands(inst);
      item();
      return hex(inst.imm);
    case Immediate::Blocks:
      operands(inst);
      item();
      block_name(inst.imm);
      if (inst.arg_count == 0) return;
      item();
      return block_name(inst.imm2);
    case Immediate::Call:
      operands(inst);
      if (inst.arg_count == 0) {
        item();
        hex(inst.imm);
      }
      text(" return ");
      return hex(inst.imm2);
    case Immediate::Trap:
      text(" ");
      word(kTrapKindText, inst.imm);
      text(" resume ");
      return hex(inst.imm2);
  }
}

void Printer::inst(ValueId id) {
  const Inst& inst = fn_.insts[id];
  const bool has_result = info(inst.op).signature[0] != '-' && inst.type != Type::Void;
  if (has_result) {
    value(id);
    text(" = ");
  }
  text(text_of(inst.op));
  if (has_type_suffix(inst.op)) {
    text(".");
    text(info(inst.type).text);
  }
  first_item_ = true;
  immediate_and_operands(inst);
}

void Printer::function() {
  text("function ");
  text(fn_.layout->name);
  text(" @");
  hex(fn_.pc.value);
  if (fn_.mode != 0) {
    text(" mode=");
    hex(fn_.mode);
  }
  if (fn_.guest_insts != 0) field("insts", fn_.guest_insts);
  if (fn_.nan_rule == NanRule::X86) text(" nan_x86");
  if (fn_.ignore_fp_flags) text(" ignore_fp_flags");
  if (fn_.exact_underflow) text(" exact_underflow");
  if (!fn_.precise) text(" imprecise");
  text(" {\n");
  for (const auto& [first, last] : fn_.ranges) {
    text("  range ");
    hex(first.value);
    text(" ");
    hex(last.value);
    text("\n");
  }
  for (BlockId b = 0; b < fn_.blocks.size(); ++b) {
    const Block& block = fn_.blocks[b];
    block_name(b);
    text(" @");
    hex(block.pc.value);
    text(":\n");
    for (ValueId id = block.begin; id < block.end && id < fn_.insts.size(); ++id) {
      if (fn_.insts[id].dead) continue;
      text("  ");
      inst(id);
      text("\n");
    }
  }
  text("}\n");
}

}  // namespace

std::string print(const Function& function) {
  std::string out;
  out.reserve(function.insts.size() * 32 + 64);
  Printer(function, out).function();
  return out;
}

std::string print_inst(const Function& function, ValueId id) {
  std::string out;
  Printer(function, out).inst(id);
  return out;
}

}  // namespace ferry::ir
