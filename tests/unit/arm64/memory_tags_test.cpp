// The storage of allocation tags: addresses here need no memory behind them.
#include "frontend/arm64/memory_tags.h"

#include <gtest/gtest.h>

namespace ferry::arm64 {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPiece = uint64_t{1} << 32;  ///< what lies in two parts of the storage borders here
constexpr uint64_t kNear = 5 * kPiece;

class Tags : public testing::Test {
 protected:
  void tag(uint64_t first, uint64_t bytes, bool tagged = true) {
    ASSERT_TRUE(tags_.reset({first}, {first + bytes}, tagged));
  }
  MemoryTags tags_{[] {}};
};

TEST_F(Tags, UntaggedMemoryKeepsNoneAndMatchesAll) {
  tags_.store(kNear, 64, 5);
  EXPECT_EQ(tags_.load(kNear), 0);
  EXPECT_EQ(tags_.find_mismatch(kNear, 64, 9), kNear + 64);
  tag(kNear, kPage);
  tags_.store(kNear + kPage, 16, 5);
  EXPECT_EQ(tags_.load(kNear + kPage), 0);
  EXPECT_EQ(tags_.find_mismatch(kNear + kPage, 64, 9), kNear + kPage + 64);
}

TEST_F(Tags, AGranuleIsSixteenBytes) {
  tag(kNear, kPage);
  EXPECT_EQ(tags_.find_mismatch(kNear, 64, 0), kNear + 64);
  tags_.store(kNear + 16, 32, 5);
  EXPECT_EQ(tags_.load(kNear + 15), 0);
  EXPECT_EQ(tags_.load(kNear + 16), 5);
  EXPECT_EQ(tags_.load(kNear + 47), 5);
  EXPECT_EQ(tags_.load(kNear + 48), 0);
  EXPECT_EQ(tags_.find_mismatch(kNear + 8, 40, 0), kNear + 16);
  EXPECT_EQ(tags_.find_mismatch(kNear + 20, 8, 0), kNear + 20);
  EXPECT_EQ(tags_.find_mismatch(kNear + 20, 28, 5), kNear + 48);
  EXPECT_EQ(tags_.find_mismatch(kNear + 20, 29, 5), kNear + 48);
  EXPECT_EQ(tags_.find_mismatch(kNear + 20, 30, 5), kNear + 48);
}

TEST_F(Tags, RangesCrossPieces) {
  tag(kNear - 2 * kPage, 4 * kPage);
  tags_.store(kNear - 16, 32, 7);
  EXPECT_EQ(tags_.load(kNear - 1), 7);
  EXPECT_EQ(tags_.load(kNear), 7);
  EXPECT_EQ(tags_.find_mismatch(kNear - 16, 48, 7), kNear + 16);
  tag(kNear - kPage, 2 * kPage);
  EXPECT_EQ(tags_.load(kNear - 1), 0);
  EXPECT_EQ(tags_.load(kNear), 0);
}

TEST_F(Tags, ResettingMuchLeavesItsNeighboursAlone) {
  // More than a page of the storage (64 KiB of memory), and not a whole number of them.
  constexpr uint64_t kBytes = 50 * kPage;
  tag(kNear, kBytes + 2 * kPage);
  tags_.store(kNear, kBytes + 2 * kPage, 3);
  tag(kNear + kPage, kBytes);
  EXPECT_EQ(tags_.load(kNear + kPage - 1), 3);
  EXPECT_EQ(tags_.find_mismatch(kNear + kPage, kBytes, 0), kNear + kPage + kBytes);
  EXPECT_EQ(tags_.load(kNear + kPage + kBytes), 3);
  tag(kNear + kPage, kBytes, false);
  tags_.store(kNear, kBytes, 4);
  EXPECT_EQ(tags_.load(kNear), 4);
  EXPECT_EQ(tags_.load(kNear + kPage), 0);
  tag(kNear + kPage, kBytes);
  EXPECT_EQ(tags_.load(kNear + kPage), 0);
}

TEST_F(Tags, Move) {
  constexpr uint64_t kThere = 9 * kPiece - kPage;
  tag(kNear, 2 * kPage);
  tags_.store(kNear + 32, 16, 1);
  tags_.store(kNear + kPage, 16, 2);
  tag(kThere, 3 * kPage);
  tags_.move({kNear}, {kThere}, 2 * kPage);
  EXPECT_EQ(tags_.load(kThere + 32), 1);
  EXPECT_EQ(tags_.load(kThere + kPage), 2);
  EXPECT_EQ(tags_.load(kNear + 32), 0);
  EXPECT_EQ(tags_.load(kNear + kPage), 0);
}

TEST_F(Tags, AddressesThatNoProgramHas) {
  for (const uint64_t address : {uint64_t{1} << 47, uint64_t{0x00ff'ffff'ffff'fff0}, ~uint64_t{0}}) {
    EXPECT_EQ(tags_.load(address), 0);
    EXPECT_EQ(tags_.find_mismatch(address, 1, 3), address + 1);
  }
}

}  // namespace
}  // namespace ferry::arm64
