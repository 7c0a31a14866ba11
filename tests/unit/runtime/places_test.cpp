// Random programs that run into a wall: every guest register is what the interpreter says, wherever the fault
// is.
#include <sys/mman.h>

#include <csignal>
#include <cstring>
#include <random>

#include "harness.h"

namespace ferry::toy {
namespace {

using enum Opcode;

constexpr uint64_t kPage = 4096;
constexpr unsigned kPointer = 9;
constexpr uint64_t kReach = 64;  ///< accesses lie at most so far before the pointer
constexpr unsigned kCompared = kLink;

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  void write(Program& program) {
    const unsigned blocks = 1 + below(9);
    for (unsigned block = 0; block < blocks; ++block) {
      program.label(name(block));
      for (unsigned left = 2 + below(7); left > 0; --left) instruction(program);
      program.op(below(2) ? Load : Store, reg(), kPointer, 0, displacement());
      program.op(Addi, kPointer, kPointer, 0, 8);
      program.to(name(below(blocks)), Less, reg(), reg());
    }
    program.to(name(0), Branch);
  }

 private:
  static std::string name(unsigned block) { return "b" + std::to_string(block); }
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  uint8_t reg() {
    const unsigned any = below(kCompared - 1);
    return static_cast<uint8_t>(any < kPointer ? any : any + 1);
  }
  int32_t displacement() { return -8 * static_cast<int32_t>(below(kReach / 8)); }

  void instruction(Program& program) {
    switch (below(6)) {
      case 0:
        program.op(Load, reg(), kPointer, 0, displacement());
        break;
      case 1:
        program.op(Store, reg(), kPointer, 0, displacement());
        break;
      case 2:
        program.op(Addi, reg(), reg(), 0, static_cast<int32_t>(below(1000)) - 500);
        break;
      default:
        program.op(Add, reg(), reg(), reg(), 0);
    }
  }

  std::mt19937 random_;
};

class Places : public EngineTest {
 protected:
  void SetUp() override {
    void* at = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    data_ = static_cast<std::byte*>(at);
    mprotect(data_ + kPage, kPage, PROT_NONE);
  }
  void TearDown() override { munmap(data_, 2 * kPage); }

  /// All registers and the pc where the program faults.
  State fault_of(const backend::EngineOptions& options, const Program& program) {
    start(options);
    engine_->set_precise_faults(true);
    std::memset(data_, 0x5a, kPage);
    cpu_ = make_cpu(program.start());
    for (unsigned i = 0; i < kCompared; ++i) state().r[i] = i * 0x0123'4567'89ab'cdefu;
    state().r[kPointer] = reinterpret_cast<uintptr_t>(data_) + kReach;
    const backend::Stop stop = run(*cpu_);
    EXPECT_EQ(stop.reason, backend::StopReason::Fault);
    EXPECT_EQ(stop.signal, SIGSEGV);
    return state();
  }

  std::byte* data_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Engines, Places, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Places, AreWhatTheInterpreterSays) {
  backend::EngineOptions interpreter = GetParam().options;
  interpreter.kind = backend::EngineKind::Interp;
  constexpr uint32_t kPrograms = 40;
  for (uint32_t seed = 0; seed < kPrograms; ++seed) {
    SCOPED_TRACE(seed);
    Program program;
    Generator(seed).write(program);
    const State expected = fault_of(interpreter, program);
    const State found = fault_of(GetParam().options, program);
    EXPECT_EQ(found.pc, expected.pc);
    for (unsigned i = 0; i < kCompared; ++i) EXPECT_EQ(found.r[i], expected.r[i]) << "r" << i;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ferry::toy
