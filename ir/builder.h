#pragma once

#include <initializer_list>

#include "ir/function.h"

namespace ferry::ir {

/// A value with its type, as the builder hands it out.
struct Value {
  ValueId id = kNoValue;
  Type type = Type::Void;

  explicit operator bool() const { return id != kNoValue; }
};

/// Where in memory an access goes: base + (index << scale) + disp.
struct Address {
  Value base;
  Value index = {};
  uint8_t scale = 0;
  int32_t disp = 0;
};

/// Appends instructions to a Function, block by block. Operand types are checked in checked builds by the
/// verifier.
class Builder {
 public:
  explicit Builder(Function& function) : fn_(function) {}

  Function& function() { return fn_; }

  /// Starts a new block; the previous one must have ended.
  BlockId begin_block(GuestAddr pc, BlockKind kind = BlockKind::Exit) {
    const auto at = static_cast<uint32_t>(fn_.insts.size());
    fn_.blocks.push_back({at, at, pc, kind});
    return static_cast<BlockId>(fn_.blocks.size() - 1);
  }

  Value emit(Op op, Type type, std::initializer_list<Value> args, uint64_t imm = 0, uint64_t imm2 = 0) {
    Inst inst{.op = op, .type = type, .imm = imm, .imm2 = imm2};
    for (Value arg : args) inst.args[inst.arg_count++] = arg.id;
    return push(inst);
  }

  /// Bits above the type's width are dropped.
  Value konst(Type type, uint64_t bits, uint64_t high = 0) {
    return emit(Op::konst, type, {}, bits & low_ones(type), is_vector(type) ? high : 0);
  }
  Value i64(uint64_t v) { return konst(Type::I64, v); }
  Value i32(uint32_t v) { return konst(Type::I32, v); }
  Value i1(bool v) { return konst(Type::I1, v); }

  Value get_reg(RegId reg, Type type) { return emit(Op::get_reg, type, {}, reg); }
  void set_reg(RegId reg, Value v) { emit(Op::set_reg, Type::Void, {v}, reg); }
  void at(GuestAddr pc) { emit(Op::at, Type::Void, {}, pc.value); }

  /// Two operands of one type, which is the result's.
  Value binary(Op op, Value a, Value b) { return emit(op, a.type, {a, b}); }
  /// Two 128-bit operands whose lanes are read as `type`'s.
  Value binary(Op op, Type type, Value a, Value b, uint64_t imm = 0) { return emit(op, type, {a, b}, imm); }
  Value unary(Op op, Type type, Value a, uint64_t imm = 0, uint64_t imm2 = 0) {
    return emit(op, type, {a}, imm, imm2);
  }

  Value add(Value a, Value b) { return binary(Op::add, a, b); }
  Value sub(Value a, Value b) { return binary(Op::sub, a, b); }
  Value mul(Value a, Value b) { return binary(Op::mul, a, b); }
  Value and_(Value a, Value b) { return binary(Op::and_, a, b); }
  Value or_(Value a, Value b) { return binary(Op::or_, a, b); }
  Value xor_(Value a, Value b) { return binary(Op::xor_, a, b); }
  Value andn(Value a, Value b) { return binary(Op::andn, a, b); }
  Value shl(Value a, Value b) { return binary(Op::shl, a, b); }
  Value lshr(Value a, Value b) { return binary(Op::lshr, a, b); }
  Value ashr(Value a, Value b) { return binary(Op::ashr, a, b); }
  Value not_(Value a) { return xor_(a, konst(a.type, a.type == Type::I1 ? 1 : low_ones(a.type))); }
  Value zext(Type type, Value a) { return a.type == type ? a : emit(Op::zext, type, {a}); }
  Value sext(Type type, Value a) { return a.type == type ? a : emit(Op::sext, type, {a}); }
  Value trunc(Type type, Value a) { return a.type == type ? a : emit(Op::trunc, type, {a}); }
  Value icmp(IntCond cond, Value a, Value b) {
    return emit(Op::icmp, Type::I1, {a, b}, static_cast<uint64_t>(cond));
  }
  Value select(Value condition, Value a, Value b) { return emit(Op::select, a.type, {condition, a, b}); }

  Value load(Type type, Address a, MemAccess m) { return memory(Op::load, type, a, m, {}); }
  void store(Address a, Value v, MemAccess m) { memory(Op::store, v.type, a, m, v); }

  Value call(HelperId helper, std::initializer_list<Value> args) {
    const HelperInfo& h = fn_.helpers[helper];
    Inst inst{
        .op = Op::call, .type = h.result, .arg_count = static_cast<uint8_t>(args.size()), .imm = helper};
    inst.args[0] = static_cast<ValueId>(fn_.call_args.size());
    for (Value arg : args) fn_.call_args.push_back(arg.id);
    return push(inst);
  }

  void br(BlockId to) { end({.op = Op::br, .imm = to}); }
  void br_if(Value condition, BlockId if_true, BlockId if_false) {
    end({.op = Op::br_if,
         .arg_count = 1,
         .args = {condition.id, kNoValue, kNoValue},
         .imm = if_true,
         .imm2 = if_false});
  }
  void goto_pc(GuestAddr pc) { end({.op = Op::goto_pc, .imm = pc.value}); }
  void goto_indirect(Value pc) {
    end({.op = Op::goto_indirect, .arg_count = 1, .args = {pc.id, kNoValue, kNoValue}});
  }
  void call_pc(GuestAddr pc, GuestAddr back) {
    end({.op = Op::call_pc, .imm = pc.value, .imm2 = back.value});
  }
  void call_indirect(Value pc, GuestAddr back) {
    end({.op = Op::call_indirect, .arg_count = 1, .args = {pc.id, kNoValue, kNoValue}, .imm2 = back.value});
  }
  void ret(Value pc) { end({.op = Op::ret, .arg_count = 1, .args = {pc.id, kNoValue, kNoValue}}); }
  void trap(TrapKind kind, GuestAddr resume) {
    end({.op = Op::trap, .imm = static_cast<uint64_t>(kind), .imm2 = resume.value});
  }

 private:
  static constexpr uint64_t low_ones(Type type) {
    return bits(type) >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits(type)) - 1;
  }

  Value push(const Inst& inst) {
    fn_.insts.push_back(inst);
    fn_.blocks.back().end = static_cast<uint32_t>(fn_.insts.size());
    return {static_cast<ValueId>(fn_.insts.size() - 1), inst.type};
  }
  void end(const Inst& inst) { push(inst); }

  Value memory(Op op, Type type, Address a, MemAccess m, Value stored) {
    m.disp = a.disp;
    m.scale = a.scale;
    Inst inst{.op = op, .type = type, .imm = m.pack()};
    inst.args = {a.base.id, a.index.id, stored.id};
    inst.arg_count = op == Op::store ? 3 : 2;
    return push(inst);
  }

  Function& fn_;
};

}  // namespace ferry::ir
