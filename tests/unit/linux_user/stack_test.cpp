#include "linux-user/loader/stack.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>

namespace ferry::linux_user {
namespace {

struct Built {
  std::vector<std::byte> bytes;
  StackLayout layout;
  GuestAddr top{0x7fff0000};

  uint64_t word(GuestAddr at) const {
    uint64_t value;
    std::memcpy(&value, bytes.data() + (at.value - (top.value - bytes.size())), sizeof value);
    return value;
  }
  std::string text(uint64_t at) const {
    return reinterpret_cast<const char*>(bytes.data()) + (at - (top.value - bytes.size()));
  }
};

TEST(Stack, IsWhatTheKernelWouldBuild) {
  const std::vector<std::string> argv{"prog", "", "two words"},
      environment{"A=1", "LONG=" + std::string(5000, 'y')};
  StackContents contents{argv, environment, "/bin/prog", "aarch64", {{AT_PAGESZ, 4096}, {AT_HWCAP, 0xff}}};
  std::array<std::byte, 16> random;
  for (size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::byte>(i);
  Built b;
  b.bytes.resize(stack_bytes(contents));
  ASSERT_TRUE(build_stack(contents, random, b.top, b.bytes, b.layout));
  EXPECT_EQ(b.layout.sp.value % 16, 0u);
  GuestAddr at = b.layout.sp;
  const auto next = [&] {
    const uint64_t value = b.word(at);
    at = at + 8;
    return value;
  };
  ASSERT_EQ(next(), argv.size());
  for (const std::string& text : argv) EXPECT_EQ(b.text(next()), text);
  EXPECT_EQ(next(), 0u);
  for (const std::string& text : environment) EXPECT_EQ(b.text(next()), text);
  EXPECT_EQ(next(), 0u);
  std::map<uint64_t, uint64_t> auxv;
  for (uint64_t type; (type = next()) != AT_NULL;) auxv[type] = next();
  EXPECT_EQ(next(), 0u);
  EXPECT_EQ(auxv[AT_PAGESZ], 4096u);
  EXPECT_EQ(auxv[AT_HWCAP], 0xffu);
  EXPECT_EQ(b.text(auxv[AT_EXECFN]), "/bin/prog");
  EXPECT_EQ(b.text(auxv[AT_PLATFORM]), "aarch64");
  EXPECT_EQ(b.word({auxv[AT_RANDOM] + 8}), 0x0f0e0d0c0b0a0908u);
  EXPECT_LE(at.value, auxv[AT_RANDOM]) << "the tables end below the strings";
  EXPECT_EQ(b.layout.auxv.size(), 2 * (auxv.size() + 1));
  // The strings lie one behind the other: programs that change their title count on it.
  EXPECT_EQ(b.text(b.layout.argv_first.value), "prog");
  EXPECT_EQ(b.layout.argv_last, b.layout.environment_first);
}

TEST(Stack, TooSmallIsRefused) {
  const std::vector<std::string> argv{std::string(10000, 'x')};
  StackContents contents{argv, {}, "p", "aarch64", {}};
  std::array<std::byte, 16> random{};
  std::vector<std::byte> bytes(4096);
  StackLayout layout;
  EXPECT_FALSE(build_stack(contents, random, {0x7fff0000}, bytes, layout));
}

}  // namespace
}  // namespace ferry::linux_user
