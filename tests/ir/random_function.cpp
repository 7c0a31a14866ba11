#include "tests/ir/random_function.h"

#include <cstring>
#include <random>

#include "ir/builder.h"
#include "ir/names.h"
#include "ir/op_types.h"

namespace ferry::ir_test {
namespace {

using ir::HelperId;
using ir::Immediate;
using ir::Op;
using ir::Trait;
using ir::Type;
using ir::Value;

constexpr ir::RegId kX7 = 7;
constexpr ir::RegId kX8 = 8;
constexpr ir::RegId kFirstFlag = 12;
constexpr ir::RegId kV3 = 19;
constexpr unsigned kTypes = std::size(ir::kTypeInfo);

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t bits() { return engine_(); }
  uint64_t below(uint64_t limit) { return engine_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

/// A number of `width` bits, often one where something happens.
uint64_t interesting(Random& random, unsigned width) {
  const uint64_t ones = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return ones;
    case 3:
      return ones >> 1;
    case 4:
      return (ones >> 1) + 1;
    case 5:
      return random.below(80) & ones;
    case 6:
      return (uint64_t{1} << random.below(width)) - 1;
    default:
      return random.bits() & ones;
  }
}

uint64_t interesting_float(Random& random, unsigned width) {
  const unsigned fraction = width == 16 ? 10 : width == 32 ? 23 : 52;
  const uint64_t exponent_ones = (uint64_t{1} << (width - 1 - fraction)) - 1;
  const uint64_t sign = random.below(2) << (width - 1);
  const uint64_t some_fraction = random.bits() & ((uint64_t{1} << fraction) - 1);
  switch (random.below(8)) {
    case 0:
      return sign;
    case 1:
      return sign | some_fraction;  // denormal
    case 2:
      return sign | exponent_ones << fraction;  // infinity
    case 3:
      return sign | exponent_ones << fraction | uint64_t{1} << (fraction - 1);  // quiet NaN
    case 4:
      return sign | exponent_ones << fraction | 1;  // signalling NaN
    case 5:
      return sign | (exponent_ones - 1) << fraction | some_fraction;  // huge
    default:
      return sign | (exponent_ones / 2 + random.below(8)) << fraction | some_fraction;  // near one
  }
}

uint64_t interesting_lane(Random& random, Type lane) {
  return ir::is_float(lane) ? interesting_float(random, ir::bits(lane)) : interesting(random, ir::bits(lane));
}

ir::Bits128 interesting_vector(Random& random, Type type) {
  ir::Bits128 out;
  const unsigned bytes = ir::lane_bits(type) / 8;
  for (unsigned i = 0; i < ir::lanes(type); ++i) {
    const uint64_t lane = interesting_lane(random, ir::lane_type(type));
    std::memcpy(reinterpret_cast<std::byte*>(&out) + i * bytes, &lane, bytes);
  }
  return out;
}

class Generator {
 public:
  Generator(uint64_t seed, const RandomOptions& options, ir::Function& out)
      : random_(seed), options_(options), fn_(out), b_(out) {}

  void run() {
    fn_.layout = &toy_layout();
    fn_.helpers = toy_helpers();
    fn_.pc = {0x1000};
    fn_.precise = !random_.one_in(3);
    fn_.ignore_fp_flags = random_.one_in(3);
    fn_.exact_underflow = random_.one_in(2);
    fn_.guest_insts = options_.blocks;
    for (unsigned block = 0; block < options_.blocks; ++block) {
      values_.clear();
      b_.begin_block({0x1000 + 0x100 * uint64_t{block}});
      for (unsigned i = 0; i < options_.insts_per_block; ++i) inst();
      if (random_.one_in(2)) observe_all();
      end(block);
    }
  }

 private:
  // ---- operands ----
  Value konst(Type type) {
    if (ir::is_vector(type)) {
      const ir::Bits128 bits = interesting_vector(random_, type);
      return b_.konst(type, bits.low, bits.high);
    }
    return b_.konst(type, interesting_lane(random_, type));
  }
  /// A value of this type, or where it is a vector of any vector type: an earlier one if possible, else a
  /// constant.
  Value of_type(Type type) {
    if (!random_.one_in(6)) {
      for (unsigned tries = 0; tries < 12 && !values_.empty(); ++tries) {
        const Value& v = values_[random_.below(values_.size())];
        if (v.type == type || (ir::is_vector(type) && ir::is_vector(v.type))) return v;
      }
    }
    return konst(type);
  }
  Value memory_base() { return b_.get_reg(kX7, Type::I64); }
  /// Inside Machine::memory, aligned for atomic accesses.
  Value aligned_address(unsigned bytes = 8) {
    return b_.add(memory_base(), b_.i64(bytes * random_.below(2048 / bytes)));
  }

  Type random_type(ir::TypeSet set) {
    for (;;) {
      const auto type = static_cast<Type>(random_.below(kTypes));
      if (set.has(type)) return type;
    }
  }
  /// The operand type of an op with the signature letter N, or of a scalar G.
  Type source_type(Op op, Type to) {
    const auto any_int = [&](auto accept) {
      for (;;) {
        const Type type = random_type(ir::kIntegersAndBool);
        if (accept(ir::bits(type))) return type;
      }
    };
    switch (op) {
      case Op::zext:
      case Op::sext:
        return any_int([&](unsigned width) { return width < ir::bits(to); });
      case Op::trunc:
        return any_int([&](unsigned width) { return width > ir::bits(to); });
      case Op::bitcast:
        return ir::is_int(to) ? ir::float_type(ir::bits(to)) : ir::int_type(ir::bits(to));
      case Op::sint_to_fp:
      case Op::uint_to_fp:
        return ir::is_vector(to) ? to : random_type(ir::kWords);
      case Op::crc32c:
        return random_type(ir::kIntegers);
      default:
        return ir::is_vector(to) ? to : random_type(ir::kFloats);
    }
  }

  // ---- instructions ----
  void inst() {
    if (random_.one_in(3)) return idiom();
    const auto op = static_cast<Op>(random_.below(ir::kOpCount));
    switch (ir::info(op).trait) {
      case Trait::Marker:
        return b_.at({0x1000 + random_.below(0x100)});
      case Trait::ReadsState:
        return keep(get_reg());
      case Trait::WritesState:
        return set_reg();
      case Trait::Reads:
      case Trait::Writes:
        return memory(op);
      case Trait::Calls:
        return call();
      case Trait::Ends:
        return set_reg();  // ends come once per block; more to observe instead
      case Trait::Pure:
      case Trait::FlagsOnly:
        return keep(computation(op));
    }
  }
  void keep(Value v) { values_.push_back(v); }

  // ---- sequences that passes look for and that single random instructions seldom make ----
  void idiom() {
    switch (random_.below(8)) {
      case 0:
        return keep(inverted(of_type(Type::I1)));
      case 1:
        return comparison();
      case 2:
        return conversions();
      case 3:
        return boolean_as_number();
      case 4:
        return with_special_constant();
      case 5:
        return subtraction_flags();
      case 6:
        return lanes();
      default:
        return computed_address();
    }
  }

  Value inverted(Value condition) { return b_.xor_(condition, b_.i1(true)); }

  void comparison() {
    const Type type = random_type(ir::kIntegersAndBool);
    const bool constant_first = random_.one_in(2);
    const Value a = constant_first ? konst(type) : of_type(type);
    const Value b = constant_first || random_.one_in(2) ? of_type(type) : konst(type);
    const Value condition =
        b_.icmp(static_cast<ir::IntCond>(random_.below(std::size(ir::kIntCondText))), a, b);
    const Value last = random_.one_in(2) ? inverted(condition) : condition;
    keep(last);
    const Type result = random_type(ir::kAnyValue);
    keep(b_.select(last, of_type(result), of_type(result)));
  }

  void conversions() {
    Value v = of_type(random_type(ir::kIntegersAndBool));
    for (unsigned i = 0; i < 3; ++i) {
      if (v.type != Type::I1 && random_.one_in(3)) {
        v = b_.and_(v, b_.konst(v.type, (uint64_t{1} << random_.below(ir::bits(v.type))) - 1));
      }
      const Type to = random_type(ir::kIntegersAndBool);
      if (ir::bits(to) < ir::bits(v.type))
        v = b_.trunc(to, v);
      else if (ir::bits(to) > ir::bits(v.type))
        v = random_.one_in(2) ? b_.sext(to, v) : b_.zext(to, v);
      keep(v);
    }
  }

  void boolean_as_number() {
    const Type type = random_type(ir::kIntegers);
    const Value condition = of_type(Type::I1);
    const Value number = random_.one_in(2) ? b_.zext(type, condition)
                                           : b_.select(condition, b_.konst(type, 1), b_.konst(type, 0));
    const auto cond = static_cast<ir::IntCond>(random_.below(std::size(ir::kIntCondText)));
    keep(number);
    keep(b_.icmp(cond, number, b_.konst(type, random_.below(3))));
  }

  void with_special_constant() {
    static constexpr Op kOps[] = {Op::add,  Op::sub,  Op::mul, Op::and_, Op::or_,  Op::xor_, Op::andn,
                                  Op::smin, Op::umax, Op::shl, Op::lshr, Op::ashr, Op::rotr};
    const Op op = kOps[random_.below(std::size(kOps))];
    const Type type = random_type(ir::allowed_types(op));
    const ir::Bits128 ones{~uint64_t{0}, ~uint64_t{0}};
    const Value constant = random_.one_in(3)   ? b_.konst(type, ones.low, ones.high)
                           : random_.one_in(2) ? b_.konst(type, random_.below(2))
                                               : konst(type);
    const Value other = of_type(type);
    keep(random_.one_in(3) ? b_.binary(op, type, constant, other) : b_.binary(op, type, other, constant));
  }

  void subtraction_flags() {
    const Type type = random_type(ir::kWords);
    const Value a = of_type(type);
    const Value b = b_.not_(random_.one_in(2) ? b_.konst(type, 0) : of_type(type));
    const Value carry_in = random_.one_in(2) ? b_.i1(true) : of_type(Type::I1);
    keep(b_.emit(Op::carry, Type::I1, {a, b, carry_in}));
    keep(b_.emit(Op::overflow, Type::I1, {a, b, carry_in}));
  }

  void lanes() {
    const Type type = random_type(ir::kVectors);
    const Value scalar = of_type(ir::lane_type(type));
    const uint64_t lane = random_.below(ir::lanes(type));
    Value v = random_.one_in(2) ? b_.emit(Op::scalar_to_vec, type, {scalar})
                                : b_.emit(Op::insert_lane, type, {of_type(type), scalar}, lane);
    if (random_.one_in(2)) v = b_.unary(Op::zero_upper, type, v);
    keep(v);
    keep(b_.emit(Op::extract_lane, scalar.type, {v}, random_.one_in(2) ? lane : 0));
  }

  // base +- constant + (index << scale << amount), within memory
  void computed_address() {
    ir::MemAccess m{.disp = static_cast<int32_t>(random_.below(500)), .bytes = 8};
    Value base = memory_base();
    Value index = b_.and_(of_type(Type::I64), b_.i64(0xf));
    const uint64_t amount = random_.below(5);
    if (amount != 0) index = b_.shl(index, b_.i64(amount));
    if (random_.one_in(2)) {
      m.scale = static_cast<uint8_t>(random_.below(4));
      base = b_.add(base, b_.i64(random_.below(500)));
      base = b_.sub(base, b_.i64(0));
    } else {
      base = random_.one_in(2) ? b_.add(base, index) : b_.add(index, base);
      base = b_.add(base, b_.i64(300));
      base = b_.sub(base, b_.i64(random_.below(300)));
      index = {};
    }
    ir::Inst inst{.op = Op::load,
                  .type = Type::I64,
                  .arg_count = 2,
                  .args = {base.id, index.id, ir::kNoValue},
                  .imm = m.pack()};
    if (random_.one_in(2)) return keep(push(inst));
    inst.op = Op::store;
    inst.args[inst.arg_count++] = of_type(Type::I64).id;
    push(inst);
  }

  Value get_reg() {
    const auto reg = static_cast<ir::RegId>(random_.below(toy_layout().regs.size()));
    const Type type = toy_layout().regs[reg].type;
    if (reg == toy_layout().pc) return memory_base();
    return b_.get_reg(reg, ir::is_vector(type) ? random_type(ir::kVectors) : type);
  }

  void set_reg() {
    const bool flag = random_.one_in(3);
    const size_t first = flag ? kFirstFlag : 0;
    const auto reg = static_cast<ir::RegId>(first + random_.below(flag ? 4 : toy_layout().regs.size()));
    if (reg == kX7 || reg == toy_layout().pc) return;
    b_.set_reg(reg, of_type(toy_layout().regs[reg].type));
  }

  Value computation(Op op) {
    const Type type = random_type(ir::allowed_types(op));
    const Type common = op == Op::fcmp ? random_type(ir::kFloats) : random_type(ir::kIntegersAndBool);
    ir::Inst inst{.op = op, .type = type};
    for (const char letter : ir::info(op).signature.substr(2)) {
      inst.args[inst.arg_count++] = operand(letter, op, type, common).id;
    }
    immediate(inst);
    return push(inst);
  }

  Value operand(char letter, Op op, Type type, Type common) {
    switch (letter) {
      case 'b':
        return of_type(Type::I1);
      case 'S':
        return of_type(common);
      case 'E':
        return of_type(ir::lane_type(type));
      case 'F':
        return of_type(other_float(type));
      case 'G':
        return of_type(op == Op::fcmp ? common : source_type(op, type));
      case 'N':
        return of_type(source_type(op, type));
      case 'V':
      case 'P':
        return of_type(random_type(ir::kVectors));
      default:
        return of_type(type);  // T
    }
  }
  Type other_float(Type type) {
    for (;;) {
      const Type other = random_type(ir::kFloats);
      if (other != type) return other;
    }
  }

  void immediate(ir::Inst& inst) {
    switch (ir::info(inst.op).immediate) {
      case Immediate::Value: {
        const ir::Bits128 bits = ir::is_vector(inst.type)
                                     ? interesting_vector(random_, inst.type)
                                     : ir::Bits128{interesting_lane(random_, inst.type), 0};
        inst.imm = bits.low;
        inst.imm2 = bits.high;
        return;
      }
      case Immediate::Cond:
        inst.imm = random_.below(std::size(ir::kIntCondText));
        return;
      case Immediate::FCond:
        inst.imm = 1 + random_.below(14);
        inst.imm2 = random_.below(2);
        return;
      case Immediate::Amount:
        if (inst.op == Op::extract_lane)
          inst.imm = random_.below(128 / ir::bits(inst.type));
        else if (inst.op == Op::insert_lane)
          inst.imm = random_.below(ir::lanes(inst.type));
        else if (inst.op == Op::sha1_rounds)
          inst.imm = random_.below(4);
        else
          inst.imm = random_.below(ir::lane_bits(inst.type) + 1);
        return;
      case Immediate::Round:
        return rounding(inst);
      case Immediate::Bytes:
        inst.imm = selectors();
        inst.imm2 = selectors();
        return;
      case Immediate::Half:
        inst.imm = random_.below(2);
        return;
      default:
        return;
    }
  }
  uint64_t selectors() {
    uint64_t out = 0;
    for (unsigned i = 0; i < 8; ++i) out = out << 8 | (random_.one_in(8) ? 0x80 : random_.below(32));
    return out;
  }
  void rounding(ir::Inst& inst) {
    const bool from_int = inst.op == Op::sint_to_fp || inst.op == Op::uint_to_fp;
    const uint64_t directed = random_.below(5);  // to_odd is for conversions between formats only
    inst.imm = from_int || random_.one_in(3) ? ir::kRoundCurrent : directed;
    if (inst.op == Op::fround)
      inst.imm2 = random_.below(2);
    else if (random_.one_in(3))
      inst.imm2 = random_.below(fixed_point_bits(inst) + 1);
  }

  /// Bits of the integer that a conversion reads or makes.
  unsigned fixed_point_bits(const ir::Inst& inst) const {
    return ir::lane_bits(ir::is_float(inst.type) ? fn_.insts[inst.args[0]].type : inst.type);
  }

  void memory(Op op) {
    if (op == Op::fence) {
      push({.op = op, .imm = random_.below(std::size(ir::kFenceKindText))});
      return;
    }
    if (op == Op::check_aligned) {
      push({.op = op,
            .arg_count = 1,
            .args = {aligned_address().id, ir::kNoValue, ir::kNoValue},
            .imm = 1u << random_.below(4),
            .imm2 = 8u << random_.below(2)});
      return;
    }
    const Type type = random_type(ir::allowed_types(op));
    ir::MemAccess m;
    const bool indivisible = ir::is_float(type) || (op == Op::cmpxchg && ir::is_vector(type));
    const bool whole = indivisible || random_.one_in(2);
    do {
      m.bytes = static_cast<uint8_t>(whole ? ir::bytes(type) : 1u << random_.below(5));
    } while (m.bytes > ir::bytes(type));
    if (op == Op::atomic_rmw || op == Op::cmpxchg) return atomic(op, type, m);
    m.disp = static_cast<int32_t>(random_.below(2000));
    m.ordered = random_.one_in(4);
    m.whole = ir::is_vector(type) && m.bytes == ir::bytes(type) && random_.one_in(2);
    m.sign_extend = op == Op::load && ir::is_int(type) && m.bytes < ir::bytes(type) && random_.one_in(2);
    Value base = memory_base();
    if (random_.one_in(3)) base = b_.add(base, b_.i64(random_.below(512)));
    Value index;
    if (random_.one_in(2)) {
      index = b_.and_(of_type(Type::I64), b_.i64(0x3f));
      m.scale = static_cast<uint8_t>(random_.below(5));
    }
    ir::Inst inst{
        .op = op, .type = type, .arg_count = 2, .args = {base.id, index.id, ir::kNoValue}, .imm = m.pack()};
    if (op == Op::load) return keep(push(inst));
    inst.args[inst.arg_count++] = of_type(type).id;
    push(inst);
  }

  void atomic(Op op, Type type, ir::MemAccess m) {
    const Value address = aligned_address(std::max<unsigned>(m.bytes, 8));
    ir::Inst inst{.op = op,
                  .type = type,
                  .arg_count = 2,
                  .args = {address.id, of_type(type).id, ir::kNoValue},
                  .imm = m.pack()};
    if (op == Op::cmpxchg)
      inst.args[inst.arg_count++] = of_type(type).id;
    else
      inst.imm2 = random_.below(std::size(ir::kAtomicKindText));
    keep(push(inst));
  }

  void call() {
    const auto helper = static_cast<HelperId>(random_.below(toy_helpers().size()));
    const ir::HelperInfo& info = toy_helpers()[helper];
    std::vector<ir::ValueId> args;
    for (unsigned i = 0; i < info.arg_count; ++i) {
      const bool address = info.effect == ir::HelperEffect::Memory && i == 0;
      args.push_back((address ? aligned_address() : of_type(info.args[i])).id);
    }
    ir::Inst inst{.op = Op::call, .type = info.result, .arg_count = info.arg_count, .imm = helper};
    inst.args[0] = static_cast<ir::ValueId>(fn_.call_args.size());
    fn_.call_args.insert(fn_.call_args.end(), args.begin(), args.end());
    const Value result = push(inst);
    if (result.type != Type::Void) keep(result);
  }

  // Mixes every value of the block into registers, so that no difference gets lost.
  void observe_all() {
    Value numbers = b_.get_reg(kX8, Type::I64);
    Value vectors = b_.get_reg(kV3, Type::V16I8);
    const Value thirteen = b_.i64(13);
    for (const Value& v : values_) {
      if (ir::is_vector(v.type)) {
        vectors = b_.binary(Op::sub, Type::V16I8, b_.binary(Op::add, Type::V16I8, vectors, vectors), v);
      } else if (ir::is_float(v.type)) {
        vectors =
            b_.binary(Op::xor_, Type::V16I8, vectors, b_.emit(Op::scalar_to_vec, vector_of(v.type), {v}));
      } else {
        numbers = b_.add(b_.emit(Op::rotr, Type::I64, {numbers, thirteen}), b_.zext(Type::I64, v));
      }
    }
    b_.set_reg(kX8, numbers);
    b_.set_reg(kV3, vectors);
  }
  static Type vector_of(Type lane) { return ir::float_vector_type(ir::bits(lane)); }

  void end(unsigned block) {
    const unsigned later = options_.blocks - block - 1;
    const auto target = [&] { return static_cast<ir::BlockId>(block + 1 + random_.below(later)); };
    if (later != 0 && random_.one_in(4)) return b_.br(target());
    if (later != 0 && !random_.one_in(8)) {
      const Value condition = of_type(Type::I1);
      const ir::BlockId first = target();
      return b_.br_if(condition, first, target());
    }
    leave();
  }

  void leave() {
    const ir::Value somewhere = b_.and_(of_type(Type::I64), b_.i64(0xffff'fffc));
    const GuestAddr address{4 * random_.below(1u << 20)};
    const GuestAddr back{4 * random_.below(1u << 20)};
    switch (random_.below(6)) {
      case 0:
        return b_.goto_pc(address);
      case 1:
        return b_.goto_indirect(somewhere);
      case 2:
        return b_.call_pc(address, back);
      case 3:
        return b_.call_indirect(somewhere, back);
      case 4:
        return b_.ret(somewhere);
      // Illegal and Breakpoint only: the others may be handled by an engine instead of reported.
      default:
        return b_.trap(random_.one_in(2) ? ir::TrapKind::Illegal : ir::TrapKind::Breakpoint, address);
    }
  }

  Value push(const ir::Inst& inst) {
    fn_.insts.push_back(inst);
    fn_.blocks.back().end = static_cast<uint32_t>(fn_.insts.size());
    return {static_cast<ir::ValueId>(fn_.insts.size() - 1), inst.type};
  }

  Random random_;
  RandomOptions options_;
  ir::Function& fn_;
  ir::Builder b_;
  std::vector<Value> values_;
};

}  // namespace

ir::Function random_function(uint64_t seed, const RandomOptions& options) {
  ir::Function out;
  Generator(seed, options, out).run();
  return out;
}

Machine random_machine(uint64_t seed) {
  Random random(seed);
  Machine machine;
  for (uint64_t& x : machine.state.x) x = interesting(random, 64);
  machine.state.x[kX7] = guest_memory_address();
  machine.state.trap_arg = random.bits();
  machine.state.w = static_cast<uint32_t>(interesting(random, 32));
  for (uint8_t* flag : {&machine.state.n, &machine.state.z, &machine.state.c, &machine.state.s}) {
    *flag = static_cast<uint8_t>(random.below(2));
  }
  for (ir::Bits128& v : machine.state.v)
    v = interesting_vector(random, random.one_in(2) ? Type::V4F32 : Type::V2F64);
  for (std::byte& byte : machine.memory) byte = static_cast<std::byte>(random.bits());
  machine.mxcsr |= static_cast<uint32_t>(random.below(4)) << kMxcsrRoundingShift;
  return machine;
}

}  // namespace ferry::ir_test
