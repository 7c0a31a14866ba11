// The persistent code cache on its own: what is stored comes back as it was, or not at all.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "backend/code_files.h"
#include "backend/runtime/code_store.h"
#include "gtest/gtest.h"

namespace ferry::backend {
namespace {

namespace fs = std::filesystem;

constexpr FileIdentity kFile{1, 2};
constexpr uint64_t kMost = uint64_t{1} << 30;

/// Some "guest code", and images made from it.
class Store : public ::testing::Test {
 protected:
  Store() {
    char name[] = "/tmp/ferry-store-XXXXXX";
    directory_ = fs::path(mkdtemp(name)) / "cache";
    for (size_t i = 0; i < sizeof guest_; ++i) guest_[i] = static_cast<std::byte>(i * 7 + 1);
  }
  ~Store() override { fs::remove_all(directory_.parent_path()); }

  GuestAddr guest(uint64_t offset) const { return {reinterpret_cast<uintptr_t>(guest_) + offset}; }

  std::unique_ptr<CodeStore> open(const std::string& configuration = "this build", uint64_t most = kMost) {
    auto store = std::make_unique<CodeStore>(directory_, configuration, most, nullptr);
    store->add_file(guest(0), guest(sizeof guest_), kFile);
    return store;
  }

  /// An image of the 16 bytes at `offset`.
  CodeImage image(uint64_t offset, Tier tier = Tier::Baseline, bool precise = true) {
    ranges_ = {{guest(offset), guest(offset + 16)}};
    code_.assign(100 + offset % 50, static_cast<std::byte>(offset));
    slots_ = {{guest(offset + 16), 80, true}, {guest(0), 90, false}};
    fixups_ = {{10, 0, -4, ImageFixup::Target::Slot}, {20, 0, -5, ImageFixup::Target::Counter}};
    faults_ = {{3, 4, guest(offset + 4)}};
    CodeImage made;
    made.key = {guest(offset), 3};
    made.tier = tier;
    made.precise = precise;
    made.guest_insts = 4;
    made.alignment = 64;
    made.code = code_;
    made.slots = slots_;
    made.fixups = fixups_;
    made.fault_points = faults_;
    made.ranges = ranges_;
    made.profiled = guest(offset + 12);
    return made;
  }

  void add(CodeStore& store, const CodeImage& made) {
    ASSERT_TRUE(store.wants(made));
    store.add(made, std::span(guest_).subspan(made.key.pc - guest(0), 16));
  }

  void expect_same(const std::optional<CodeImage>& got, uint64_t offset) {
    const CodeImage wanted = image(offset);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->key, wanted.key);
    EXPECT_EQ(got->guest_insts, wanted.guest_insts);
    EXPECT_EQ(got->alignment, wanted.alignment);
    EXPECT_EQ(got->profiled, wanted.profiled);
    EXPECT_TRUE(std::equal(got->code.begin(), got->code.end(), code_.begin(), code_.end()));
    ASSERT_EQ(got->slots.size(), 2u);
    EXPECT_EQ(got->slots[0].pc, slots_[0].pc);
    EXPECT_EQ(got->slots[1].resolver, 90u);
    EXPECT_TRUE(got->slots[0].counted);
    ASSERT_EQ(got->fixups.size(), 2u);
    EXPECT_EQ(got->fixups[1].target, ImageFixup::Target::Counter);
    EXPECT_EQ(got->fixups[1].addend, -5);
    ASSERT_EQ(got->fault_points.size(), 1u);
    EXPECT_EQ(got->fault_points[0].pc, faults_[0].pc);
  }

  /// Stores images of several offsets in one go.
  void fill(uint64_t first, uint64_t last) {
    const auto store = open();
    for (uint64_t offset = first; offset < last; offset += 16) add(*store, image(offset));
    store->save();
  }

  fs::path file() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(directory_)) found = entry.path();
    return found;
  }

  fs::path directory_;
  alignas(64) std::byte guest_[4096];
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges_;
  std::vector<std::byte> code_;
  std::vector<ImageSlot> slots_;
  std::vector<ImageFixup> fixups_;
  std::vector<FaultPoint> faults_;
};

TEST_F(Store, GivesBackWhatAnotherProcessMade) {
  EXPECT_FALSE(open()->find({guest(32), 3}, false));
  fill(0, 512);
  const auto store = open();
  for (uint64_t offset = 0; offset < 512; offset += 16)
    expect_same(store->find({guest(offset), 3}, false), offset);
  EXPECT_FALSE(store->find({guest(32), 2}, false));
  EXPECT_FALSE(store->find({guest(512), 3}, false));
  EXPECT_FALSE(open("another build")->find({guest(32), 3}, false));
}

TEST_F(Store, ChangedGuestCodeIsNotFound) {
  fill(0, 64);
  guest_[40] ^= std::byte{1};
  const auto store = open();
  EXPECT_FALSE(store->find({guest(32), 3}, false));
  expect_same(store->find({guest(48), 3}, false), 48);
  guest_[40] ^= std::byte{1};
  expect_same(store->find({guest(32), 3}, false), 32);
}

TEST_F(Store, OptimizedCodeComesFirstWhereItIsPreciseEnough) {
  const auto made = open();
  add(*made, image(32, Tier::Llvm, false));
  add(*made, image(32));
  made->save();
  const auto store = open();
  EXPECT_EQ(store->find({guest(32), 3}, false)->tier, Tier::Llvm);
  EXPECT_EQ(store->find({guest(32), 3}, true)->tier, Tier::Baseline);
}

TEST_F(Store, OnlyCodeOfKnownFilesIsWanted) {
  const auto store = open();
  EXPECT_TRUE(store->wants(image(32)));
  ranges_.push_back({{0x1000}, {0x1010}});
  CodeImage elsewhere = image(32);
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges = {ranges_[0], {{0x1000}, {0x1010}}};
  elsewhere.ranges = ranges;
  EXPECT_FALSE(store->wants(elsewhere));
  add(*store, image(32));
  EXPECT_FALSE(store->wants(image(32)));
}

TEST_F(Store, ManyProcessesAddToOneFile) {
  for (uint64_t part = 0; part < 20; ++part) fill(part * 64, part * 64 + 64);
  const auto store = open();
  for (uint64_t offset = 0; offset < 20 * 64; offset += 16)
    expect_same(store->find({guest(offset), 3}, false), offset);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(Store, NoFlippedBitGoesUnnoticed) {
  fill(0, 128);
  const fs::path path = file();
  std::string bytes(fs::file_size(path), 0);
  std::ifstream(path).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    std::ofstream(path) << flipped;
    const auto store = open();
    for (uint64_t offset = 0; offset < 128; offset += 16) {
      if (const auto found = store->find({guest(offset), 3}, false)) expect_same(found, offset);
      if (HasFailure()) FAIL() << "bit " << bit;
    }
  }
}

TEST_F(Store, NoTruncationIsDangerous) {
  fill(0, 128);
  const fs::path path = file();
  for (uint64_t size = fs::file_size(path); size-- > 0;) {
    fs::resize_file(path, size);
    const auto store = open();
    for (uint64_t offset = 0; offset < 128; offset += 16) {
      if (const auto found = store->find({guest(offset), 3}, false)) expect_same(found, offset);
    }
  }
  // What is left of it is no hindrance.
  fill(0, 128);
  expect_same(open()->find({guest(32), 3}, false), 32);
}

TEST_F(Store, SavingOverATornFileMendsIt) {
  fill(0, 128);
  fs::resize_file(file(), fs::file_size(file()) - 40);
  fill(128, 256);
  const auto store = open();
  expect_same(store->find({guest(128), 3}, false), 128);
}

TEST_F(Store, FilesNeverShrinkUnderTheirReaders) {
  fill(0, 128);
  fs::resize_file(file(), fs::file_size(file()) + 100000);
  const int reader = ::open(file().c_str(), O_RDONLY);
  struct stat before, after;
  ASSERT_EQ(fstat(reader, &before), 0);
  fill(128, 256);
  ASSERT_EQ(fstat(reader, &after), 0);
  close(reader);
  EXPECT_GE(after.st_size, before.st_size);
  expect_same(open()->find({guest(128), 3}, false), 128);
}

TEST_F(Store, DirectoriesThatOthersCanWriteAreLeftAlone) {
  fill(0, 64);
  fs::permissions(directory_, fs::perms::others_write, fs::perm_options::add);
  EXPECT_FALSE(open()->find({guest(32), 3}, false));
  fs::permissions(directory_, fs::perms::others_write, fs::perm_options::remove);
  EXPECT_TRUE(open()->find({guest(32), 3}, false));
  fs::permissions(file(), fs::perms::group_write, fs::perm_options::add);
  EXPECT_FALSE(open()->find({guest(32), 3}, false));
}

TEST_F(Store, SymbolicLinksAreNotFollowed) {
  fill(0, 64);
  const fs::path moved = directory_.parent_path() / "moved";
  fs::rename(directory_, moved);
  fs::create_directory_symlink(moved, directory_);
  EXPECT_FALSE(open()->find({guest(32), 3}, false));
  fill(64, 128);
  fs::remove(directory_);
  fs::create_directory(directory_);
  for (const auto& entry : fs::directory_iterator(moved))
    fs::create_symlink(entry.path(), directory_ / entry.path().filename());
  EXPECT_FALSE(open()->find({guest(32), 3}, false));
}

TEST_F(Store, WhatCannotBeUsedIsLikeNothing) {
  std::ofstream(directory_) << "a file";
  fill(0, 64);
  EXPECT_FALSE(open()->find({guest(32), 3}, false));
  directory_ = "/proc/nowhere/cache";
  fill(0, 64);
  directory_ = "";
  EXPECT_FALSE(open()->in_use());
  directory_ = "/tmp/ferry-store-none/cache";
}

TEST_F(Store, AFullDiskLosesOnlyWhatIsNew) {
  fill(0, 64);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{fs::file_size(file()) + 100, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  fill(64, 512);
  setrlimit(RLIMIT_FSIZE, &before);
  const auto store = open();
  expect_same(store->find({guest(32), 3}, false), 32);
  EXPECT_FALSE(store->find({guest(64), 3}, false));
  fill(64, 512);
  expect_same(open()->find({guest(64), 3}, false), 64);
}

TEST_F(Store, OldFilesGoWhenThereIsNoRoom) {
  fill(0, 512);
  const auto other = std::make_unique<CodeStore>(directory_, "this build", 1, nullptr);
  other->add_file(guest(0), guest(sizeof guest_), {3, 4});
  add(*other, image(32));
  other->save();
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(Store, OtherFilesInTheDirectoryAreNotItsOwn) {
  fill(0, 64);
  const fs::path others[] = {directory_ / "notes", directory_ / (file().filename().string() + ".old")};
  for (const fs::path& other : others) std::ofstream(other) << std::string(10000, 'x');
  const auto full = open("this build", 1);
  add(*full, image(512));
  full->save();
  for (const fs::path& other : others) EXPECT_TRUE(fs::exists(other)) << other;
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 2);
}

/// What is said of the only file.
CodeFileContent content_of(const fs::path& directory) {
  EngineOptions options;
  options.code_directory = directory;
  CodeFileContent content;
  EXPECT_FALSE(remove_code_files(options, [&](const CodeFile& file) {
    content = file.read();
    return false;
  }));
  return content;
}

TEST_F(Store, DamageIsFoundWhereverItIs) {
  fill(0, 128);
  fill(128, 192);
  const auto made = open();
  add(*made, image(256, Tier::Llvm, false));
  made->save();
  const CodeFileContent whole = content_of(directory_);
  EXPECT_EQ(whole.damage, "");
  EXPECT_EQ(whole.bytes, fs::file_size(file()));
  EXPECT_EQ(whole.blocks, 12u);
  EXPECT_EQ(whole.regions, 1u);
  std::string bytes(whole.bytes, 0);
  std::ifstream(file()).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const fs::path path = file();
  uint64_t unnoticed = 0;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    std::ofstream(path) << changed;
    unnoticed += content_of(directory_).damage.empty();
  }
  // Twelve bytes in each of three headers mean nothing.
  EXPECT_EQ(unnoticed, 12u);
}

TEST_F(Store, WhatAKilledProcessLeavesIsNoDamage) {
  fill(0, 128);
  const fs::path path = file();
  const auto whole = fs::file_size(path);
  fs::resize_file(path, whole + 5);
  EXPECT_EQ(content_of(directory_).damage, "");
  fs::resize_file(path, whole + 4096);
  EXPECT_EQ(content_of(directory_).damage, "");
  fs::resize_file(path, whole - 16);
  EXPECT_NE(content_of(directory_).damage, "");
  fs::resize_file(path, 0);
  EXPECT_EQ(content_of(directory_).damage, "");
}

}  // namespace
}  // namespace ferry::backend
