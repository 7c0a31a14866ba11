#include "tests/unit/x64/harness.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

#include "backend/runtime/evaluate.h"

namespace ferry::backend::x64::test {

namespace {

using ir::HelperEffect;
using ir::Type;

extern "C" uint64_t x64_test_mix(uint64_t a, uint32_t b, bool c, uint16_t d, uint64_t e, uint8_t f) {
  return a * 3 + b * uint64_t{5} + (c ? 7 : 0) + d * uint64_t{11} + (e ^ (uint64_t{f} << 56));
}

extern "C" __m128i x64_test_blend(__m128i a, uint64_t b, __m128i c) {
  return _mm_add_epi64(_mm_xor_si128(a, c), _mm_set1_epi64x(static_cast<int64_t>(b)));
}

extern "C" double x64_test_scale(double a, float b) {
  uint64_t bits;
  uint32_t low;
  std::memcpy(&bits, &a, 8);
  std::memcpy(&low, &b, 4);
  bits ^= low;
  std::memcpy(&a, &bits, 8);
  return a;
}

extern "C" void x64_test_touch_state(State* state, uint64_t a, uint64_t b) {
  for (uint64_t& word : state->words) word = word * 5 + a;
  for (uint32_t& half : state->halves) half += static_cast<uint32_t>(b);
  for (ir::Bits128& vector : state->vectors) vector.low ^= a, vector.high += b;
  for (uint8_t& flag : state->flags) flag ^= 1;
}

extern "C" uint32_t x64_test_peek(State* state, uint64_t a) {
  return static_cast<uint32_t>(state->words[a % kWords] ^ state->vectors[a % kVectors].high);
}

/// A letter and two digits for each row.
constexpr auto kNames = [] {
  std::array<std::array<char, 3>, kWords + kHalves + kFlags + kVectors> names{};
  for (size_t row = 0; row < names.size(); ++row) {
    constexpr unsigned kCounts[] = {kWords, kHalves, kFlags, kVectors};
    size_t index = row;
    size_t kind = 0;
    while (index >= kCounts[kind]) index -= kCounts[kind++];
    names[row] = {"whfv"[kind], static_cast<char>('0' + index / 10), static_cast<char>('0' + index % 10)};
  }
  return names;
}();

constexpr auto kRows = [] {
  std::array<ir::StateReg, kWords + kHalves + kFlags + kVectors + 2> rows{};
  size_t n = 0;
  const auto add = [&](Type type, size_t offset, int pin) {
    const std::string_view name = n < kNames.size() ? std::string_view(kNames[n].data(), 3)
                                  : type == Type::I64 && n == kNames.size() ? "pc"
                                                                            : "trap_arg";
    rows[n++] = {name, type, static_cast<uint16_t>(offset), static_cast<int8_t>(pin)};
  };
  for (unsigned i = 0; i < kWords; ++i) {
    add(Type::I64, offsetof(State, words) + 8 * i, i < ir::kPinCount ? static_cast<int>(i) : ir::kNoPin);
  }
  for (unsigned i = 0; i < kHalves; ++i) add(Type::I32, offsetof(State, halves) + 4 * i, ir::kNoPin);
  for (unsigned i = 0; i < kFlags; ++i) add(Type::I1, offsetof(State, flags) + i, ir::kNoPin);
  for (unsigned i = 0; i < kVectors; ++i) add(Type::V16I8, offsetof(State, vectors) + 16 * i, ir::kNoPin);
  add(Type::I64, offsetof(State, pc), ir::kNoPin);
  add(Type::I64, offsetof(State, trap_arg), ir::kNoPin);
  return rows;
}();

constexpr ir::StateLayout kLayout = {kRows, sizeof(State), static_cast<ir::RegId>(kRows.size() - 2),
                                     static_cast<ir::RegId>(kRows.size() - 1), "toy"};

template <typename F>
void (*erase(F* function))() {
  return reinterpret_cast<void (*)()>(function);
}

const ir::HelperInfo kHelpers[kHelperCount] = {
    {"mix",
     erase(x64_test_mix),
     Type::I64,
     false,
     HelperEffect::Pure,
     6,
     {Type::I64, Type::I32, Type::I1, Type::I16, Type::I64, Type::I8}},
    {"blend",
     erase(x64_test_blend),
     Type::V2I64,
     false,
     HelperEffect::Pure,
     3,
     {Type::V2I64, Type::I64, Type::V2I64}},
    {"scale", erase(x64_test_scale), Type::F64, false, HelperEffect::Pure, 2, {Type::F64, Type::F32}},
    {"touch_state",
     erase(x64_test_touch_state),
     Type::Void,
     true,
     HelperEffect::State,
     2,
     {Type::I64, Type::I64}},
    {"peek", erase(x64_test_peek), Type::I32, true, HelperEffect::Memory, 1, {Type::I64}},
};

}  // namespace

const ir::StateLayout& layout() { return kLayout; }
std::span<const ir::HelperInfo> helpers() { return kHelpers; }

ir::Function new_function() {
  ir::Function fn;
  fn.layout = &kLayout;
  fn.helpers = kHelpers;
  fn.pc = GuestAddr{0x1000};
  return fn;
}

TestSpace::TestSpace() {
  void* at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(at, MAP_FAILED);
  base_ = static_cast<std::byte*>(at);
}

TestSpace::~TestSpace() { munmap(base_, kBytes); }

std::span<std::byte> TestSpace::reserve(size_t bytes) {
  if (code_used_ + bytes > kBytes / 2) return {};
  return {base_ + code_used_, bytes};
}

void TestSpace::commit(size_t used) { code_used_ = (code_used_ + used + 15) & ~size_t{15}; }

LinkSlot* TestSpace::allocate_slots(size_t count) {
  auto* slots = reinterpret_cast<LinkSlot*>(base_ + kBytes / 2 + data_used_);
  data_used_ += count * sizeof(LinkSlot);
  return data_used_ <= kBytes / 2 ? slots : nullptr;
}

uint64_t* TestSpace::allocate_counter(uint64_t value) {
  auto* counter = reinterpret_cast<uint64_t*>(base_ + kBytes / 2 + data_used_);
  data_used_ += sizeof(uint64_t);
  if (data_used_ > kBytes / 2) return nullptr;
  *counter = value;
  return counter;
}

Machine::Machine(const EngineOptions& options, const HostFeatures& features)
    : hot_threshold_(options.hot_threshold),
      memory_(std::make_unique<Memory>()),
      stack_(64 << 10),
      codegen_(make_x64_codegen(options, features)) {
  static_assert(offsetof(Memory, state) == sizeof(RuntimeArea));
  auto stubs = emit_stubs(kLayout, space_);
  EXPECT_TRUE(stubs);
  stubs_ = *stubs;
  space_.keep();
  area().stubs = stubs_.entries;
  area().evaluate = reinterpret_cast<const void*>(&ferry_evaluate);
  for (size_t i = 0; i < kHelperCount; ++i)
    area().helpers[i] = reinterpret_cast<const void*>(kHelpers[i].function);
  for (JumpCacheEntry& line : area().jump_cache) {
    line.guest_pc = kNoGuestPc;
    line.code = stubs_.entries.indirect_miss;
  }
  reset_return_stack();
}

void Machine::reset_return_stack() {
  // rsp is 8 modulo 16; [rsp + 8] is the guest address that nothing matches.
  const auto end = reinterpret_cast<uint64_t>(stack_.data() + stack_.size() - 4) & ~uint64_t{15};
  const uint64_t top = end - 8;
  reinterpret_cast<const void**>(top)[0] = stubs_.entries.indirect_miss;
  reinterpret_cast<uint64_t*>(top)[1] = kNoGuestPc;
  area().return_stack_top = area().return_rsp = top;
  area().return_stack_limit = top - 1024;
}

std::unique_ptr<Compiled> Machine::compile(const ir::Function& fn) {
  const auto image = codegen_->compile(fn);
  if (!image) {
    error_ = image.error().message;
    return nullptr;
  }
  const auto placed = place(*image, space_, hot_threshold_);
  if (!placed) {
    error_ = placed.error().message;
    return nullptr;
  }
  auto compiled = std::make_unique<Compiled>();
  compiled->code = placed->code;
  for (LinkSlot& slot : placed->slots) compiled->slots.push_back(&slot);
  compiled->fault_points.assign(image->fault_points.begin(), image->fault_points.end());
  compiled->pins_in_registers = image->pins_in_registers;
  return compiled;
}

Exit Machine::enter(const void* code) {
  stubs_.enter(&state(), code);
  Exit exit{static_cast<ExitKind>(area().exit_kind), area().exit_value};
  if (exit.kind == ExitKind::ResolveLink || exit.kind == ExitKind::Hot) {
    exit.slot = reinterpret_cast<LinkSlot*>(exit.value);
    exit.value = exit.slot->guest_pc;
  }
  return exit;
}

Exit Machine::run(const ir::Function& fn) {
  const auto object = compile(fn);
  if (!object) {
    ADD_FAILURE() << error_;
    return {ExitKind::Fault, 0};
  }
  return enter(object->code.data());
}

}  // namespace ferry::backend::x64::test
