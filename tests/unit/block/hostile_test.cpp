// Images that contradict themselves: one line each, whatever is wrong.
#include <gtest/gtest.h>

#include "tests/unit/block/temp_image.h"

namespace ferry::system {
namespace {

/// Where create() puts it with clusters of 4096 bytes.
constexpr uint64_t kFirstRefcountBlock = 2 * 4096;

class HostileImage : public testing::Test {
 protected:
  void SetUp() override {
    qcow2::CreateOptions options;
    options.size = 1 << 20;
    options.cluster_bits = 12;
    folder_.create("disk", options);
    auto image = folder_.open("disk", Access::Write);
    ASSERT_FALSE(image->write(0, std::vector<std::byte>(8192, std::byte{7})));
    ASSERT_FALSE(image->flush());
  }

  template <typename T>
  void poke(uint64_t offset, T value) {
    std::vector<std::byte> bytes(sizeof value);
    qcow2::store_be(bytes, 0, value);
    auto file = HostFile::open(folder_.path("disk"), Access::Write, Locking::None);
    ASSERT_FALSE(file->write(offset, bytes));
  }

  void expect_refused(const std::string& part, Access access = Access::Read) {
    const std::string error = folder_.open_error("disk", access);
    EXPECT_NE(error.find(part), error.npos) << '"' << error << '"';
    EXPECT_EQ(error.find('\n'), error.npos);
  }

  uint64_t l1_offset() { return folder_.open("disk", Access::Read)->header().l1_offset; }

  TempFolder folder_;
};

TEST_F(HostileImage, HeaderFields) {
  const struct {
    uint64_t offset;
    uint32_t value;
    const char* part;
  } cases[] = {
      {0, 0x12345678, "not a qcow2 image"},
      {4, 1, "version 1"},
      {4, 4, "version 4"},
      {20, 8, "2^8"},
      {20, 22, "2^22"},
      {20, 0xffffffff, "clusters of"},
      {24, 0xffffffff, "too small"},
      {24, 0x00000100, "too small"},
      {32, 1, "encryption"},
      {32, 2, "encryption"},
      {36, 0, "too small"},
      {36, 0xffffffff, "L1 table is too large"},
      {44, 0x3001, "L1 table has the invalid"},
      {40, 0xff000000, "L1 table has the invalid"},
      {44, 0x7ffff000, "not in the file"},
      {52, 0x123, "refcount table has the invalid"},
      {56, 0, "no refcount table"},
      {56, 0xffffffff, "refcount table is too large"},
      {60, 70000, "snapshot table is too large"},
      {60, 3, "snapshot table has the invalid"},
      {76, 4, "external data"},
      {76, 16, "extended L2"},
      {76, 0x40, "bit 6"},
      {76, 8, "compression type contradicts"},
      {96, 7, "2^7"},
      {100, 72, "header of 72"},
      {100, 0xfffffff8, "header of"},
      {116, 0xfffffff0, "extension"},
  };
  for (const auto& item : cases) {
    SetUp();
    poke(item.offset, item.value);
    expect_refused(item.part);
  }
}

TEST_F(HostileImage, UnknownFeaturesHaveTheirName) {
  poke(72, uint64_t{1} << 17);
  // The first name of the table gets another bit.
  poke(120, uint8_t{0});
  poke(121, uint8_t{17});
  expect_refused("features that ferry does not have: dirty bit");
}

TEST_F(HostileImage, MarksOfOtherPrograms) {
  poke(79, uint8_t{2});
  EXPECT_EQ(folder_.open_error("disk"), "");
  expect_refused("marked as corrupt", Access::Write);
  // Dirty: the counts are made again from the tables.
  poke(79, uint8_t{1});
  poke(kFirstRefcountBlock + 8, uint64_t{0});
  EXPECT_EQ(folder_.open_error("disk", Access::Write), "");
  folder_.expect_clean("disk");
}

TEST_F(HostileImage, BackingLoops) {
  qcow2::CreateOptions options;
  options.size = 1 << 20;
  options.backing_format = "qcow2";
  for (const auto& [name, behind] : {std::pair{"a", "b"}, {"b", "c"}, {"c", "./a"}, {"self", "self"}}) {
    options.backing_file = behind;
    folder_.create(name, options);
  }
  for (const char* name : {"a", "b", "c", "self"}) {
    const std::string error = folder_.open_error(name);
    EXPECT_NE(error.find("its own backing file"), error.npos) << error;
  }
}

TEST_F(HostileImage, BackingElsewhere) {
  qcow2::CreateOptions options;
  options.size = 1 << 20;
  options.backing_file = "nbd://host/disk";
  folder_.create("remote", options);
  EXPECT_NE(folder_.open_error("remote").find("no file of this machine"), std::string::npos);
}

TEST_F(HostileImage, TablesElsewhere) {
  const uint64_t l1 = l1_offset();
  const struct {
    uint64_t entry;
    const char* part;
  } cases[] = {{0x8000'0000'0000'0200, "offset"}, {0x80ff'ffff'ffff'f000, "not in the file"}};
  for (const auto& item : cases) {
    poke(l1, item.entry);
    std::vector<std::byte> bytes(512);
    const Status failed = folder_.open("disk", Access::Read)->read(0, bytes);
    ASSERT_TRUE(failed);
    EXPECT_NE(failed->message.find(item.part), std::string::npos) << failed->message;
    EXPECT_NE(folder_.check("disk").corruptions, 0u);
  }
}

/// Data that lies on a table is not written to.
TEST_F(HostileImage, DataOverTables) {
  auto image = folder_.open("disk", Access::Read);
  std::vector<std::byte> l1_entry(8);
  ASSERT_FALSE(image->file().read(image->header().l1_offset, l1_entry));
  const uint64_t l2 = qcow2::host_offset(qcow2::load_be<uint64_t>(l1_entry));
  const uint64_t tables[] = {image->header().l1_offset, image->header().refcount_table_offset, l2};
  image.reset();
  for (const uint64_t table : tables) {
    poke(l2, table | qcow2::kCopied);
    auto writable = folder_.open("disk", Access::Write);
    const Status failed = writable->write(100, std::vector<std::byte>(100));
    ASSERT_TRUE(failed) << table;
    EXPECT_NE(failed->message.find("corrupt"), std::string::npos);
    writable.reset();
    EXPECT_NE(folder_.check("disk").corruptions, 0u);
  }
}

TEST_F(HostileImage, EveryTruncation) {
  const auto size = std::filesystem::file_size(folder_.path("disk"));
  for (uint64_t length = 0; length < size; length += 509) {
    std::filesystem::resize_file(folder_.path("disk"), length);
    const auto disk = open_image(folder_.path("disk"), {Format::Qcow2, Access::Write, Locking::Image});
    if (!disk) continue;
    std::vector<std::byte> bytes(8192);
    (void)(*disk)->read(0, bytes);
    (void)(*disk)->write(4096, bytes);
    SetUp();
  }
  std::filesystem::resize_file(folder_.path("disk"), 4 * 4096);
  EXPECT_NE(folder_.open_error("disk", Access::Write), "");
}

TEST_F(HostileImage, LostCountsAreRepaired) {
  poke(kFirstRefcountBlock, uint64_t{0});
  EXPECT_NE(folder_.check("disk").corruptions, 0u);
  EXPECT_NE(folder_.check("disk", qcow2::Repair::All).corruptions_fixed, 0u);
  folder_.expect_clean("disk");
  std::vector<std::byte> bytes(8192);
  ASSERT_FALSE(folder_.open("disk", Access::Read)->read(0, bytes));
  EXPECT_EQ(bytes, std::vector<std::byte>(8192, std::byte{7}));
}

TEST_F(HostileImage, LeaksAreRepaired) {
  poke(kFirstRefcountBlock + 2 * 200, uint16_t{1});
  EXPECT_EQ(folder_.check("disk").leaks, 1u);
  EXPECT_EQ(folder_.check("disk", qcow2::Repair::Leaks).leaks_fixed, 1u);
  folder_.expect_clean("disk");
}

TEST_F(HostileImage, OneWriterOrManyReaders) {
  {
    const auto writer = folder_.open("disk", Access::Write);
    expect_refused("is in use by another process", Access::Write);
    expect_refused("is in use by another process", Access::Read);
  }
  const auto reader = folder_.open("disk", Access::Read);
  EXPECT_EQ(folder_.open_error("disk", Access::Read), "");
  expect_refused("is in use by another process", Access::Write);
}

}  // namespace
}  // namespace ferry::system
