#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstring>

#include "linux-user/abi/abi.h"
#include "linux-user/abi/arm64/open_flags.h"
#include "linux-user/strace.h"

namespace ferry::linux_user {
namespace {

TEST(SyscallTable, NumbersAreThoseOfAsmGeneric) {
  const Abi& abi = arm64_abi();
  // A few from each part of include/uapi/asm-generic/unistd.h.
  const std::pair<uint64_t, const char*> known[] = {
      {0, "io_setup"},       {17, "getcwd"}, {29, "ioctl"},    {56, "openat"},
      {63, "read"},          {93, "exit"},   {98, "futex"},    {113, "clock_gettime"},
      {134, "rt_sigaction"}, {160, "uname"}, {198, "socket"},  {214, "brk"},
      {220, "clone"},        {222, "mmap"},  {242, "accept4"}, {260, "wait4"},
      {278, "getrandom"},    {291, "statx"}, {435, "clone3"},  {439, "faccessat2"}};
  for (const auto& [number, name] : known) {
    const SyscallRow* row = abi.find_syscall(number);
    ASSERT_NE(row, nullptr) << number;
    EXPECT_STREQ(row->name, name);
  }
  EXPECT_EQ(abi.find_syscall(244), nullptr) << "reserved for architectures";
  EXPECT_EQ(abi.find_syscall(5000), nullptr);
  EXPECT_EQ(abi.find_syscall(~uint64_t{0}), nullptr);
}

TEST(SyscallTable, EveryArgumentWordIsKnownToStrace) {
  for (const SyscallRow& row : arm64_abi().syscalls()) {
    std::string_view words = row.args;
    EXPECT_LE(count_words(words), 6u) << row.name;
    while (!words.empty()) {
      const size_t end = std::min(words.find(' '), words.size());
      EXPECT_TRUE(is_strace_word(words.substr(0, end))) << row.name << ": " << words.substr(0, end);
      words.remove_prefix(std::min(end + 1, words.size()));
    }
  }
}

TEST(SyscallTable, WhatIsNotFullSaysWhy) {
  for (const SyscallRow& row : arm64_abi().syscalls()) {
    if (row.support != Support::Full) {
      EXPECT_GT(std::strlen(row.note), 5u) << row.name;
    }
  }
}

TEST(OpenFlags, BothWays) {
  const Abi& abi = arm64_abi();
  EXPECT_EQ(abi.host_open_flags(arm64::kDirectory | O_CLOEXEC), O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(abi.host_open_flags(arm64::kNofollow | O_PATH), O_NOFOLLOW | O_PATH);
  EXPECT_EQ(abi.host_open_flags(arm64::kDirect | O_RDWR), O_DIRECT | O_RDWR);
  EXPECT_EQ(abi.host_open_flags(arm64::kTmpfile | O_WRONLY), O_TMPFILE | O_WRONLY);
  for (const int flags :
       {O_RDONLY, O_CREAT | O_EXCL | O_RDWR, static_cast<int>(arm64::kDirectory | arm64::kNofollow),
        static_cast<int>(arm64::kDirect)}) {
    EXPECT_EQ(abi.guest_open_flags(abi.host_open_flags(flags)), flags);
  }
}

TEST(Strace, FormatsArguments) {
  const Abi& abi = arm64_abi();
  Strace strace;
  const char path[] = "/etc/\"x\"\n";
  const SyscallArgs args{static_cast<uint64_t>(AT_FDCWD),
                         reinterpret_cast<uint64_t>(path),
                         arm64::kDirectory | O_CLOEXEC,
                         0644,
                         0,
                         0};
  EXPECT_EQ(strace.format_call(*abi.find_syscall(56), args),
            R"(openat(AT_FDCWD, "/etc/\"x\"\n", O_RDONLY|O_DIRECTORY|O_CLOEXEC, 0644))");
  const SyscallArgs write{1, reinterpret_cast<uint64_t>(path), 4, 0, 0, 0};
  EXPECT_EQ(strace.format_call(*abi.find_syscall(64), write), R"(write(1, "/etc", 4))");
}

}  // namespace
}  // namespace ferry::linux_user
