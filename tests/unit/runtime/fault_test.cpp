// Host faults: every guest register exact, wherever the fault comes from.
#include <sys/mman.h>

#include <csignal>

#include "harness.h"

namespace ferry::toy {
namespace {

using backend::Stop;
using backend::StopReason;
using enum Opcode;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kTag = uint64_t{0x5a} << 56;

class Faults : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    engine_->set_precise_faults(true);
    void* at = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    data_ = static_cast<uint64_t*>(at);
    mprotect(wall(), kPage, PROT_NONE);
  }
  void TearDown() override { munmap(data_, 2 * kPage); }

  /// The first byte that cannot be accessed.
  void* wall() const { return data_ + kPage / 8; }
  uint64_t wall_address() const { return reinterpret_cast<uintptr_t>(wall()); }

  void expect_wall(const Stop& stop, GuestAddr pc) {
    EXPECT_EQ(stop.reason, StopReason::Fault);
    EXPECT_EQ(stop.signal, SIGSEGV);
    EXPECT_EQ(stop.code, SEGV_ACCERR);
    EXPECT_EQ(stop.address, wall_address());
    EXPECT_EQ(state().pc, pc.value);
  }

  uint64_t* data_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Engines, Faults, testing::ValuesIn(configs()),
                         [](const auto& info) { return info.param.name; });

/// Walks up to the wall in a loop that keeps changing all registers; then the wall is opened and it goes on.
TEST_P(Faults, LoadInAHotLoopSeesAllRegisters) {
  Program p;
  p.label("loop");
  for (unsigned i = 0; i < 8; ++i) p.op(Addi, i, i, 0, static_cast<int32_t>(i + 1));
  p.label("load").op(Load, 8, 9, 0, 0);
  for (unsigned i = 0; i < 8; ++i) p.op(Addi, i, i, 0, static_cast<int32_t>(i + 1));
  p.op(Addi, 9, 9, 0, 8).to("loop", Less, 9, 10).op(System);
  cpu_ = make_cpu(p.start());
  state().r[9] = reinterpret_cast<uintptr_t>(data_);
  state().r[10] = wall_address() + 16;
  constexpr uint64_t kLoads = kPage / 8;
  expect_wall(run(*cpu_), p.at("load"));
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(state().r[i], (i + 1) * (2 * kLoads + 1)) << i;
  EXPECT_EQ(state().r[9], wall_address());
  mprotect(wall(), kPage, PROT_READ);
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(state().r[i], (i + 1) * (2 * kLoads + 4)) << i;
}

TEST_P(Faults, StoreToAReadOnlyPage) {
  Program p;
  p.op(Addi, 0, 0, 0, 7)
      .op(Addi, 7, 7, 0, 9)
      .label("store")
      .op(Store, 0, 1, 0, 0)
      .op(Addi, 0, 0, 0, 1)
      .op(System);
  cpu_ = make_cpu(p.start());
  state().r[1] = wall_address();
  mprotect(wall(), kPage, PROT_READ);
  expect_wall(run(*cpu_), p.at("store"));
  EXPECT_EQ(state().r[0], 7u);
  EXPECT_EQ(state().r[7], 9u);
  EXPECT_GE(engine_->stats().faults, 1u);
}

TEST_P(Faults, HelperThatFaults) {
  Program p;
  p.to("f", Call).op(System);
  p.label("f").op(Addi, 0, 0, 0, 7).op(Addi, 7, 7, 0, 9).label("load").op(HelperLoad, 0, 1).op(Return);
  cpu_ = make_cpu(p.start());
  state().r[1] = wall_address();
  expect_wall(run(*cpu_), p.at("load"));
  EXPECT_EQ(state().r[0], 7u);
  EXPECT_EQ(state().r[7], 9u);
  mprotect(wall(), kPage, PROT_READ | PROT_WRITE);
  data_[kPage / 8] = 1234;
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], 1234u);
}

/// A file's mapping beyond its end: SIGBUS.
TEST_P(Faults, BusError) {
  const int fd = memfd_create("empty", 0);
  void* at = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd, 0);
  ASSERT_NE(at, MAP_FAILED);
  Program p;
  p.op(Load, 0, 1, 0, 8).op(System);
  cpu_ = make_cpu(p.start());
  state().r[1] = reinterpret_cast<uintptr_t>(at);
  const Stop stop = run(*cpu_);
  EXPECT_EQ(stop.reason, StopReason::Fault);
  EXPECT_EQ(stop.signal, SIGBUS);
  EXPECT_EQ(stop.code, BUS_ADRERR);
  EXPECT_EQ(stop.address, reinterpret_cast<uintptr_t>(at) + 8);
  munmap(at, kPage);
  close(fd);
}

TEST_P(Faults, JumpToNowhere) {
  Program p;
  p.op(Addi, 0, 0, 0, 1).op(JumpReg, 1);
  cpu_ = make_cpu(p.start());
  state().r[1] = wall_address();
  expect_wall(run(*cpu_), {wall_address()});
  EXPECT_EQ(state().r[0], 1u);
}

TEST_P(Faults, DirectBranchToNowhere) {
  Program p(kPage);
  p.skip_to(kPage - 2 * kInstBytes);
  const GuestAddr begin = p.here();
  p.op(Addi, 0, 0, 0, 1).op(Branch, 0, 0, 0, 1 << 30);
  const Stop stop = run_from(begin);
  EXPECT_EQ(stop.reason, StopReason::Fault);
  EXPECT_EQ(stop.signal, SIGSEGV);
  EXPECT_EQ(state().pc, begin.value + kInstBytes + (1 << 30));
  EXPECT_EQ(state().r[0], 1u);
}

/// Code that runs off its page's end into one that is not there.
TEST_P(Faults, RunsOffTheEnd) {
  void* at = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(at, MAP_FAILED);
  mprotect(static_cast<std::byte*>(at) + kPage, kPage, PROT_NONE);
  const GuestAddr begin{reinterpret_cast<uintptr_t>(at) + kPage - kInstBytes};
  Program::patch(begin, {Addi, 0, 0, 0, 1});
  const Stop stop = run_from(begin);
  EXPECT_EQ(stop.reason, StopReason::Fault);
  EXPECT_EQ(stop.address, begin.value + kInstBytes);
  EXPECT_EQ(state().pc, begin.value + kInstBytes);
  EXPECT_EQ(state().r[0], 1u);
  munmap(at, 2 * kPage);
}

class OnePage final : public backend::CodeAccess {
 public:
  explicit OnePage(GuestAddr page) : page_(page) {}
  bool executable(GuestAddr pc) override { return pc.value / kPage == page_.value / kPage; }
  bool mapped(GuestAddr pc) override { return pc.value / kPage <= page_.value / kPage + 1; }

 private:
  GuestAddr page_;
};

TEST_P(Faults, PagesThatTheGuestMayNotExecute) {
  Program p;
  p.op(Addi, 0, 0, 0, 1).to("far", Branch);
  p.skip_to(kPage);
  p.label("far").op(System);
  OnePage access(p.start());
  backend::EngineOptions options = GetParam().options;
  options.access = &access;
  start(options);
  const Stop stop = run_from(p.start());
  EXPECT_EQ(stop.reason, StopReason::Fault);
  EXPECT_EQ(stop.signal, SIGSEGV);
  EXPECT_EQ(stop.code, SEGV_ACCERR);
  EXPECT_EQ(state().pc, p.at("far").value);
  EXPECT_EQ(state().r[0], 1u);
  cpu_.reset();
  engine_.reset();
}

TEST_P(Faults, TaggedAddressesAreFollowed) {
  Program p;
  p.op(Addi, 13, 12, 0, 50).label("loop").op(Load, 0, 1, 0, 8).op(Add, 5, 5, 0).op(Store, 5, 1, 0, 16);
  p.op(HelperLoad, 2, 1).op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  cpu_ = make_cpu(p.start());
  state().r[1] = reinterpret_cast<uintptr_t>(data_) | kTag;
  data_[0] = 77;
  data_[1] = 3;
  EXPECT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  EXPECT_EQ(state().r[0], 3u);
  EXPECT_EQ(state().r[2], 77u);
  EXPECT_EQ(state().r[5], 150u);
  EXPECT_EQ(data_[2], 150u);
  EXPECT_EQ(state().r[1], reinterpret_cast<uintptr_t>(data_) | kTag);
  EXPECT_GE(engine_->stats().tagged_accesses, 100u);
}

/// Tags that come up only when the code was optimized without exact registers at faults.
TEST_P(Faults, TaggedAddressesInHotCode) {
  start(GetParam().options);
  Program p;
  p.op(Addi, 13, 12, 0, 50).label("loop").op(Load, 0, 1, 0, 8).op(Add, 5, 5, 0).op(Store, 5, 1, 0, 16);
  p.op(Load, 3, 3, 0, 0).op(Store, 1, 1, 0, 32).op(Addi, 14, 14, 0, 1).to("loop", Less, 14, 13).op(System);
  const auto plain = reinterpret_cast<uintptr_t>(data_);
  data_[1] = 3;
  for (const uint64_t tag : {uint64_t{0}, kTag}) {
    for (int round = 0; round < 100; ++round) {
      cpu_ = make_cpu(p.start());
      data_[3] = (plain + 24) | tag;
      state().r[1] = plain | tag;
      state().r[3] = (plain + 24) | tag;
      ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
      ASSERT_EQ(state().r[5], 150u);
      ASSERT_EQ(data_[2], 150u);
      ASSERT_EQ(state().r[1], plain | tag);
      ASSERT_EQ(state().r[3], (plain + 24) | tag);
      ASSERT_EQ(data_[4], plain | tag);
    }
  }
}

TEST_P(Faults, TaggedAddressOfNothing) {
  Program p;
  p.op(Addi, 0, 0, 0, 1).label("load").op(Load, 0, 1, 0, 0).op(System);
  cpu_ = make_cpu(p.start());
  state().r[1] = wall_address() | kTag;
  Stop tagged = run(*cpu_);
  EXPECT_EQ(tagged.address & kTag, kTag);
  tagged.address &= ~kTag;
  expect_wall(tagged, p.at("load"));
  EXPECT_EQ(state().r[0], 1u);
  // Not even canonical without its tag.
  state().r[1] = uint64_t{1} << 50;
  const Stop stop = run(*cpu_);
  EXPECT_EQ(stop.reason, StopReason::Fault);
  EXPECT_EQ(stop.signal, SIGSEGV);
  EXPECT_EQ(stop.code, SEGV_MAPERR);
  EXPECT_EQ(stop.address, uint64_t{1} << 50);
  EXPECT_EQ(state().pc, p.at("load").value);
}

TEST_P(Faults, FaultsOutsideGuestCodeAreNotTheEngines) {
  Program p;
  p.op(System);
  run_from(p.start());
  siginfo_t info = {};
  EXPECT_FALSE(engine_->handle_fault(*cpu_, SIGSEGV, info, nullptr));
}

/// Code compiled without exact faults is thrown away when they are asked for.
TEST_P(Faults, PreciseFaultsReplaceImpreciseCode) {
  start(GetParam().options);
  Program p;
  p.label("loop").op(Addi, 0, 0, 0, 1).op(Addi, 7, 7, 0, 1).label("load").op(Load, 8, 9, 0, 0);
  p.op(Addi, 9, 9, 0, 8).to("loop", Less, 9, 10).op(System);
  for (int round = 0; round < 200; ++round) {
    cpu_ = make_cpu(p.start());
    state().r[9] = reinterpret_cast<uintptr_t>(data_);
    state().r[10] = wall_address();
    ASSERT_EQ(run(*cpu_).reason, StopReason::SystemCall);
  }
  engine_->set_precise_faults(true);
  cpu_ = make_cpu(p.start());
  state().r[9] = reinterpret_cast<uintptr_t>(data_);
  state().r[10] = wall_address() + 8;
  expect_wall(run(*cpu_), p.at("load"));
  EXPECT_EQ(state().r[0], kPage / 8 + 1);
  EXPECT_EQ(state().r[7], kPage / 8 + 1);
}

}  // namespace
}  // namespace ferry::toy
