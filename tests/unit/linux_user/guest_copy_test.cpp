#include "linux-user/mm/guest_copy.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace ferry::linux_user {
namespace {

void on_fault(int, siginfo_t*, void* context) {
  if (!recover_guest_copy(context)) std::_Exit(99);
}

/// Two pages of which the second is not accessible.
class Copies : public testing::Test {
 protected:
  static constexpr size_t kPage = 4096;
  void SetUp() override {
    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &old_);
    page_ = static_cast<char*>(
        ::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(page_ + kPage, kPage, PROT_NONE);
    std::memset(page_, 'x', kPage);
  }
  void TearDown() override {
    ::munmap(page_, 2 * kPage);
    ::sigaction(SIGSEGV, &old_, nullptr);
  }
  GuestAddr at(size_t offset) const { return guest_address(page_ + offset); }

  struct sigaction old_{};
  char* page_ = nullptr;
  char buffer_[64] = {};
};

TEST_F(Copies, In) {
  EXPECT_TRUE(copy_from_guest(buffer_, at(kPage - 16), 16));
  EXPECT_EQ(buffer_[15], 'x');
  EXPECT_FALSE(copy_from_guest(buffer_, at(kPage - 16), 17));
  EXPECT_FALSE(copy_from_guest(buffer_, GuestAddr{8}, 1));
  EXPECT_FALSE(copy_from_guest(buffer_, GuestAddr{uint64_t{1} << 63}, 1)) << "not canonical";
  EXPECT_TRUE(copy_from_guest(buffer_, GuestAddr{8}, 0));
}

TEST_F(Copies, Out) {
  EXPECT_TRUE(copy_to_guest(at(kPage - 4), "abcd", 4));
  EXPECT_EQ(page_[kPage - 1], 'd');
  EXPECT_FALSE(copy_to_guest(at(kPage - 4), "efghi", 5));
  EXPECT_FALSE(zero_guest(at(kPage - 4), 5));
  EXPECT_TRUE(zero_guest(at(kPage - 4), 4));
  EXPECT_EQ(page_[kPage - 1], 0);
}

TEST_F(Copies, Strings) {
  std::strcpy(page_ + 10, "hello");
  EXPECT_EQ(copy_string_from_guest(buffer_, at(10), sizeof buffer_), 5);
  EXPECT_STREQ(buffer_, "hello");
  EXPECT_EQ(copy_string_from_guest(buffer_, at(10), 6), 5) << "just enough room";
  EXPECT_EQ(copy_string_from_guest(buffer_, at(10), 5), -ENAMETOOLONG);
  EXPECT_EQ(copy_string_from_guest(buffer_, at(kPage - 3), sizeof buffer_), -EFAULT)
      << "no end before the page's";
  EXPECT_EQ(copy_string_from_guest(buffer_, GuestAddr{0}, sizeof buffer_), -EFAULT);
}

TEST_F(Copies, Objects) {
  const Ptr<uint64_t> object{at(kPage - 8)};
  EXPECT_TRUE(object.write(42));
  uint64_t value = 0;
  EXPECT_TRUE(object.read(value));
  EXPECT_EQ(value, 42u);
  EXPECT_FALSE(object.element(1).read(value));
  EXPECT_FALSE(Ptr<uint64_t>{}.write(1));
}

}  // namespace
}  // namespace ferry::linux_user
