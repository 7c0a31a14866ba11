// Paths under a sysroot, in a temporary folder with links of every kind.
#include "linux-user/paths/path_resolver.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ferry::linux_user {
namespace {

namespace fs = std::filesystem;

class Paths : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/var/tmp/ferry-paths-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = fs::canonical(name);
    root_ = base_ + "/root";
    fs::create_directories(root_ + "/usr/bin");
    fs::create_directories(root_ + "/usr/lib/deep");
    fs::create_directories(root_ + "/etc/alternatives");
    fs::create_directories(root_ + "/tmp");
    fs::create_directories(root_ + "/var");
    touch("/usr/bin/cc1");
    touch("/usr/lib/libc.so.6");
    fs::create_symlink("usr/bin", root_ + "/bin");
    fs::create_symlink("usr/lib", root_ + "/lib");
    fs::create_symlink("/usr/bin/cc1", root_ + "/etc/alternatives/cc");
    fs::create_symlink("/etc/alternatives/cc", root_ + "/usr/bin/cc");
    fs::create_symlink("../../../../../../usr/bin/cc1", root_ + "/usr/lib/deep/up");
    fs::create_symlink("/run", root_ + "/var/run");
    fs::create_symlink("nowhere", root_ + "/usr/bin/broken");
    fs::create_symlink("loop", root_ + "/usr/bin/loop");
    paths_.emplace(root_);
  }
  void TearDown() override { fs::remove_all(base_); }

  void touch(const std::string& path) { std::ofstream(root_ + path) << path; }
  std::string follow(const std::string& path) const { return paths_->to_host(path, FollowLast::Yes); }
  std::string no_follow(const std::string& path) const { return paths_->to_host(path, FollowLast::No); }

  std::string base_, root_;
  std::optional<PathResolver> paths_;
};

TEST_F(Paths, PlainFiles) {
  EXPECT_EQ(follow("/usr/bin/cc1"), root_ + "/usr/bin/cc1");
  EXPECT_EQ(follow("//usr/./bin//cc1"), root_ + "/usr/bin/cc1");
  EXPECT_EQ(follow("/"), root_);
  EXPECT_EQ(follow("/usr/bin/"), root_ + "/usr/bin/");
}

TEST_F(Paths, LinksAreFollowedInside) {
  EXPECT_EQ(follow("/bin/cc1"), root_ + "/usr/bin/cc1");
  EXPECT_EQ(follow("/usr/bin/cc"), root_ + "/usr/bin/cc1");
  EXPECT_EQ(follow("/usr/lib/deep/up"), root_ + "/usr/bin/cc1") << "above the root is the root";
}

TEST_F(Paths, TheLastLinkIsKeptForLstatAndReadlink) {
  EXPECT_EQ(no_follow("/usr/bin/cc"), root_ + "/usr/bin/cc");
  EXPECT_EQ(no_follow("/bin/cc"), root_ + "/usr/bin/cc") << "but those before it are followed";
  EXPECT_EQ(no_follow("/bin"), root_ + "/bin");
  EXPECT_EQ(no_follow("/bin/"), root_ + "/usr/bin/") << "a slash behind it follows";
  EXPECT_EQ(no_follow("/usr/bin/broken"), root_ + "/usr/bin/broken");
}

TEST_F(Paths, DotDotStopsAtTheRoot) {
  EXPECT_EQ(follow("/../../usr/bin/cc1"), root_ + "/usr/bin/cc1");
  EXPECT_EQ(follow("/usr/lib/../bin/cc1"), root_ + "/usr/bin/cc1");
  EXPECT_EQ(follow("/lib/../bin/cc1"), root_ + "/usr/bin/cc1") << "after the link, not before it";
}

TEST_F(Paths, WhatTheSysrootLacksIsTheHosts) {
  EXPECT_EQ(follow("/etc/passwd"), "/etc/passwd");
  EXPECT_EQ(follow("/nonexistent/folder/file"), "/nonexistent/folder/file");
}

TEST_F(Paths, NewFilesGoWhereTheirDirectoryIs) {
  EXPECT_EQ(follow("/etc/ferry-new-file"), root_ + "/etc/ferry-new-file");
  EXPECT_EQ(follow("/bin/ferry-new-file"), root_ + "/usr/bin/ferry-new-file");
  EXPECT_EQ(follow("/opt-not-there/new"), "/opt-not-there/new");
}

TEST_F(Paths, SharedDirectoriesAreTheHosts) {
  EXPECT_EQ(follow("/tmp/x"), "/tmp/x");
  EXPECT_EQ(follow("/proc/self/maps"), "/proc/self/maps");
  EXPECT_EQ(follow("/dev/null"), "/dev/null");
  EXPECT_EQ(follow("/var/run/x"), "/run/x") << "through a link in the sysroot";
  EXPECT_EQ(follow("/usr/../tmp/x"), "/tmp/x");
  EXPECT_NE(follow("/tmpfile"), "/tmpfile") << "a name that only begins like one";
}

TEST_F(Paths, HostNamesOfTheSysrootStay) {
  EXPECT_EQ(follow(root_ + "/usr/bin/cc1"), root_ + "/usr/bin/cc1");
}

TEST_F(Paths, LoopsEnd) {
  EXPECT_EQ(follow("/usr/bin/loop"), "/usr/bin/loop");
  EXPECT_EQ(no_follow("/usr/bin/loop"), root_ + "/usr/bin/loop");
}

TEST_F(Paths, BackToTheGuestsName) {
  EXPECT_EQ(paths_->to_guest(root_ + "/usr/bin"), "/usr/bin");
  EXPECT_EQ(paths_->to_guest(root_), "/");
  EXPECT_EQ(paths_->to_guest(root_ + "x"), root_ + "x");
  EXPECT_EQ(paths_->to_guest("/etc"), "/etc");
}

TEST_F(Paths, ExistingOnly) {
  EXPECT_EQ(paths_->to_host_existing("/usr/bin/cc", FollowLast::Yes), root_ + "/usr/bin/cc1");
  EXPECT_FALSE(paths_->to_host_existing("/usr/bin/new", FollowLast::Yes));
  EXPECT_EQ(paths_->to_host_existing("/tmp/x", FollowLast::Yes), "/tmp/x");
}

TEST(PathsWithoutSysroot, AreUnchanged) {
  const PathResolver paths;
  EXPECT_EQ(paths.to_host("/usr//bin/../x", FollowLast::Yes), "/usr//bin/../x");
  EXPECT_EQ(paths.to_guest("/usr"), "/usr");
  EXPECT_FALSE(paths.inside_sysroot("/usr"));
}

}  // namespace
}  // namespace ferry::linux_user
