#include "tests/ir/toy_guest.h"

#include <emmintrin.h>

#include <cstddef>
#include <iterator>
#include <utility>

namespace ferry::ir_test {
namespace {

using ir::HelperEffect;
using ir::Type;

constexpr ir::StateReg kRegs[] = {
    {"x0", Type::I64, offsetof(ToyState, x) + 0, 0},
    {"x1", Type::I64, offsetof(ToyState, x) + 8, 1},
    {"x2", Type::I64, offsetof(ToyState, x) + 16, 2},
    {"x3", Type::I64, offsetof(ToyState, x) + 24, 3},
    {"x4", Type::I64, offsetof(ToyState, x) + 32, 4},
    {"x5", Type::I64, offsetof(ToyState, x) + 40, 5},
    {"x6", Type::I64, offsetof(ToyState, x) + 48, 6},
    {"x7", Type::I64, offsetof(ToyState, x) + 56, 7},
    {"x8", Type::I64, offsetof(ToyState, x) + 64, ir::kNoPin},
    {"pc", Type::I64, offsetof(ToyState, pc), ir::kNoPin},
    {"trap_arg", Type::I64, offsetof(ToyState, trap_arg), ir::kNoPin},
    {"w", Type::I32, offsetof(ToyState, w), ir::kNoPin},
    {"n", Type::I1, offsetof(ToyState, n), ir::kNoPin},
    {"z", Type::I1, offsetof(ToyState, z), ir::kNoPin},
    {"c", Type::I1, offsetof(ToyState, c), ir::kNoPin},
    {"s", Type::I1, offsetof(ToyState, s), ir::kNoPin},
    {"v0", Type::V16I8, offsetof(ToyState, v) + 0, ir::kNoPin},
    {"v1", Type::V16I8, offsetof(ToyState, v) + 16, ir::kNoPin},
    {"v2", Type::V16I8, offsetof(ToyState, v) + 32, ir::kNoPin},
    {"v3", Type::V16I8, offsetof(ToyState, v) + 48, ir::kNoPin},
};
constexpr ir::RegId kPc = 9;
constexpr ir::RegId kTrapArg = 10;
static_assert(kRegs[kPc].name == "pc" && kRegs[kTrapArg].name == "trap_arg");
static_assert(sizeof(ToyState) % 16 == 0);
constexpr ir::StateLayout kLayout{kRegs, sizeof(ToyState), kPc, kTrapArg, "toy"};

// Every argument has a weight of its own, so that arguments in a wrong order show.
uint64_t mix(uint64_t a, uint32_t b, uint8_t c, uint16_t d, bool e, uint64_t f) {
  return a + 3 * uint64_t{b} + 5 * uint64_t{c} + 7 * uint64_t{d} + 11 * uint64_t{e} + 13 * f;
}
uint32_t low_word_of_sum(uint64_t a, uint64_t b) { return static_cast<uint32_t>(a + b); }
bool is_odd(uint64_t a) { return (a & 1) != 0; }
__m128i add_words(__m128i a, __m128i b) { return _mm_add_epi32(a, b); }
__m128i add_words_if(__m128i a, uint64_t condition, __m128i b, uint64_t factor) {
  return condition == 0 ? a
                        : _mm_add_epi32(a, _mm_mullo_epi16(b, _mm_set1_epi16(static_cast<short>(factor))));
}
double halve(double a) { return a / 2; }
float negate(float a) { return -a; }
void swap_x0_x1(ToyState* state) { std::swap(state->x[0], state->x[1]); }
uint64_t add_to_x8(ToyState* state, uint64_t amount) { return state->x[8] += amount; }
void poke(ToyState* state, uint64_t address, uint64_t value) {
  *reinterpret_cast<uint64_t*>(address) = value;
  state->x[2] = state->x[0] + state->x[1];
}

template <typename F>
void (*erased(F* function))() {
  return reinterpret_cast<void (*)()>(function);
}

const ir::HelperInfo kHelpers[] = {
    {"mix",
     erased(mix),
     Type::I64,
     false,
     HelperEffect::Pure,
     6,
     {Type::I64, Type::I32, Type::I8, Type::I16, Type::I1, Type::I64}},
    {"low_word_of_sum",
     erased(low_word_of_sum),
     Type::I32,
     false,
     HelperEffect::Pure,
     2,
     {Type::I64, Type::I64}},
    {"is_odd", erased(is_odd), Type::I1, false, HelperEffect::Pure, 1, {Type::I64}},
    {"add_words", erased(add_words), Type::V4I32, false, HelperEffect::Pure, 2, {Type::V4I32, Type::V4I32}},
    {"add_words_if",
     erased(add_words_if),
     Type::V4I32,
     false,
     HelperEffect::Pure,
     4,
     {Type::V4I32, Type::I64, Type::V4I32, Type::I64}},
    {"halve", erased(halve), Type::F64, false, HelperEffect::FpFlags, 1, {Type::F64}},
    {"negate", erased(negate), Type::F32, false, HelperEffect::Pure, 1, {Type::F32}},
    {"swap_x0_x1", erased(swap_x0_x1), Type::Void, true, HelperEffect::State, 0, {}},
    {"add_to_x8", erased(add_to_x8), Type::I64, true, HelperEffect::State, 1, {Type::I64}},
    {"poke", erased(poke), Type::Void, true, HelperEffect::Memory, 2, {Type::I64, Type::I64}},
};

}  // namespace

const ir::StateLayout& toy_layout() { return kLayout; }
std::span<const ir::HelperInfo> toy_helpers() { return kHelpers; }

}  // namespace ferry::ir_test
