// Random changes of an image, compared with plain bytes, after which its reference counts are right.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/block/temp_image.h"

namespace ferry::system {
namespace {

using qcow2::CreateOptions;
using Bytes = std::vector<std::byte>;

constexpr uint64_t kDiskSize = (uint64_t{3} << 20) + 4608;

struct Flavour {
  const char* name;
  CreateOptions options;
};

void PrintTo(const Flavour& flavour, std::ostream* out) { *out << flavour.name; }

CreateOptions flavour(uint32_t version, uint32_t cluster_bits, uint32_t refcount_order,
                      qcow2::Compression compression = qcow2::Compression::Zlib) {
  CreateOptions options;
  options.size = kDiskSize;
  options.version = version;
  options.cluster_bits = cluster_bits;
  options.refcount_order = refcount_order;
  options.compression = compression;
  return options;
}

class RandomDisk : public testing::TestWithParam<std::tuple<Flavour, bool>> {
 protected:
  void SetUp() override {
    CreateOptions options = std::get<0>(GetParam()).options;
    model_.assign(kDiskSize, std::byte{0});
    if (std::get<1>(GetParam())) {
      // Shorter than the disk, and not by whole clusters.
      Bytes base(kDiskSize / 2 + 1536);
      for (std::byte& byte : base) byte = static_cast<std::byte>(random_());
      folder_.write("base.raw", base);
      std::copy(base.begin(), base.end(), model_.begin());
      options.backing_file = "base.raw";
      options.backing_format = "raw";
    }
    folder_.create("disk.qcow2", options);
    open();
  }

  void open() { image_ = folder_.open("disk.qcow2", Access::Write); }

  void reopen() {
    ASSERT_FALSE(image_->flush());
    image_.reset();
    folder_.expect_clean("disk.qcow2");
    open();
  }

  void compare() {
    Bytes content(model_.size());
    const Status failed = image_->read(0, content);
    ASSERT_FALSE(failed) << failed->message;
    const auto difference = std::mismatch(model_.begin(), model_.end(), content.begin());
    ASSERT_TRUE(difference.first == model_.end()) << "at " << difference.first - model_.begin();
  }

  void step() {
    uint64_t length = random_() % (random_() % 4 == 0 ? 200000 : 6000) + 1;
    const uint64_t offset = random_() % model_.size();
    length = std::min<uint64_t>(length, model_.size() - offset);
    const auto at = model_.begin() + static_cast<ptrdiff_t>(offset);
    Status failed;
    switch (random_() % 8) {
      case 0:
        failed = image_->write_zeroes(offset, length);
        std::fill_n(at, length, std::byte{0});
        break;
      case 1:
        failed = discard(offset, length);
        break;
      case 2:
        failed = write_compressed(offset);
        break;
      default: {
        Bytes bytes(length);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
        failed = image_->write(offset, bytes);
        std::copy(bytes.begin(), bytes.end(), at);
      }
    }
    ASSERT_FALSE(failed) << failed->message;
  }

  /// Each byte stays or is zero.
  Status discard(uint64_t offset, uint64_t length) {
    if (Status failed = image_->discard(offset, length)) return failed;
    Bytes after(length);
    if (Status failed = image_->read(offset, after)) return failed;
    for (uint64_t i = 0; i < length; ++i)
      EXPECT_TRUE(after[i] == model_[offset + i] || after[i] == std::byte{0});
    std::copy(after.begin(), after.end(), model_.begin() + static_cast<ptrdiff_t>(offset));
    return {};
  }

  Status write_compressed(uint64_t offset) {
    const uint64_t cluster = image_->header().cluster_size();
    offset -= offset % cluster;
    const uint64_t length = std::min(cluster, model_.size() - offset);
    Bytes bytes(length);
    for (uint64_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>(i / 64);
    std::copy(bytes.begin(), bytes.end(), model_.begin() + static_cast<ptrdiff_t>(offset));
    return image_->write_compressed(offset, bytes);
  }

  std::mt19937_64 random_{7};
  TempFolder folder_;
  std::unique_ptr<qcow2::Image> image_;
  Bytes model_;

 public:
  static std::vector<Flavour> flavours() {
    return {{"v3", flavour(3, 16, 4)},
            {"v2", flavour(2, 12, 4)},
            {"small", flavour(3, 9, 4)},
            {"wide", flavour(3, 9, 6)},
            {"zstd", flavour(3, 14, 5, qcow2::Compression::Zstd)},
            {"large", flavour(3, 21, 3)},
            {"single", flavour(3, 12, 0)}};
  }
};

TEST_P(RandomDisk, IsItsModel) {
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 60; ++i) ASSERT_NO_FATAL_FAILURE(step());
    ASSERT_NO_FATAL_FAILURE(compare());
    ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(compare());
  }
}

TEST_P(RandomDisk, KeepsSnapshots) {
  if (image_->header().refcount_order == 0) {
    ASSERT_NO_FATAL_FAILURE(step());
    EXPECT_TRUE(image_->create_snapshot("one")) << "a refcount of one bit cannot count two references";
    return;
  }
  std::vector<std::pair<std::string, Bytes>> kept;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 15; ++i) ASSERT_NO_FATAL_FAILURE(step());
    const auto action = random_() % 4;
    Status failed;
    if (action < 2 || kept.empty()) {
      const std::string name = "s" + std::to_string(round);
      failed = image_->create_snapshot(name);
      kept.emplace_back(name, model_);
    } else {
      const size_t chosen = random_() % kept.size();
      if (action == 2) {
        failed = image_->apply_snapshot(kept[chosen].first);
        model_ = kept[chosen].second;
      } else {
        failed = image_->delete_snapshot(kept[chosen].first);
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(chosen));
      }
    }
    ASSERT_FALSE(failed) << failed->message;
    ASSERT_NO_FATAL_FAILURE(compare());
    ASSERT_NO_FATAL_FAILURE(reopen());
  }
  for (const auto& [name, content] : kept) {
    ASSERT_FALSE(image_->apply_snapshot(name));
    model_ = content;
    ASSERT_NO_FATAL_FAILURE(compare());
    ASSERT_NO_FATAL_FAILURE(reopen());
  }
}

TEST_P(RandomDisk, ShrinksAndGrowsWithZeroes) {
  for (int i = 0; i < 100; ++i) ASSERT_NO_FATAL_FAILURE(step());
  for (const uint64_t size : {uint64_t{1} << 20, kDiskSize, uint64_t{9} << 20, uint64_t{512}, kDiskSize}) {
    const Status failed = image_->resize(size);
    ASSERT_FALSE(failed) << failed->message;
    model_.resize(size);
    ASSERT_NO_FATAL_FAILURE(compare());
    ASSERT_NO_FATAL_FAILURE(reopen());
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, RandomDisk,
                         testing::Combine(testing::ValuesIn(RandomDisk::flavours()), testing::Bool()),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) +
                                  (std::get<1>(info.param) ? "_backed" : "");
                         });

}  // namespace
}  // namespace ferry::system
