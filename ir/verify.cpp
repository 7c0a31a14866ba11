#include "ir/verify.h"

#include <cstring>

#include "ir/fp/softfloat.h"
#include "ir/names.h"
#include "ir/op_types.h"
#include "ir/print.h"

namespace ferry::ir {
namespace {

struct RuleInfo {
  std::string_view name;
  std::string_view text;
};
constexpr RuleInfo kRules[] = {
#define RULE(name, text) {#name, text},
#include "ir/verify_rules.def"
#undef RULE
};

template <typename Words>
bool is_word(const Words& words, uint64_t index) {
  return index < std::size(words) && !words[index].empty();
}

/// Two types that may stand for each other: equal, or both any 128-bit vector.
bool same_storage(Type a, Type b) { return a == b || (is_vector(a) && is_vector(b)); }

class Verifier {
 public:
  explicit Verifier(const Function& function) : fn_(function) {}

  std::optional<VerifyError> run() {
    if (check_shape()) {
      for (const Block& block : fn_.blocks) {
        if (!check_block(block)) break;
      }
    }
    return std::move(error_);
  }

 private:
  bool fail(Rule rule) {
    const RuleInfo& r = kRules[static_cast<unsigned>(rule)];
    std::string message;
    if (id_ != kNoValue) {
      const bool printable =
          rule != Rule::KnownOp && rule != Rule::OperandCount;  // no stray indices followed
      message =
          "instruction " + std::to_string(id_) + (printable ? " `" + print_inst(fn_, id_) + "`" : "") + ": ";
    }
    message += std::string(r.name) + ": " + std::string(r.text);
    error_ = VerifyError{rule, id_, std::move(message)};
    return false;
  }
  bool require(bool condition, Rule rule) { return condition || fail(rule); }

  bool check_shape();
  bool check_block(const Block& block);
  bool check_inst();
  bool check_operands();
  bool check_operand(ValueId operand, char letter, unsigned index);
  bool check_helper();
  bool check_register();
  bool check_conversion();
  bool check_immediate();
  bool check_memory();
  bool check_atomic();

  Type operand_type(unsigned index) const { return fn_.insts[inst_->args[index]].type; }
  /// What T stands for in the signature.
  Type own_type() const { return inst_->op == Op::set_reg ? fn_.layout->regs[inst_->imm].type : inst_->type; }

  const Function& fn_;
  std::optional<VerifyError> error_;
  const Block* block_ = nullptr;
  const Inst* inst_ = nullptr;
  ValueId id_ = kNoValue;
};

bool Verifier::check_shape() {
  if (fn_.layout == nullptr || fn_.blocks.empty()) return fail(Rule::HasLayout);
  uint32_t next = 0;
  for (const Block& block : fn_.blocks) {
    if (block.begin != next || block.end <= block.begin || block.end > fn_.insts.size())
      return fail(Rule::BlockBounds);
    next = block.end;
  }
  return require(next == fn_.insts.size(), Rule::BlockBounds);
}

bool Verifier::check_block(const Block& block) {
  block_ = &block;
  for (id_ = block.begin; id_ < block.end; ++id_) {
    inst_ = &fn_.insts[id_];
    const bool known = static_cast<unsigned>(inst_->op) < kOpCount &&
                       static_cast<unsigned>(inst_->type) < std::size(kTypeInfo);
    if (!known) return fail(Rule::KnownOp);
    const bool ends = info(inst_->op).trait == Trait::Ends && !inst_->dead;
    if (ends != (id_ + 1 == block.end)) return fail(Rule::BlockEnd);
    if (!inst_->dead && !check_inst()) return false;
  }
  return true;
}

bool Verifier::check_inst() {
  if (!allowed_types(inst_->op).has(inst_->type)) return fail(Rule::ResultType);
  if (info(inst_->op).immediate == Immediate::Reg && !check_register()) return false;
  if (inst_->op == Op::call) return check_helper();
  return check_operands() && check_conversion() && check_immediate();
}

bool Verifier::check_operands() {
  const std::string_view letters = info(inst_->op).signature.substr(2);
  if (inst_->arg_count != letters.size()) return fail(Rule::OperandCount);
  for (unsigned i = 0; i < letters.size(); ++i) {
    if (!check_operand(inst_->args[i], letters[i], i)) return false;
  }
  return true;
}

bool Verifier::check_operand(ValueId operand, char letter, unsigned index) {
  if (operand == kNoValue) return letter == '?' || fail(Rule::OperandMissing);
  const bool defined = operand >= block_->begin && operand < id_ && !fn_.insts[operand].dead &&
                       fn_.insts[operand].type != Type::Void && fn_.insts[operand].op != Op::store;
  if (!defined) return fail(Rule::OperandDefined);
  const Type type = fn_.insts[operand].type;
  const auto matches = [&]() -> bool {
    switch (letter) {
      case 'T':
      case 'A':
        return same_storage(type, own_type());
      case 'b':
        return type == Type::I1;
      case 'i':
      case '?':
        return type == Type::I64;
      case 'N':
        return true;  // check_conversion() knows
      case 'S':
        return is_int(type) && type == operand_type(0);
      case 'E':
        return type == lane_type(inst_->type);
      case 'F':
        return is_float(type);
      case 'V':
      case 'P':
        return is_vector(type);
      case 'G':
        return (is_float(type) || is_vector(type)) && (index == 0 || same_storage(type, operand_type(0)));
      default:
        return false;
    }
  };
  return require(matches(), Rule::OperandType);
}

bool Verifier::check_helper() {
  if (inst_->imm >= fn_.helpers.size()) return fail(Rule::HelperKnown);
  const HelperInfo& helper = fn_.helpers[inst_->imm];
  if (inst_->type != helper.result) return fail(Rule::ResultType);
  const bool in_bounds =
      inst_->arg_count == helper.arg_count && helper.arg_count <= helper.args.size() &&
      (inst_->arg_count == 0 || inst_->args[0] <= fn_.call_args.size() - inst_->arg_count) &&
      inst_->arg_count <= fn_.call_args.size();
  if (!in_bounds) return fail(Rule::OperandCount);
  unsigned general = helper.takes_state ? 1 : 0;
  for (unsigned i = 0; i < inst_->arg_count; ++i) {
    const ValueId operand = fn_.call_args[inst_->args[0] + i];
    if (!check_operand(operand, 'N', i)) return false;
    if (!same_storage(fn_.insts[operand].type, helper.args[i])) return fail(Rule::OperandType);
    general += in_vector_register(helper.args[i]) ? 0 : 1;
  }
  return require(general <= 6, Rule::HelperRegisters);
}

bool Verifier::check_register() {
  if (inst_->imm >= fn_.layout->regs.size()) return fail(Rule::RegisterRow);
  const Type row = fn_.layout->regs[inst_->imm].type;
  if (inst_->op == Op::get_reg) return require(same_storage(inst_->type, row), Rule::RegisterRow);
  return true;
}

bool Verifier::check_conversion() {
  const Type to = inst_->type;
  const auto convertible = [&]() -> bool {
    switch (inst_->op) {
      case Op::zext:
      case Op::sext:
        return is_int(operand_type(0)) && bits(operand_type(0)) < bits(to);
      case Op::trunc:
        return is_int(operand_type(0)) && bits(operand_type(0)) > bits(to);
      case Op::bitcast:
        return is_int(to) ? operand_type(0) == float_type(bits(to)) && bits(to) >= 16
                          : operand_type(0) == int_type(bits(to));
      case Op::fconvert:
        return operand_type(0) != to;
      case Op::crc32c:
        return kIntegers.has(operand_type(0));
      case Op::fcmp:
        return kFloats.has(operand_type(0));
      case Op::sint_to_fp:
      case Op::uint_to_fp:
        return is_vector(to) ? is_vector(operand_type(0)) : kWords.has(operand_type(0));
      case Op::fp_to_sint:
      case Op::fp_to_uint:
        return is_vector(to) ? is_vector(operand_type(0)) : kFloats.has(operand_type(0));
      default:
        return true;
    }
  };
  return require(convertible(), Rule::ConvertedType);
}

bool Verifier::check_immediate() {
  const uint64_t imm = inst_->imm;
  const uint64_t imm2 = inst_->imm2;
  const Type type = inst_->type;
  const auto byte_selectors = [](uint64_t word) {
    for (unsigned i = 0; i < 8; ++i) {
      const auto byte = static_cast<uint8_t>(word >> (8 * i));
      if (byte >= 32 && byte != 0x80) return false;
    }
    return true;
  };
  // A conversion's fraction bits are the integer's.
  const auto fixed_point_bits = [&] {
    return is_float(type) && inst_->arg_count == 1 ? lane_bits(operand_type(0)) : lane_bits(type);
  };
  const auto in_range = [&]() -> bool {
    switch (info(inst_->op).immediate) {
      case Immediate::Value:
        return is_vector(type) || (imm2 == 0 && (bits(type) == 64 || imm >> bits(type) == 0));
      case Immediate::Cond:
        return is_word(kIntCondText, imm);
      case Immediate::FCond:
        return is_word(kFloatCondText, imm) && imm2 <= 1;
      case Immediate::Amount:
        if (inst_->op == Op::extract_lane) return imm < 128 / bits(type);
        if (inst_->op == Op::insert_lane) return imm < lanes(type);
        if (inst_->op == Op::sha1_rounds) return imm < 4;
        return imm <= lane_bits(type);
      case Immediate::Fence:
        return is_word(kFenceKindText, imm);
      case Immediate::Align:
        return imm != 0 && imm <= imm2 && imm2 <= 16 && (imm2 & (imm2 - 1)) == 0;
      case Immediate::Round:
        return (imm == kRoundCurrent || is_word(kRoundingText, imm)) &&
               imm2 <= (inst_->op == Op::fround ? 1 : fixed_point_bits());
      case Immediate::Bytes:
        return byte_selectors(imm) && byte_selectors(imm2);
      case Immediate::Half:
        return imm <= 1;
      case Immediate::Trap:
        return is_word(kTrapKindText, imm);
      case Immediate::Atomic:
        return is_word(kAtomicKindText, imm2);
      default:
        return true;
    }
  };
  if (!in_range()) return fail(Rule::ImmediateRange);
  switch (info(inst_->op).immediate) {
    case Immediate::Blocks:
      return require(imm < fn_.blocks.size() && (inst_->op == Op::br || imm2 < fn_.blocks.size()),
                     Rule::BlockTarget);
    case Immediate::Atomic:
      return check_atomic();
    case Immediate::Mem:
      return inst_->op == Op::cmpxchg ? check_atomic() : check_memory();
    default:
      return true;
  }
}

bool Verifier::check_memory() {
  const MemAccess m = inst_->mem();
  const Type type = inst_->type;
  const bool power = m.bytes != 0 && (m.bytes & (m.bytes - 1)) == 0;
  const bool fits = is_float(type) ? m.bytes == bytes(type) : power && m.bytes <= bytes(type);
  const bool may_extend = inst_->op == Op::load && is_int(type) && m.bytes < bytes(type);
  const bool may_be_whole = is_vector(type) && m.bytes == bytes(type);
  return require(fits && m.scale <= 4 && (!m.sign_extend || may_extend) && (!m.whole || may_be_whole),
                 Rule::MemoryShape);
}

bool Verifier::check_atomic() {
  const MemAccess m = inst_->mem();
  const unsigned whole = bytes(inst_->type);
  const bool part = m.bytes != 0 && (m.bytes & (m.bytes - 1)) == 0 && m.bytes <= whole;
  const bool fits = is_vector(inst_->type) ? m.bytes == whole : part;
  return require(fits && m.scale == 0 && m.disp == 0 && !m.sign_extend && !m.whole, Rule::MemoryShape);
}

}  // namespace

std::string_view name_of(Rule rule) { return kRules[static_cast<unsigned>(rule)].name; }

std::optional<VerifyError> verify(const Function& function) { return Verifier(function).run(); }

}  // namespace ferry::ir
