#include "tests/unit/x64/generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "ir/builder.h"
#include "ir/fp/softfloat.h"
#include "ir/op_types.h"
#include "ir/print.h"
#include "ir/verify.h"

namespace ferry::backend::x64::test {

namespace {

using ir::Builder;
using ir::Immediate;
using ir::Op;
using ir::Trait;
using ir::Type;
using ir::Value;

constexpr Type kTypes[] = {
#define TYPE(name, text, lane_bits, lanes, kind) Type::name,
#include "ir/types.def"
#undef TYPE
};

class Generator {
 public:
  Generator(Rng& rng, const GeneratorLimits& limits)
      : rng_(rng), limits_(limits), fn_(new_function()), b_(fn_) {}

  ir::Function run() {
    fn_.ignore_fp_flags = chance(50);
    fn_.exact_underflow = true;
    constants_ = chance(30) ? 80 : 15;
    const unsigned blocks = 1 + pick(limits_.blocks);
    for (unsigned i = 0; i < blocks; ++i) block(i, blocks);
    fn_.guest_insts = 1;
    return std::move(fn_);
  }

 private:
  uint64_t pick(uint64_t below) { return rng_() % below; }
  bool chance(unsigned percent) { return pick(100) < percent; }

  void block(unsigned index, unsigned count) {
    b_.begin_block(GuestAddr{0x1000 + 0x100 * index});
    values_.clear();
    b_.at(GuestAddr{0x1000 + 0x100 * index});
    if (limits_.memory) buffer_ = b_.i64(limits_.buffer);
    const auto insts = pick(limits_.insts) + 1;
    for (unsigned i = 0; i < insts; ++i) {
      if (chance(8)) b_.at(GuestAddr{0x1000 + 0x100 * index + 4 * i});
      instruction();
    }
    for (unsigned i = 0; i < 6 && chance(80); ++i) set_reg();
    end(index, count);
  }

  /// An operand of this type (any 128-bit type for a vector): mostly an earlier value.
  Value operand(Type type) {
    const auto fits = [type](Value v) {
      return v.type == type || (ir::is_vector(type) && ir::is_vector(v.type));
    };
    for (int tries = 0; tries < 12 && !values_.empty(); ++tries) {
      const Value v = values_[pick(values_.size())];
      if (fits(v)) return v;
    }
    return source(type);
  }

  Value keep(Value v) {
    values_.push_back(v);
    return v;
  }

  Value source(Type type) {
    if (!chance(constants_)) {
      if (type == Type::I64) return keep(b_.get_reg(word(static_cast<unsigned>(pick(kWords))), type));
      if (type == Type::I32 && chance(40))
        return keep(b_.get_reg(half(static_cast<unsigned>(pick(kHalves))), type));
      if (type == Type::I1) return keep(b_.get_reg(flag(static_cast<unsigned>(pick(kFlags))), type));
      if (ir::is_vector(type)) return keep(b_.get_reg(vector(static_cast<unsigned>(pick(kVectors))), type));
      if (ir::is_int(type)) return keep(b_.trunc(type, operand(Type::I64)));
      const Type holder = ir::float_vector_type(ir::bits(type));
      return keep(b_.unary(Op::extract_lane, type, operand(holder), pick(ir::lanes(holder))));
    }
    return keep(b_.konst(type, edgy(rng_), edgy(rng_)));
  }

  void set_reg() {
    switch (pick(6)) {
      case 0:
        return b_.set_reg(half(static_cast<unsigned>(pick(kHalves))), operand(Type::I32));
      case 1:
        return b_.set_reg(flag(static_cast<unsigned>(pick(kFlags))), operand(Type::I1));
      case 2:
        return b_.set_reg(vector(static_cast<unsigned>(pick(kVectors))), operand(Type::V4I32));
      default:
        return b_.set_reg(word(static_cast<unsigned>(pick(kWords))), operand(Type::I64));
    }
  }

  void instruction() {
    const auto kind = pick(100);
    if (kind < 18) return set_reg();
    if (kind < 26 && limits_.memory) return memory();
    if (kind < 28) return helper();
    if (kind < 32) return compare_and_use();
    operation();
  }

  /// What translators emit for flag-setting instructions.
  void compare_and_use() {
    const Type type = chance(50) ? Type::I64 : Type::I32;
    const Value a = operand(type);
    const Value b = chance(50) ? b_.konst(type, chance(50) ? 0 : edgy(rng_)) : operand(type);
    const Value difference = keep(b_.sub(a, b));
    if (type == Type::I64 && chance(50)) b_.set_reg(word(static_cast<unsigned>(pick(kWords))), difference);
    for (unsigned i = 0; i < kFlags; ++i) {
      if (chance(60)) {
        const Value c = keep(b_.icmp(static_cast<ir::IntCond>(pick(10)), chance(70) ? a : difference,
                                     chance(70) ? b : b_.konst(type, 0)));
        b_.set_reg(flag(i), c);
      }
    }
  }

  void operation() {
    for (int tries = 0; tries < 50; ++tries) {
      const auto op = static_cast<Op>(pick(ir::kOpCount));
      const ir::OpInfo& info = ir::info(op);
      if (info.trait != Trait::Pure && info.trait != Trait::FlagsOnly) continue;
      if (op == Op::konst || (info.trait == Trait::FlagsOnly && !limits_.floating_point)) continue;
      if (try_operation(op)) return;
    }
  }

  bool try_operation(Op op) {
    const ir::OpInfo& info = ir::info(op);
    const Type type = kTypes[pick(std::size(kTypes))];
    if (!ir::allowed_types(op).has(type)) return false;
    ir::Inst inst{.op = op, .type = type};
    if (!immediates(info.immediate, inst)) return false;
    const size_t before = fn_.insts.size();
    const size_t known = values_.size();
    Type first = Type::Void;
    for (const char letter : info.signature.substr(2)) {
      Type wanted = operand_type(letter, type, first);
      if (wanted == Type::Void) return undo(before, known);
      const Value v = operand(wanted);
      if (first == Type::Void) first = v.type;
      inst.args[inst.arg_count++] = v.id;
    }
    fn_.insts.push_back(inst);
    fn_.blocks.back().end = static_cast<uint32_t>(fn_.insts.size());
    // The verifier judges combinations; it wants an ended block.
    b_.trap(ir::TrapKind::Illegal, GuestAddr{0});
    const bool ok = !ir::verify(fn_).has_value();
    fn_.insts.pop_back();
    fn_.blocks.back().end = static_cast<uint32_t>(fn_.insts.size());
    if (!ok) return undo(before, known);
    keep({static_cast<ir::ValueId>(fn_.insts.size() - 1), type});
    return true;
  }

  bool undo(size_t insts, size_t known) {
    fn_.insts.resize(insts);
    fn_.blocks.back().end = static_cast<uint32_t>(insts);
    values_.resize(known);
    return false;
  }

  Type any_of(ir::TypeSet set) {
    Type type;
    do type = kTypes[pick(std::size(kTypes))];
    while (!set.has(type));
    return type;
  }

  Type operand_type(char letter, Type type, Type first) {
    switch (letter) {
      case 'T':
        return type;
      case 'b':
        return Type::I1;
      case 'i':
        return Type::I64;
      case 'N':
        return any_of(ir::kAnyValue);
      case 'S':
        return first != Type::Void ? first : any_of(ir::kIntegersAndBool);
      case 'E':
        return ir::lane_type(type);
      case 'F':
        return any_of(ir::kFloats);
      case 'V':
        return any_of(ir::kVectors);
      case 'P':
        return any_of(ir::kVectors);
      case 'G':
        return first != Type::Void ? first : any_of(ir::kFloats | ir::kFloatVectors);
      default:
        return Type::Void;
    }
  }

  bool immediates(Immediate kind, ir::Inst& inst) {
    switch (kind) {
      case Immediate::None:
        return true;
      case Immediate::Cond:
        inst.imm = pick(10);
        return true;
      case Immediate::FCond:
        inst.imm = 1 + pick(14), inst.imm2 = pick(2);
        return true;
      case Immediate::Amount:
        inst.imm = pick(65);
        return true;
      case Immediate::Half:
        inst.imm = pick(2);
        return true;
      case Immediate::Round:
        return rounding(inst);
      case Immediate::Bytes:
        return shuffle(inst);
      default:
        return false;
    }
  }

  bool rounding(ir::Inst& inst) {
    inst.imm = chance(40) ? ir::kRoundCurrent : pick(5);
    if (inst.op == Op::fround) {
      inst.imm2 = pick(2);
    } else if (chance(30)) {
      inst.imm2 = pick(33);
    }
    if (inst.op == Op::sint_to_fp || inst.op == Op::uint_to_fp) inst.imm = ir::kRoundCurrent;
    return true;
  }

  /// Byte selectors: random ones, and the regular patterns that hosts have instructions for.
  bool shuffle(ir::Inst& inst) {
    uint8_t bytes[16];
    const unsigned unit = 1u << pick(4);
    const auto kind = pick(6);
    const unsigned start = static_cast<unsigned>(pick(32));
    for (unsigned i = 0; i < 16; ++i) {
      const unsigned lane = i / unit, within = i % unit, half = 8 / unit;
      unsigned value = 0;
      switch (kind) {
        case 0:
          value = chance(10) ? 0x80 : static_cast<unsigned>(pick(32));
          break;
        case 1:
          value = (start + i) % 32;
          break;
        case 2:
          value =
              (lane / 2 + (start & 1 ? half : 0)) * unit + within + (lane % 2 == (start >> 1 & 1) ? 16 : 0);
          break;
        case 3:
          value = i + start < 16 ? i + start : 0x80;
          break;
        case 4:
          value = i >= start % 16 ? i - start % 16 : 0x80;
          break;
        default:
          value = within == 0 ? static_cast<unsigned>(pick(32 / unit)) * unit : bytes[i - 1] + 1u;
          break;
      }
      bytes[i] = static_cast<uint8_t>(value & 0x80 ? 0x80 : value % 32);
    }
    std::memcpy(&inst.imm, bytes, 8);
    std::memcpy(&inst.imm2, bytes + 8, 8);
    return true;
  }

  /// An address inside the buffer with room for 16 bytes.
  ir::Address address(bool indexed) {
    const auto disp = static_cast<int32_t>(pick(kBufferBytes / 4));
    if (!indexed || chance(30)) return {.base = buffer_, .disp = disp};
    const Value index = b_.and_(operand(Type::I64), b_.i64(63));
    return {.base = buffer_, .index = index, .scale = static_cast<uint8_t>(pick(5)), .disp = disp};
  }

  void memory() {
    const unsigned bytes = 1u << pick(5);
    ir::MemAccess m{.bytes = static_cast<uint8_t>(bytes), .ordered = chance(20)};
    switch (pick(5)) {
      case 0:
      case 1:
        return load(m);
      case 2:
        return store(m);
      case 3:
        return b_.emit(Op::fence, Type::Void, {}, pick(3)), void();
      default:
        return atomic(m);
    }
  }

  void load(ir::MemAccess m) {
    Type type;
    do type = any_of(ir::allowed_types(Op::load));
    while (ir::bytes(type) < m.bytes ||
           (!ir::is_vector(type) && ir::is_float(type) && ir::bytes(type) != m.bytes));
    m.sign_extend = ir::is_int(type) && ir::bytes(type) > m.bytes && chance(50);
    keep(b_.load(type, address(true), m));
  }

  void store(ir::MemAccess m) {
    Type type;
    do type = any_of(ir::allowed_types(Op::store));
    while (ir::bytes(type) < m.bytes ||
           (!ir::is_vector(type) && ir::is_float(type) && ir::bytes(type) != m.bytes));
    const Value v = operand(type);
    b_.store(address(true), v, m);
    fn_.insts.back().type = type;
  }

  void atomic(ir::MemAccess m) {
    const bool vector = m.bytes == 16;
    const Type type = vector ? Type::V2I64 : m.bytes == 8 || chance(50) ? Type::I64 : Type::I32;
    const uint64_t alignment = vector ? 16 : 8;
    const Value at = b_.add(buffer_, b_.i64(pick(kBufferBytes - 16) & ~(alignment - 1)));
    m.ordered = true;
    if (!vector && chance(70)) {
      keep(b_.emit(Op::atomic_rmw, type, {at, operand(type)}, m.pack(), pick(9)));
    } else {
      keep(b_.emit(Op::cmpxchg, type, {at, operand(type), operand(type)}, m.pack()));
    }
  }

  void helper() {
    const auto id = static_cast<ir::HelperId>(pick(kHelperCount));
    const ir::HelperInfo& h = helpers()[id];
    std::vector<Value> args;
    for (unsigned i = 0; i < h.arg_count; ++i) args.push_back(operand(h.args[i]));
    ir::Inst inst{.op = Op::call, .type = h.result, .arg_count = h.arg_count, .imm = id};
    inst.args[0] = static_cast<ir::ValueId>(fn_.call_args.size());
    for (const Value arg : args) fn_.call_args.push_back(arg.id);
    fn_.insts.push_back(inst);
    fn_.blocks.back().end = static_cast<uint32_t>(fn_.insts.size());
    if (h.result != Type::Void) keep({static_cast<ir::ValueId>(fn_.insts.size() - 1), h.result});
  }

  void end(unsigned index, unsigned count) {
    if (index + 1 < count) {
      const auto target = [&] { return static_cast<ir::BlockId>(index + 1 + pick(count - index - 1)); };
      const ir::BlockId a = target();
      if (chance(20)) return b_.br(a);
      return b_.br_if(operand(Type::I1), a, target());
    }
    const GuestAddr forward{0x100000 + 4 * pick(16)};
    const GuestAddr back{0x200000};
    switch (pick(6)) {
      case 0:
        return b_.goto_pc(chance(50) ? forward : GuestAddr{0x800});
      case 1:
        return b_.goto_indirect(operand(Type::I64));
      case 2:
        return b_.call_pc(forward, back);
      case 3:
        return b_.call_indirect(operand(Type::I64), back);
      case 4:
        return b_.ret(operand(Type::I64));
      default:
        return b_.trap(static_cast<ir::TrapKind>(pick(4)), forward);
    }
  }

  Rng& rng_;
  const GeneratorLimits& limits_;
  ir::Function fn_;
  Builder b_;
  Value buffer_;
  std::vector<Value> values_;
  unsigned constants_ = 15;  ///< percent of new operands
};

}  // namespace

uint64_t edgy(Rng& rng) {
  static constexpr uint64_t kSpecial[] = {0,
                                          1,
                                          2,
                                          0x7f,
                                          0x80,
                                          0xff,
                                          0x7fff,
                                          0x8000,
                                          0xffff,
                                          0x7fffffff,
                                          0x80000000,
                                          0xffffffff,
                                          0x7fffffffffffffff,
                                          0x8000000000000000,
                                          ~uint64_t{0},
                                          0x3ff0000000000000,
                                          0xbff0000000000000,
                                          0x7ff0000000000000,
                                          0xfff0000000000000,
                                          0x7ff8000000000000,
                                          0x7ff0000000000001,
                                          0xfff8000000001234,
                                          0x0000000000000001,
                                          0x0010000000000000,
                                          0x7fefffffffffffff,
                                          0x3f8000003f800000,
                                          0x7f8000007f800000,
                                          0x7fc000007f800001,
                                          0xff80000080000000,
                                          0xffc0123400000001,
                                          0x008000007f7fffff,
                                          0x41dfffffffc00000,
                                          0x41e0000000000000,
                                          0x43e0000000000000,
                                          0x4f0000004effffff,
                                          0xcf0000005f000000,
                                          0x40490fdb3f000000,
                                          0x3fe0000000000000};
  switch (rng() % 4) {
    case 0:
      return rng();
    case 1:
      return static_cast<uint64_t>(static_cast<int64_t>(rng() % 64) - 32);
    default:
      return kSpecial[rng() % std::size(kSpecial)];
  }
}

ir::Function generate(Rng& rng, const GeneratorLimits& limits) { return Generator(rng, limits).run(); }

}  // namespace ferry::backend::x64::test
