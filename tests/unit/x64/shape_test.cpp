// What the baseline's code looks like: sizes of common sequences in bytes, as ceilings, so that a lost fusion
// is seen.
#include <gtest/gtest.h>

#include "backend/x64/host_features.h"
#include "ir/builder.h"
#include "tests/unit/x64/harness.h"

namespace ferry::backend::x64::test {

namespace {

using ir::Builder;
using ir::IntCond;
using ir::Type;
using ir::Value;

/// Bytes before the exit of a block made by `body`, which ends in a trap.
template <typename Body>
size_t size_of(Body body) {
  const auto compile = [](auto&& make) {
    Machine m;
    ir::Function fn = new_function();
    Builder b(fn);
    b.begin_block(GuestAddr{0x1000});
    make(b);
    b.trap(ir::TrapKind::Yield, GuestAddr{0x1004});
    return m.compile(fn)->code.size();
  };
  return compile(body) - compile([](Builder&) {});
}

Value pinned(Builder& b, unsigned i) { return b.get_reg(word(i), Type::I64); }

TEST(Shape, AnAddToAPinIsOneInstruction) {
  EXPECT_EQ(size_of([](Builder& b) { b.set_reg(word(0), b.add(pinned(b, 0), pinned(b, 1))); }), 3u);
  EXPECT_EQ(size_of([](Builder& b) { b.set_reg(word(0), b.add(pinned(b, 0), b.i64(8))); }), 4u);
  EXPECT_LE(size_of([](Builder& b) { b.set_reg(word(0), b.add(pinned(b, 1), pinned(b, 2))); }), 4u);
  EXPECT_LE(size_of([](Builder& b) { b.set_reg(word(0), b.sub(pinned(b, 1), b.i64(8))); }), 4u);
}

TEST(Shape, AWordResultNeedsNoExtension) {
  EXPECT_EQ(size_of([](Builder& b) {
              const Value sum = b.add(b.trunc(Type::I32, pinned(b, 0)), b.trunc(Type::I32, pinned(b, 1)));
              b.set_reg(word(0), b.zext(Type::I64, sum));
            }),
            3u);
}

TEST(Shape, ALoadIntoAPinIsOneInstruction) {
  EXPECT_LE(size_of([](Builder& b) {
              const Value v =
                  b.load(Type::I64, {.base = pinned(b, 1), .index = pinned(b, 2), .scale = 3, .disp = 16},
                         {.bytes = 8});
              b.set_reg(word(0), v);
            }),
            6u);
  EXPECT_LE(size_of([](Builder& b) {
              const Value v = b.load(Type::I32, {.base = pinned(b, 1)}, {.bytes = 1});
              b.set_reg(word(0), b.zext(Type::I64, v));
            }),
            5u);
}

TEST(Shape, ASubtractionAndItsFlagsShareOneInstruction) {
  // mov, sub, sete [z], setae [c], mov
  EXPECT_LE(size_of([](Builder& b) {
              const Value a = pinned(b, 0);
              const Value c = b.i64(1);
              const Value d = b.sub(a, c);
              b.set_reg(flag(0), b.icmp(IntCond::Eq, a, c));
              b.set_reg(flag(1), b.icmp(IntCond::Uge, a, c));
              b.set_reg(word(0), d);
            }),
            3u + 4 + 2 * 9 + 3);
}

TEST(Shape, ACompareAndItsBranchAreFused) {
  Machine m;
  ir::Function fn = new_function();
  Builder b(fn);
  b.begin_block(GuestAddr{0x1000});
  b.br_if(b.icmp(IntCond::Slt, pinned(b, 0), pinned(b, 1)), 1, 2);
  b.begin_block(GuestAddr{0x1010});
  b.goto_pc(GuestAddr{0x2010});
  b.begin_block(GuestAddr{0x1004});
  b.goto_pc(GuestAddr{0x2004});
  const auto code = m.compile(fn);
  // cmp; jcc; jmp [slot]; jmp [slot], then the two slots' resolvers.
  EXPECT_LE(code->code.size(), 3u + 6 + 6 + 6 + 2 * kResolverBytes);
}

TEST(Shape, AVectorOperationReadsItsSecondOperandFromTheState) {
  if (!HostFeatures::detect().avx) GTEST_SKIP();
  // vmovups, vpaddb with memory, vmovups
  EXPECT_LE(size_of([](Builder& b) {
              const Value a = b.get_reg(vector(0), Type::V16I8);
              const Value c = b.get_reg(vector(1), Type::V16I8);
              b.set_reg(vector(2), b.add(a, c));
            }),
            3u * 10);
}

TEST(Shape, AScalarLaneCostsNoMove) {
  // movups a; movsd b; addsd with its check; movq; movups
  EXPECT_LE(size_of([](Builder& b) {
              const Value a = b.unary(ir::Op::extract_lane, Type::F64, b.get_reg(vector(0), Type::V2F64));
              const Value c = b.unary(ir::Op::extract_lane, Type::F64, b.get_reg(vector(1), Type::V2F64));
              const Value sum = b.binary(ir::Op::fadd, a, c);
              b.set_reg(vector(2), b.unary(ir::Op::scalar_to_vec, Type::V2F64, sum));
            }),
            9u + 9 + 4 + 4 + 6 + 4 + 9 + 90);
}

TEST(Floor, WhatAHostLacksIsNamed) {
  EXPECT_EQ(missing_of_floor(floor_features()), "");
  EXPECT_EQ(missing_of_floor(0), "SSE4.2, POPCNT, CMPXCHG16B");
  EXPECT_EQ(missing_of_floor(~(uint32_t{1} << 23)), "POPCNT");
}

}  // namespace

}  // namespace ferry::backend::x64::test
