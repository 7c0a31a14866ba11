// The guest's memory map against the real kernel: what is mapped where, and what is ferry's own stays
// untouched.
#include "linux-user/mm/address_space.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <memory>

namespace ferry::linux_user {
namespace {

constexpr uint64_t kPage = AddressSpace::kPageSize;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;

GuestAddr address(SysResult result) {
  EXPECT_FALSE(result.failed()) << std::strerror(result.error_number());
  return {static_cast<uint64_t>(result.value)};
}
char* at(GuestAddr a) { return reinterpret_cast<char*>(a.value); }

class Memory : public testing::Test {
 protected:
  GuestAddr map(uint64_t pages, int protection = kReadWrite) {
    return address(memory_.mmap({0}, pages * kPage, protection, kAnonymous, -1, 0));
  }
  int protection_at(GuestAddr a) {
    const auto vmas = memory_.snapshot();
    auto it = vmas.upper_bound(a);
    if (it == vmas.begin() || std::prev(it)->second.end <= a) return -1;
    return std::prev(it)->second.protection;
  }
  AddressSpace memory_;
};

/// Stands for an engine with a thread that translates again at once what it is told to forget.
class EagerEngine final : public backend::Engine {
 public:
  explicit EagerEngine(AddressSpace& memory) : memory_(memory) {}
  unsigned forgotten = 0;
  unsigned still_executable = 0;

  void invalidate(GuestAddr first, GuestAddr) override {
    ++forgotten;
    still_executable += memory_.executable(first);
  }
  const backend::EngineOptions& options() const override { return options_; }
  support::Result<std::unique_ptr<backend::Cpu>> create_cpu() override { return support::Error{"none"}; }
  backend::Stop run(backend::Cpu&) override { return {}; }
  bool step_out(backend::Cpu&) override { return false; }
  bool step_in(backend::Cpu&) override { return true; }
  void abandon(backend::Cpu&) override {}
  bool handle_fault(backend::Cpu&, int, const siginfo_t&, void*) override { return false; }
  void synchronize() override {}
  void add_file(GuestAddr, GuestAddr, const backend::FileIdentity&) override {}
  void save_code() override {}
  void set_precise_faults(bool) override {}
  void end_background() override {}
  void prepare_fork() override {}
  void after_fork_parent() override {}
  void after_fork_child() override {}
  backend::EngineStats stats() const override { return {}; }

 private:
  AddressSpace& memory_;
  const backend::EngineOptions options_;
};

/// Else another thread could translate it again in between, and nothing would forget that.
TEST_F(Memory, CodeIsForgottenWhenItIsNoLongerExecutable) {
  EagerEngine engine(memory_);
  memory_.set_engine(&engine);
  const int code = PROT_READ | PROT_EXEC;
  const GuestAddr a = map(8, code);
  EXPECT_EQ(memory_.mprotect(a, kPage, PROT_READ).value, 0);
  EXPECT_EQ(memory_.munmap(a + kPage, kPage).value, 0);
  EXPECT_EQ(address(memory_.mmap(a + 2 * kPage, kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, 0)),
            a + 2 * kPage);
  EXPECT_FALSE(memory_.mremap(a + 3 * kPage, kPage, 2 * kPage, MREMAP_MAYMOVE, {}).failed());
  EXPECT_EQ(engine.forgotten, 4u);
  EXPECT_EQ(engine.still_executable, 0u);
}

TEST_F(Memory, MapUseUnmap) {
  const GuestAddr a = map(4);
  at(a)[0] = 1;
  EXPECT_TRUE(memory_.is_mapped(a, 4 * kPage));
  EXPECT_EQ(memory_.munmap(a + kPage, kPage).value, 0);
  EXPECT_FALSE(memory_.is_mapped(a, 4 * kPage));
  EXPECT_TRUE(memory_.is_mapped(a, kPage));
  EXPECT_TRUE(memory_.is_mapped(a + 2 * kPage, 2 * kPage));
  EXPECT_EQ(memory_.munmap(a, 4 * kPage).value, 0);
  EXPECT_TRUE(memory_.snapshot().empty());
}

TEST_F(Memory, UnmapThatFailsHalfwayIsRemembered) {
  constexpr uint64_t kHuge = 2 << 20;
  const GuestAddr area = map(3 * kHuge / kPage, PROT_READ);
  const GuestAddr huge{(area.value + 2 * kHuge) & ~(kHuge - 1)};
  const GuestAddr before{huge.value - kPage};
  const int flags = kAnonymous | MAP_FIXED | MAP_HUGETLB | MAP_NORESERVE;
  if (memory_.mmap(huge, kHuge, kReadWrite, flags, -1, 0).failed()) GTEST_SKIP() << "no huge pages";
  // A mapping of huge pages cannot be cut in the middle of one.
  EXPECT_EQ(memory_.munmap(before, huge + kPage - before).error_number(), EINVAL);
  EXPECT_TRUE(memory_.is_mapped(huge, kHuge));
  EXPECT_EQ(memory_.is_mapped(before, kPage), ::msync(at(before), kPage, MS_ASYNC) == 0);
}

TEST_F(Memory, GuardedPages) {
  const GuestAddr a = map(2, PROT_READ | PROT_EXEC);
  EXPECT_FALSE(memory_.guarded(a));
  EXPECT_FALSE(memory_.has_guarded_pages());
  EXPECT_EQ(memory_.mprotect(a + kPage, kPage, PROT_READ | kProtGuarded).value, 0);
  EXPECT_FALSE(memory_.has_guarded_pages());
  EXPECT_EQ(memory_.mprotect(a + kPage, kPage, PROT_READ | PROT_EXEC | kProtGuarded).value, 0);
  EXPECT_FALSE(memory_.guarded(a));
  EXPECT_TRUE(memory_.guarded(a + kPage));
  EXPECT_TRUE(memory_.has_guarded_pages());
}

TEST_F(Memory, ExecutableOnlyForTheGuest) {
  const GuestAddr a = map(1, PROT_READ | PROT_EXEC);
  EXPECT_TRUE(memory_.executable(a));
  char line[256];
  FILE* maps = std::fopen("/proc/self/maps", "r");
  char wanted[32];
  std::snprintf(wanted, sizeof wanted, "%lx-", static_cast<unsigned long>(a.value));
  std::string permissions;
  while (std::fgets(line, sizeof line, maps)) {
    if (std::strncmp(line, wanted, std::strlen(wanted)) == 0)
      permissions = std::string(std::strchr(line, ' ') + 1, 4);
  }
  std::fclose(maps);
  EXPECT_EQ(permissions, "r--p");
}

TEST_F(Memory, FixedOverOwnMappingReplaces) {
  const GuestAddr a = map(4);
  at(a)[kPage] = 7;
  EXPECT_EQ(address(memory_.mmap(a + kPage, kPage, PROT_READ, kAnonymous | MAP_FIXED, -1, 0)), a + kPage);
  EXPECT_EQ(at(a)[kPage], 0);
  EXPECT_EQ(protection_at(a), kReadWrite);
  EXPECT_EQ(protection_at(a + kPage), PROT_READ);
  EXPECT_EQ(protection_at(a + 2 * kPage), kReadWrite);
}

TEST_F(Memory, FixedOverFerrysOwnIsRefused) {
  void* own = ::mmap(nullptr, 3 * kPage, kReadWrite, kAnonymous, -1, 0);
  std::memset(own, 0x5a, 3 * kPage);
  const GuestAddr a{reinterpret_cast<uint64_t>(own)};
  EXPECT_EQ(memory_.mmap(a + kPage, kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, 0).error_number(), ENOMEM);
  EXPECT_EQ(memory_.munmap(a, 3 * kPage).value, 0);
  EXPECT_EQ(memory_.mprotect(a, kPage, PROT_NONE).error_number(), ENOMEM);
  EXPECT_EQ(memory_.madvise(a, kPage, MADV_DONTNEED).error_number(), ENOMEM);
  EXPECT_EQ(memory_.mremap(a, kPage, 2 * kPage, MREMAP_MAYMOVE, {0}).error_number(), EFAULT);
  const GuestAddr mine = map(1);
  EXPECT_EQ(memory_.mremap(mine, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, a).error_number(), ENOMEM);
  EXPECT_EQ(at(a)[kPage], 0x5a);
  EXPECT_EQ(at(a)[0], 0x5a);
  ::munmap(own, 3 * kPage);
}

TEST_F(Memory, FixedOverHalfOwnHalfGuestChangesNothing) {
  // Ferry's page in the middle of the guest's.
  const GuestAddr a = map(3);
  at(a)[0] = 1;
  EXPECT_EQ(memory_.munmap(a + kPage, kPage).value, 0);
  void* own = ::mmap(at(a) + kPage, kPage, kReadWrite, kAnonymous | MAP_FIXED_NOREPLACE, -1, 0);
  ASSERT_EQ(own, at(a) + kPage);
  EXPECT_EQ(memory_.mmap(a, 3 * kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, 0).error_number(), ENOMEM);
  EXPECT_EQ(at(a)[0], 1);
  EXPECT_TRUE(memory_.is_mapped(a, kPage));
  EXPECT_FALSE(memory_.is_mapped(a, 2 * kPage));
  ::munmap(own, kPage);
}

TEST_F(Memory, FixedNoReplace) {
  const GuestAddr a = map(1);
  EXPECT_EQ(memory_.mmap(a, kPage, kReadWrite, kAnonymous | MAP_FIXED_NOREPLACE, -1, 0).error_number(),
            EEXIST);
}

TEST_F(Memory, BadArguments) {
  EXPECT_EQ(memory_.mmap({0x1001}, kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, 0).error_number(), EINVAL);
  EXPECT_EQ(memory_.mmap({0}, 0, kReadWrite, kAnonymous, -1, 0).error_number(), EINVAL);
  EXPECT_EQ(memory_.mmap({uint64_t{1} << 46}, ~uint64_t{0} - kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, 0)
                .error_number(),
            ENOMEM);
  EXPECT_EQ(memory_.munmap({1}, kPage).error_number(), EINVAL);
  EXPECT_EQ(memory_.munmap({0}, 0).error_number(), EINVAL);
  EXPECT_EQ(memory_.mprotect({3}, kPage, PROT_READ).error_number(), EINVAL);
}

TEST_F(Memory, ProtectSplitsAndMerges) {
  const GuestAddr a = map(3);
  EXPECT_EQ(memory_.mprotect(a + kPage, kPage, PROT_READ).value, 0);
  EXPECT_GE(memory_.snapshot().size(), 3u);
  EXPECT_EQ(memory_.mprotect(a + kPage, kPage, kReadWrite).value, 0);
  EXPECT_EQ(memory_.snapshot().size(), 1u);
}

TEST_F(Memory, ProtectUpToAGap) {
  const GuestAddr a = map(3);
  EXPECT_EQ(memory_.munmap(a + kPage, kPage).value, 0);
  EXPECT_EQ(memory_.mprotect(a, 3 * kPage, PROT_READ).error_number(), ENOMEM);
  EXPECT_EQ(protection_at(a), PROT_READ);
  EXPECT_EQ(protection_at(a + 2 * kPage), kReadWrite);
}

TEST_F(Memory, RemapGrowsShrinksMoves) {
  const GuestAddr a = map(2, PROT_READ | PROT_WRITE | PROT_EXEC);
  at(a)[0] = 9;
  const GuestAddr grown = address(memory_.mremap(a, 2 * kPage, 64 * kPage, MREMAP_MAYMOVE, {0}));
  EXPECT_EQ(at(grown)[0], 9);
  EXPECT_TRUE(memory_.is_mapped(grown, 64 * kPage));
  EXPECT_TRUE(memory_.executable(grown + 63 * kPage));
  EXPECT_EQ(address(memory_.mremap(grown, 64 * kPage, kPage, 0, {0})), grown);
  EXPECT_FALSE(memory_.is_mapped(grown, 2 * kPage));
  const GuestAddr target = map(1);
  EXPECT_EQ(address(memory_.mremap(grown, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target)), target);
  EXPECT_EQ(at(target)[0], 9);
  EXPECT_FALSE(memory_.is_mapped(grown, 1));
}

TEST_F(Memory, RemapOfSeveralMappingsKeepsEachAsItWas) {
  const GuestAddr a = map(3);
  EXPECT_EQ(memory_.mprotect(a + kPage, kPage, PROT_READ | PROT_EXEC).value, 0);
  const GuestAddr target = map(3);
  const SysResult moved = memory_.mremap(a, 3 * kPage, 3 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  if (moved.error_number() == EFAULT) GTEST_SKIP() << "kernels before 6.17 move one mapping only";
  EXPECT_EQ(address(moved), target);
  EXPECT_EQ(protection_at(target), kReadWrite);
  EXPECT_EQ(protection_at(target + kPage), PROT_READ | PROT_EXEC);
  EXPECT_EQ(protection_at(target + 2 * kPage), kReadWrite);
  EXPECT_FALSE(memory_.is_mapped(a, 1));
  EXPECT_EQ(address(memory_.mremap(target, 3 * kPage, kPage, 0, {0})), target);
  EXPECT_EQ(protection_at(target), kReadWrite);
  EXPECT_EQ(protection_at(target + kPage), -1);
}

TEST_F(Memory, BreakMovesBothWays) {
  const GuestAddr spot = map(16);
  EXPECT_EQ(memory_.munmap(spot, 16 * kPage).value, 0);
  memory_.set_brk_start(spot);
  EXPECT_EQ(memory_.brk({0}), spot);
  EXPECT_EQ(memory_.brk(spot + 100), spot + 100);
  at(spot)[99] = 3;
  EXPECT_EQ(memory_.brk(spot + 3 * kPage), spot + 3 * kPage);
  EXPECT_EQ(at(spot)[99], 3);
  EXPECT_EQ(memory_.brk(spot + kPage), spot + kPage);
  EXPECT_FALSE(memory_.is_mapped(spot, 2 * kPage));
  EXPECT_EQ(memory_.brk(spot + 3 * kPage), spot + 3 * kPage);
  EXPECT_EQ(at(spot)[2 * kPage], 0) << "fresh pages";
}

TEST_F(Memory, BreakStopsAtOtherMappings) {
  const GuestAddr spot = map(4);
  EXPECT_EQ(memory_.munmap(spot, 2 * kPage).value, 0);
  memory_.set_brk_start(spot);
  EXPECT_EQ(memory_.brk(spot + 2 * kPage), spot + 2 * kPage);
  EXPECT_EQ(memory_.brk(spot + 3 * kPage), spot + 2 * kPage);
  EXPECT_EQ(memory_.brk({~uint64_t{0}}), spot + 2 * kPage);
}

}  // namespace
}  // namespace ferry::linux_user
