// The engine's parts on their own.
#include <thread>

#include "backend/runtime/block_map.h"
#include "backend/runtime/code_cache.h"
#include "backend/runtime/code_index.h"
#include "backend/runtime/page_index.h"
#include "gtest/gtest.h"

namespace ferry::backend {
namespace {

std::unique_ptr<Record> record_for(uint64_t pc, uint64_t mode = 0) {
  auto record = std::make_unique<Record>();
  record->key = {{pc}, mode};
  record->ranges = {{{pc}, {pc + 16}}};
  return record;
}

TEST(BlockMap, FindsByAddressAndMode) {
  BlockMap map;
  const auto a = record_for(0x1000, 0), b = record_for(0x1000, 1), c = record_for(0x1004, 0);
  for (const auto* record : {&a, &b, &c}) map.insert(**record);
  EXPECT_EQ(map.find(a->key), a.get());
  EXPECT_EQ(map.find(b->key), b.get());
  EXPECT_EQ(map.find(c->key), c.get());
  EXPECT_EQ(map.find({{0x1008}, 0}), nullptr);
  map.erase(*a);
  EXPECT_EQ(map.find(a->key), nullptr);
  EXPECT_EQ(map.find(b->key), b.get());
  map.insert(*a);
  const auto newer = record_for(0x1000, 1);
  map.insert(*newer);
  map.erase(*b);
  EXPECT_EQ(map.find(b->key), newer.get());
  EXPECT_EQ(map.size(), 3u);
  map.clear();
  EXPECT_EQ(map.find(c->key), nullptr);
}

TEST(BlockMap, GrowsWhileReadersLook) {
  BlockMap map;
  std::vector<std::unique_ptr<Record>> records;
  for (uint64_t i = 0; i < 50'000; ++i) records.push_back(record_for(i * 4, i % 3));
  std::atomic<size_t> inserted{0};
  std::thread reader([&] {
    for (size_t last = 0; last < records.size();) {
      last = inserted.load();
      for (size_t i = 0; i < last; i += 97) ASSERT_EQ(map.find(records[i]->key), records[i].get());
    }
  });
  for (const auto& record : records) {
    map.insert(*record);
    inserted.fetch_add(1);
  }
  reader.join();
}

TEST(PageIndex, FindsWhatOverlaps) {
  PageIndex index;
  std::vector<std::unique_ptr<Record>> records;
  for (uint64_t i = 0; i < 5000; ++i) records.push_back(record_for(i * 0x800));
  records.push_back(record_for(0x3ff8));  // in two pages
  for (const auto& record : records) index.insert(*record);
  std::vector<uint64_t> found;
  const auto visit = [&](Record& record) {
    found.push_back(record.key.pc.value);
    record.valid = false;
  };
  index.for_overlapping({0x4000}, {0x4001}, visit);
  EXPECT_EQ(found, (std::vector<uint64_t>{0x4000, 0x3ff8}));
  found.clear();
  index.for_overlapping({0x3000}, {0x4001}, visit);
  EXPECT_EQ(found, (std::vector<uint64_t>{0x3000, 0x3800}));
  found.clear();
  index.for_overlapping({0}, {~uint64_t{0}}, visit);
  EXPECT_EQ(found.size(), records.size() - 4);
}

TEST(CodeCache, KeepsSlotsAndCodeApartAndWithinReach) {
  auto cache = CodeCache::create(1 << 20, 0);
  ASSERT_TRUE(cache);
  const auto code = (*cache)->reserve(100);
  ASSERT_GE(code.size(), 100u);
  (*cache)->commit(100);
  LinkSlot* slots = (*cache)->allocate_slots(3);
  ASSERT_NE(slots, nullptr);
  (*cache)->keep();
  const auto more = (*cache)->reserve(16);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(more.data()) % 16, 0u);
  EXPECT_GE(more.data(), code.data() + 100);
  EXPECT_TRUE((*cache)->contains(reinterpret_cast<uintptr_t>(code.data())));
  EXPECT_FALSE((*cache)->contains(reinterpret_cast<uintptr_t>(slots)));
  EXPECT_EQ(*(*cache)->allocate_counter(42), 42u);
  EXPECT_TRUE((*cache)->reserve(2 << 20).empty());
  EXPECT_TRUE((*cache)->full());
  (*cache)->reset();
  EXPECT_FALSE((*cache)->full());
  EXPECT_EQ((*cache)->reserve(16).data(), more.data());
  EXPECT_FALSE(CodeCache::create(uint64_t{4} << 30, 0));
  EXPECT_FALSE(CodeCache::create(0, 0));
}

TEST(CodeIndex, FindsCodeAndFaultPoints) {
  std::vector<std::byte> code(1024);
  CodeIndex index(code.size());
  std::vector<std::unique_ptr<Record>> records;
  for (size_t i = 0; i < 4; ++i) {
    records.push_back(record_for(i));
    records.back()->object = std::make_unique<CodeObject>();
    records.back()->object->code = std::span(code).subspan(i * 256, 200);
    ASSERT_TRUE(index.append(*records.back()));
  }
  const auto at = [&](size_t offset) { return reinterpret_cast<uintptr_t>(code.data()) + offset; };
  EXPECT_EQ(index.find(at(0) - 1), nullptr);
  EXPECT_EQ(index.find(at(0)), records[0].get());
  EXPECT_EQ(index.find(at(199)), records[0].get());
  EXPECT_EQ(index.find(at(200)), nullptr);
  EXPECT_EQ(index.find(at(1023)), nullptr);
  EXPECT_EQ(index.find(at(900)), records[3].get());
  CodeObject& object = *records[1]->object;
  object.fault_points = {{10, 4, {0x100}}, {20, 8, {0x104}}};
  EXPECT_EQ(find_fault_point(object, at(256 + 9)), nullptr);
  EXPECT_EQ(find_fault_point(object, at(256 + 13))->pc.value, 0x100u);
  EXPECT_EQ(find_fault_point(object, at(256 + 14)), nullptr);
  EXPECT_EQ(find_fault_point(object, at(256 + 20))->pc.value, 0x104u);
}

}  // namespace
}  // namespace ferry::backend
