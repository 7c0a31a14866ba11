// Random functions on the interpreter and on the baseline: same registers, same memory, same way out.
// FERRY_X64_RANDOM scales the number of functions, FERRY_X64_SEED runs one seed, FERRY_X64_DUMP names a file
// for its code.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <xmmintrin.h>

#include <cstdlib>
#include <cstring>

#include "ir/print.h"
#include "ir/verify.h"
#include "tests/unit/x64/generator.h"
#include "tests/unit/x64/harness.h"

namespace ferry::backend::x64::test {

namespace {

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

constexpr uint32_t kMxcsr = 0x1f80;
/// The denormal flag has no Arm counterpart.
constexpr uint32_t kComparedFlags = 0x01 | 0x04 | 0x08 | 0x10 | 0x20;

/// Memory below 4 GiB, so that absolute addressing is tried, too.
uint8_t* buffer() {
  static uint8_t* const at = [] {
    void* p =
        mmap(nullptr, kBufferBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    return static_cast<uint8_t*>(p);
  }();
  return at;
}

struct Outcome {
  State state;
  uint8_t memory[kBufferBytes];
  std::string exit;
  uint32_t flags;
};

std::string describe(const Exit& exit) {
  switch (exit.kind) {
    case ExitKind::Trap:
      return "trap " + std::to_string(exit.value);
    case ExitKind::ResolveLink:
    case ExitKind::Indirect:
      return "to " + std::to_string(exit.value);
    default:
      return "exit " + std::to_string(static_cast<unsigned>(exit.kind));
  }
}

std::string describe(const ir::InterpResult& result) {
  if (result.how == ir::Leave::Trap) return "trap " + std::to_string(static_cast<unsigned>(result.trap));
  return "to " + std::to_string(result.target.value);
}

std::string differences(const Outcome& want, const Outcome& got) {
  std::string text;
  const auto note = [&](const std::string& name, uint64_t a, uint64_t b) {
    if (a == b) return;
    char line[120];
    std::snprintf(line, sizeof line, "%s: want %016llx got %016llx\n", name.c_str(),
                  static_cast<unsigned long long>(a), static_cast<unsigned long long>(b));
    text += line;
  };
  for (unsigned i = 0; i < kWords; ++i)
    note("word " + std::to_string(i), want.state.words[i], got.state.words[i]);
  for (unsigned i = 0; i < kHalves; ++i)
    note("half " + std::to_string(i), want.state.halves[i], got.state.halves[i]);
  for (unsigned i = 0; i < kFlags; ++i)
    note("flag " + std::to_string(i), want.state.flags[i], got.state.flags[i]);
  for (unsigned i = 0; i < kVectors; ++i) {
    note("vector low " + std::to_string(i), want.state.vectors[i].low, got.state.vectors[i].low);
    note("vector high " + std::to_string(i), want.state.vectors[i].high, got.state.vectors[i].high);
  }
  for (unsigned i = 0; i < kBufferBytes; ++i)
    note("byte " + std::to_string(i), want.memory[i], got.memory[i]);
  note("mxcsr", want.flags, got.flags);
  if (want.exit != got.exit) text += "exit: want " + want.exit + ", got " + got.exit + "\n";
  return text;
}

class RandomTest : public testing::TestWithParam<bool> {};

/// One function and what it starts from.
struct Case {
  ir::Function fn;
  State before{};
  uint8_t memory[kBufferBytes];
  uint32_t mxcsr;
};

Case make_case(uint64_t seed) {
  Rng rng(seed);
  GeneratorLimits limits;
  limits.buffer = reinterpret_cast<uint64_t>(buffer());
  limits.insts = rng() % 4 == 0 ? 250 : 40;
  limits.blocks = rng() % 3 == 0 ? 4 : 1;
  limits.floating_point = rng() % 3 != 0;
  Case c;
  c.fn = generate(rng, limits);
  for (uint64_t& w : c.before.words) w = edgy(rng);
  for (uint32_t& h : c.before.halves) h = static_cast<uint32_t>(edgy(rng));
  for (uint8_t& f : c.before.flags) f = rng() & 1;
  for (ir::Bits128& v : c.before.vectors) v = {edgy(rng), edgy(rng)};
  for (uint8_t& byte : c.memory) byte = static_cast<uint8_t>(rng());
  c.mxcsr = kMxcsr | static_cast<uint32_t>(rng() % 4) << 13;
  return c;
}

/// What the interpreter and the baseline make of the case; empty when they agree.
std::string compare(Machine& machine, const Case& c) {
  Outcome want{};
  want.state = c.before;
  std::memcpy(buffer(), c.memory, kBufferBytes);
  ir::InterpContext context;
  _mm_setcsr(c.mxcsr);
  const ir::InterpResult result = ir::run(c.fn, &want.state, context);
  want.flags = _mm_getcsr() & kComparedFlags;
  _mm_setcsr(kMxcsr);
  want.exit = describe(result);
  std::memcpy(want.memory, buffer(), kBufferBytes);

  Outcome got{};
  machine.space().rewind();
  machine.reset_return_stack();
  const auto object = machine.compile(c.fn);
  if (!object) return machine.error();
  machine.state() = c.before;
  std::memcpy(buffer(), c.memory, kBufferBytes);
  _mm_setcsr(c.mxcsr);
  const Exit exit = machine.enter(object->code.data());
  got.flags = _mm_getcsr() & kComparedFlags;
  _mm_setcsr(kMxcsr);
  got.state = machine.state();
  got.exit = describe(exit);
  std::memcpy(got.memory, buffer(), kBufferBytes);

  want.state.pc = got.state.pc = 0;
  if (c.fn.ignore_fp_flags) want.flags = got.flags = 0;
  if (const char* file = std::getenv("FERRY_X64_DUMP")) {
    FILE* out = std::fopen(file, "wb");
    std::fwrite(object->code.data(), 1, object->code.size(), out);
    std::fclose(out);
  }
  return differences(want, got);
}

/// Leaves out instructions for as long as the engines still differ.
void reduce(Machine& machine, Case& c) {
  bool again = true;
  while (again) {
    again = false;
    for (size_t i = c.fn.insts.size(); i-- > 0;) {
      ir::Inst& inst = c.fn.insts[i];
      if (inst.dead) continue;
      inst.dead = true;
      if (!ir::verify(c.fn) && !compare(machine, c).empty()) {
        again = true;
      } else {
        inst.dead = false;
      }
    }
  }
}

/// One seed; false when the engines differ.
bool run_seed(Machine& machine, uint64_t seed) {
  Case c = make_case(seed);
  if (compare(machine, c).empty()) return true;
  reduce(machine, c);
  const std::string text = compare(machine, c);
  ADD_FAILURE() << "seed " << seed << "\n" << text << ir::print(c.fn);
  return false;
}

TEST_P(RandomTest, AgreesWithTheInterpreter) {
  Machine machine({}, GetParam() ? HostFeatures::detect() : HostFeatures{});
  if (const uint64_t seed = from_environment("FERRY_X64_SEED", 0)) {
    run_seed(machine, seed);
    return;
  }
  const uint64_t count = 3000 * from_environment("FERRY_X64_RANDOM", 1);
  unsigned failures = 0;
  for (uint64_t seed = 1; seed <= count && failures < 5; ++seed) failures += run_seed(machine, seed) ? 0 : 1;
}

INSTANTIATE_TEST_SUITE_P(Hosts, RandomTest, testing::Values(true, false), [](const auto& info) {
  return info.param ? std::string("ThisHost") : std::string("Sse42");
});

}  // namespace

}  // namespace ferry::backend::x64::test
