#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/helpers_base.h"
#include "frontend/arm64/state.h"
#include "frontend/common/region.h"
#include "frontend/registry.h"
#include "ir/print.h"
#include "tests/guest/assembler.h"
#include "tests/guest/runner.h"

// What the cases cannot show: which flags are written, how blocks and regions are cut, exclusives under
// contention.

namespace ferry::guest_test {
namespace {

/// All pages are code that was executed, but for what is said of some addresses.
class Known final : public ir::CodeView {
 public:
  std::map<uint64_t, GuestAddr> targets = {};  ///< of indirect branches
  GuestAddr last_target(GuestAddr site) const override {
    const auto known = targets.find(site.value);
    return known == targets.end() ? GuestAddr{} : known->second;
  }
  explicit Known(std::map<uint64_t, ir::Progress> exceptions = {}) : exceptions_(std::move(exceptions)) {}
  bool executable(GuestAddr) const override { return true; }
  ir::Progress progress(GuestAddr pc) const override {
    const auto exception = exceptions_.find(pc.value);
    return exception == exceptions_.end() ? ir::Progress::Executed : exception->second;
  }

 private:
  std::map<uint64_t, ir::Progress> exceptions_;
};

class Translation : public testing::Test {
 protected:
  static constexpr uint64_t kEntry = GUEST_CODE_BASE + 0x800;

  /// Translates `assembly`, placed at `pc`.
  const ir::Function& translate(const std::string& assembly, const ir::TranslateLimits& limits = {},
                                uint64_t pc = kEntry) {
    std::string error;
    const auto words = assemble({assembly}, error);
    EXPECT_EQ(error, "");
    GuestRun run{};
    run.cpu.pc = pc;
    if (!words.empty()) {
      run.word_count = static_cast<uint32_t>(words[0].size());
      std::copy(words[0].begin(), words[0].end(), run.words);
    }
    memory_.load(run);
    frontend::find_guest("aarch64")->translate({GuestAddr{pc}, 0}, limits, function_);
    return function_;
  }

  static bool writes(const ir::Function& function, ir::RegId reg) {
    return std::any_of(function.insts.begin(), function.insts.end(),
                       [&](const ir::Inst& i) { return i.op == ir::Op::set_reg && i.imm == reg; });
  }

  static unsigned count(const ir::Function& function, ir::Op op) {
    return static_cast<unsigned>(std::count_if(function.insts.begin(), function.insts.end(),
                                               [&](const ir::Inst& i) { return i.op == op; }));
  }

  GuestMemory memory_;
  ir::Function function_;
};

TEST_F(Translation, FlagsThatBothSuccessorsSetAgainAreNotWritten) {
  EXPECT_FALSE(writes(translate("cmp x1, x2; b.eq #8; cmp x3, #1; cmp x4, #2"), arm64::N));
}

TEST_F(Translation, FlagsThatOneSuccessorReadsAreWritten) {
  EXPECT_TRUE(writes(translate("cmp x1, x2; b.eq #8; cmp x3, #1; cset x0, hi"), arm64::N));
  EXPECT_TRUE(writes(translate("cmp x1, x2; b.eq #8; cset x0, hi; cmp x3, #1"), arm64::N));
}

TEST_F(Translation, FlagsAreWrittenBeforeAReturnAndASystemCall) {
  EXPECT_TRUE(writes(translate("cmp x1, x2; ret"), arm64::Z));
  EXPECT_TRUE(writes(translate("cmp x1, x2; svc #0"), arm64::Z));
}

TEST_F(Translation, FlagsAreWrittenBeforeAFaultOnlyIfSomebodyReadsThem) {
  const std::string read_after = "cmp x1, x2; ldr x0, [x3]; cset x4, eq; cmp x1, #0; b #4; cmp x1, #1";
  EXPECT_TRUE(writes(translate(read_after), arm64::C));
  ir::TranslateLimits imprecise;
  imprecise.precise = false;
  EXPECT_FALSE(writes(translate(read_after, imprecise), arm64::C));
  EXPECT_FALSE(writes(translate("cmp x1, x2; ldr x0, [x3]; cmp x1, #0; b #4; cmp x1, #1"), arm64::C));
}

TEST_F(Translation, ASingleStepAlwaysWritesFlags) {
  ir::TranslateLimits single;
  single.max_insts = 1;
  EXPECT_TRUE(writes(translate("cmp x1, x2; cmp x1, #0", single), arm64::N));
  EXPECT_EQ(function_.guest_insts, 1u);
}

TEST_F(Translation, CodeThatADecisionReliedUponIsInTheRanges) {
  translate("cmp x1, x2; b.eq #8; cmp x3, #1; cmp x4, #2");
  const auto covered = [&](uint64_t offset) {
    return std::any_of(function_.ranges.begin(), function_.ranges.end(), [&](const auto& range) {
      return range.first.value <= kEntry + offset && kEntry + offset + 4 <= range.second.value;
    });
  };
  for (uint64_t offset = 0; offset < 16; offset += 4) EXPECT_TRUE(covered(offset)) << offset;
}

TEST_F(Translation, ACompareAndItsBranchAreOneComparison) {
  translate("cmp x1, x2; b.lt #8; cmp x3, #1; cmp x4, #2");
  EXPECT_EQ(count(function_, ir::Op::icmp), 1u) << ir::print(function_);
}

TEST_F(Translation, ABlockEndsAtItsPage) {
  translate("add x0, x0, #1; add x0, x0, #2; add x0, x0, #3", {}, GUEST_CODE_BASE + 0xff8);
  EXPECT_EQ(function_.guest_insts, 2u);
  EXPECT_EQ(function_.insts.back().op, ir::Op::goto_pc);
  EXPECT_EQ(function_.insts.back().imm, GUEST_CODE_BASE + 0x1000u);
}

// Code that another thread changed and announced before must be found, so it is looked for anew.
TEST_F(Translation, AnInstructionBarrierLeaves) {
  const std::string code = "cmp x1, x2; isb; cmp x1, #0; ret";
  translate(code);
  EXPECT_EQ(function_.guest_insts, 2u) << ir::print(function_);
  EXPECT_TRUE(writes(function_, arm64::N));
  ir::TranslateLimits limits;
  limits.max_blocks = 10;
  translate(code, limits);
  EXPECT_EQ(function_.guest_insts, 2u) << ir::print(function_);
  EXPECT_EQ(function_.insts.back().op, ir::Op::goto_pc);
  EXPECT_EQ(function_.insts.back().imm, kEntry + 8);
}

TEST_F(Translation, ARegionFollowsBranchesAndSplitsAtTheirTargets) {
  ir::TranslateLimits limits;
  limits.max_insts = 100;
  limits.max_blocks = 10;
  // 0: mov; 4: add (a loop's head); 8: cbz to 20; 12: sub; 16: b to 4; 20: ret
  translate("mov x0, #0; add x0, x0, #1; cbz x1, #12; sub x1, x1, #1; b #-12; ret", limits);
  std::vector<uint64_t> starts;
  for (const ir::Block& block : function_.blocks) starts.push_back(block.pc.value - kEntry);
  EXPECT_EQ(starts, (std::vector<uint64_t>{0, 4, 12, 20})) << ir::print(function_);
  EXPECT_EQ(count(function_, ir::Op::goto_pc), 0u);
  EXPECT_EQ(count(function_, ir::Op::ret), 1u);
  EXPECT_EQ(function_.guest_insts, 6u);
}

TEST_F(Translation, ARegionKeepsToKnownPages) {
  ir::TranslateLimits limits;
  limits.max_insts = 100;
  limits.max_blocks = 10;
  const std::string crossing = "cbz x1, #0x800; ret";
  translate(crossing, limits);
  EXPECT_EQ(count(function_, ir::Op::goto_pc), 1u);
  const Known everywhere;
  limits.code = &everywhere;
  translate(crossing, limits);
  EXPECT_EQ(count(function_, ir::Op::goto_pc), 0u);
}

TEST_F(Translation, ARegionLeavesOutWhatNeverRan) {
  const Known known({{kEntry + 12, ir::Progress::None}});
  ir::TranslateLimits limits;
  limits.max_blocks = 10;
  limits.code = &known;
  translate("cbz x1, #12; add x0, x0, #1; ret; add x0, x0, #2; ret", limits);
  EXPECT_EQ(function_.guest_insts, 3u) << ir::print(function_);
  EXPECT_EQ(count(function_, ir::Op::goto_pc), 1u);
}

TEST_F(Translation, OnlyARegionThatIsCutStopsAtOptimizedCode) {
  const Known known({{kEntry + 8, ir::Progress::Optimized}});
  ir::TranslateLimits limits;
  limits.max_blocks = 10;
  limits.code = &known;
  const std::string loop = "add x0, x0, #1; cbz x1, #-4; add x0, x0, #1; cbz x2, #-12; ret";
  translate(loop, limits);
  EXPECT_EQ(function_.guest_insts, 5u) << ir::print(function_);
  limits.max_insts = 4;
  translate(loop, limits);
  EXPECT_EQ(function_.guest_insts, 2u) << ir::print(function_);
}

TEST_F(Translation, ARegionStopsAtItsLimits) {
  ir::TranslateLimits limits;
  limits.max_insts = 3;
  limits.max_blocks = 10;
  translate("add x0, x0, #1; add x0, x0, #1; add x0, x0, #1; add x0, x0, #1; ret", limits);
  EXPECT_EQ(function_.guest_insts, 3u);
  EXPECT_EQ(function_.insts.back().imm, kEntry + 12);
}

TEST_F(Translation, ARegionTakesInSmallFunctions) {
  const Known everywhere;
  ir::TranslateLimits limits;
  limits.max_blocks = 10;
  limits.code = &everywhere;
  // Two calls of one function, whose loop leaves by a return; then one of a function that calls.
  const std::string calls =
      "bl #16; bl #12; bl #20; ret; sub x0, x0, #1; cbnz x0, #-4; ret; nop; bl #-16; ret";
  limits.max_inlined_insts = 3;
  translate(calls, limits);
  // What is left: the return exits of two copies, the call of the function that calls.
  EXPECT_EQ(count(function_, ir::Op::ret), 2u) << ir::print(function_);
  EXPECT_EQ(count(function_, ir::Op::call_pc), 1u);
  EXPECT_EQ(function_.guest_insts, 3u + 2u * 3u);
  limits.max_inlined_insts = 2;
  translate(calls, limits);
  EXPECT_EQ(count(function_, ir::Op::call_pc), 1u) << ir::print(function_);
  EXPECT_EQ(function_.guest_insts, 1u);
}

TEST_F(Translation, ACallOfACopyIsNoSafePoint) {
  const Known everywhere;
  ir::TranslateLimits limits;
  limits.max_blocks = 10;
  limits.max_inlined_insts = 8;
  limits.code = &everywhere;
  // A loop of calls of a function before and one behind it.
  translate("b #12; sub x0, x0, #1; ret; bl #-8; bl #12; cbnz x0, #-8; ret; add x1, x1, #1; ret", limits);
  unsigned safe_points = 0;
  for (const ir::Block& block : function_.blocks) {
    const ir::Inst& last = function_.insts[block.end - 1];
    if (last.op == ir::Op::br || last.op == ir::Op::br_if)
      safe_points += ir::is_safe_point(block, function_.blocks[last.imm]);
    if (last.op == ir::Op::br_if) safe_points += ir::is_safe_point(block, function_.blocks[last.imm2]);
  }
  EXPECT_EQ(safe_points, 1u) << ir::print(function_);
  EXPECT_EQ(count(function_, ir::Op::call_pc), 0u);
}

TEST_F(Translation, ARegionFollowsIndirectBranchesToWhereTheyLedBefore) {
  Known known;
  ir::TranslateLimits limits;
  limits.max_blocks = 10;
  limits.code = &known;
  limits.max_inlined_insts = 8;
  // A call by a register of a stub that leads on by x17.
  const std::string calls = "blr x1; ret; nop; add x17, x2, #0; br x17; nop; add x0, x0, #1; ret";
  translate(calls, limits);
  EXPECT_EQ(function_.guest_insts, 1u) << ir::print(function_);
  known.targets[kEntry] = GuestAddr{kEntry + 12};
  known.targets[kEntry + 16] = GuestAddr{kEntry + 24};
  translate(calls, limits);
  EXPECT_EQ(function_.guest_insts, 6u) << ir::print(function_);
  // Other targets: the call's, and out of the copy, as if called, the stub's.
  EXPECT_EQ(count(function_, ir::Op::call_indirect), 2u);
  EXPECT_EQ(count(function_, ir::Op::ret), 2u);
}

TEST_F(Translation, BranchTypesCostNothingUntilPagesAreGuarded) {
  translate("blr x1");
  EXPECT_EQ(count(function_, ir::Op::or_), 0u) << ir::print(function_);
  EXPECT_EQ(count(function_, ir::Op::select), 0u);
}

/// A stack of nodes, pushed and popped by load-exclusive and store-exclusive of the head alone: it loses
/// nodes if a store-exclusive succeeds although the head was popped and pushed again in between (ABA).
class LlScStack {
 public:
  struct Node {
    uint64_t next;
    std::atomic<uint64_t> owned{0};
  };

  void push(arm64::State& state, Node* node) {
    do {
      node->next = arm64::helpers::load_exclusive(&state, address(), 3);
    } while (arm64::helpers::store_exclusive(&state, address(), reinterpret_cast<uint64_t>(node), 3) != 0);
  }

  Node* pop(arm64::State& state) {
    while (true) {
      const uint64_t head = arm64::helpers::load_exclusive(&state, address(), 3);
      if (head == 0) return nullptr;
      const uint64_t next = __atomic_load_n(&reinterpret_cast<Node*>(head)->next, __ATOMIC_RELAXED);
      if (arm64::helpers::store_exclusive(&state, address(), next, 3) == 0)
        return reinterpret_cast<Node*>(head);
    }
  }

 private:
  uint64_t address() const { return reinterpret_cast<uint64_t>(&head_); }
  uint64_t head_ = 0;
};

TEST(Exclusives, AStackOfNodesSurvivesContention) {
  constexpr unsigned kThreads = 4, kNodes = 4, kRounds = 300000;
  LlScStack stack;
  std::vector<LlScStack::Node> nodes(kNodes);
  arm64::State state{};
  for (auto& node : nodes) stack.push(state, &node);
  std::atomic<unsigned> twice{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      arm64::State own{};
      for (unsigned i = 0; i < kRounds; ++i) {
        LlScStack::Node* first = stack.pop(own);
        LlScStack::Node* second = stack.pop(own);
        for (LlScStack::Node* node : {first, second}) {
          if (node != nullptr && node->owned.exchange(1) != 0) ++twice;
        }
        for (LlScStack::Node* node : {first, second}) {
          if (node == nullptr) continue;
          node->owned = 0;
          stack.push(own, node);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(twice, 0u) << "a node was popped by two threads at once";
  unsigned left = 0;
  while (stack.pop(state) != nullptr) ++left;
  EXPECT_EQ(left, kNodes);
}

TEST(Exclusives, AnotherStoreExclusiveInBetweenIsSeenAlthoughTheValueIsBack) {
  arm64::State a{}, b{};
  uint64_t word = 5;
  const auto address = reinterpret_cast<uint64_t>(&word);
  arm64::helpers::load_exclusive(&a, address, 3);
  arm64::helpers::load_exclusive(&b, address, 3);
  EXPECT_EQ(arm64::helpers::store_exclusive(&b, address, 6, 3), 0u);
  arm64::helpers::load_exclusive(&b, address, 3);
  EXPECT_EQ(arm64::helpers::store_exclusive(&b, address, 5, 3), 0u);
  EXPECT_EQ(arm64::helpers::store_exclusive(&a, address, 7, 3), 1u);
  EXPECT_EQ(word, 5u);
}

sigjmp_buf fault_exit;  // for the signal handler

/// A page that a store-exclusive faults on, and whose slot it then holds.
class LockedSlot {
 public:
  LockedSlot() {
    page_ = mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {}, before;
    action.sa_handler = [](int) { siglongjmp(fault_exit, 1); };
    sigaction(SIGSEGV, &action, &before);
    arm64::helpers::load_exclusive(&owner, address(), 3);
    if (sigsetjmp(fault_exit, 1) == 0) {
      arm64::helpers::store_exclusive(&owner, address(), 1, 3);
      ADD_FAILURE() << "a store to a read-only page";
    }
    sigaction(SIGSEGV, &before, nullptr);
    mprotect(page_, kPage, PROT_READ | PROT_WRITE);
  }
  ~LockedSlot() { munmap(page_, kPage); }
  LockedSlot(const LockedSlot&) = delete;
  LockedSlot& operator=(const LockedSlot&) = delete;

  /// Whether another CPU's store-exclusive to the same place succeeds.
  bool is_free() const {
    arm64::State other{};
    arm64::helpers::load_exclusive(&other, address(), 3);
    return arm64::helpers::store_exclusive(&other, address(), 2, 3) == 0;
  }

  arm64::State owner{};

 private:
  static constexpr std::size_t kPage = 4096;
  uint64_t address() const { return reinterpret_cast<uint64_t>(page_); }
  void* page_;
};

TEST(Exclusives, AStoreExclusiveThatFaultedHoldsItsSlotUntilTheEngineSaysSo) {
  LockedSlot slot;
  EXPECT_FALSE(slot.is_free());
  frontend::find_guest("aarch64")->after_fault(&slot.owner);
  EXPECT_TRUE(slot.is_free());
}

TEST(Exclusives, AForkedChildHasAllSlots) {
  LockedSlot slot;
  EXPECT_FALSE(slot.is_free());
  frontend::find_guest("aarch64")->after_fork_child();
  EXPECT_TRUE(slot.is_free());
}

TEST(CpuFeatures, WordsAndRegistersAgree) {
  constexpr auto kIsar0 = static_cast<uint32_t>(arm64::IdRegister::ID_AA64ISAR0_EL1);
  constexpr unsigned kCrc32Hwcap = 7, kLseHwcap = 8;
  const arm64::Cpu max;
  EXPECT_GE(max.id_register(kIsar0) >> 20 & 0xf, 2u);  // LSE
  EXPECT_EQ(max.hwcap(1) >> kLseHwcap & 1, 1u);
  EXPECT_EQ(max.id_register(kIsar0) >> 16 & 0xf, 1u);  // CRC32
  EXPECT_EQ(max.hwcap(1) >> kCrc32Hwcap & 1, 1u);
  EXPECT_EQ(max.hwcap(1) & 3, 3u);  // FP, ASIMD
  constexpr auto kMmfr2 = static_cast<uint32_t>(arm64::IdRegister::ID_AA64MMFR2_EL1);
  constexpr unsigned kUscatHwcap = 25, kAtField = 32;
  EXPECT_EQ(max.id_register(kMmfr2), uint64_t{1} << kAtField);
  EXPECT_EQ(max.hwcap(1) >> kUscatHwcap & 1, 1u);

  const arm64::Cpu a53 = *arm64::Cpu::parse("cortex-a53");
  EXPECT_EQ(a53.id_register(kIsar0), 0x11120u);  // CRC32, SHA256, SHA1, AES with PMULL: as its manual says
  EXPECT_EQ(a53.hwcap(1), 0x8fbu);               // CPUID and crc32 sha2 sha1 pmull aes asimd fp
  EXPECT_EQ(a53.hwcap(2), 0u);
  EXPECT_EQ(a53.midr(), 0x410fd034u);
}

TEST(CpuFeatures, ModelsAndSwitches) {
  using arm64::Feature;
  const auto problem = [](const char* text) {
    const auto cpu = arm64::Cpu::parse(text);
    return cpu ? std::string("accepted") : cpu.error().message;
  };
  EXPECT_FALSE(arm64::Cpu::parse("max,lse=off")->has(Feature::LSE));
  EXPECT_TRUE(arm64::Cpu::parse("max,lse=off,sve=off")->has(Feature::CRC32));
  EXPECT_TRUE(arm64::Cpu::parse("cortex-a72,lse=on,pauth-impdef=on")->has(Feature::LSE));
  EXPECT_TRUE(arm64::Cpu::parse("neoverse-n1")->has(Feature::DOTPROD));
  EXPECT_FALSE(arm64::Cpu::parse("neoverse-n1")->has(Feature::FLAGM));
  EXPECT_NE(problem("pentium").find("no model 'pentium'"), std::string::npos);
  EXPECT_NE(problem("").find("no model ''"), std::string::npos);
  EXPECT_NE(problem("max,").find("FEATURE=on"), std::string::npos);
  EXPECT_NE(problem("max,lse").find("FEATURE=on"), std::string::npos);
  EXPECT_NE(problem("max,lse=maybe").find("FEATURE=on"), std::string::npos);
  EXPECT_NE(problem("max,fp=off").find("no feature 'fp'"), std::string::npos);
  EXPECT_NE(problem("max,sve=on").find("no feature 'sve'"), std::string::npos);
}

}  // namespace
}  // namespace ferry::guest_test
