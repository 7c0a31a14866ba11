// The engine's parts on their own.
#include <array>
#include <cstring>
#include <thread>

#include "backend/runtime/block_map.h"
#include "backend/runtime/code_cache.h"
#include "backend/runtime/code_index.h"
#include "backend/runtime/host_access.h"
#include "backend/runtime/page_index.h"
#include "backend/runtime/relocation_pool.h"
#include "gtest/gtest.h"

namespace ferry::backend {
namespace {

struct TestRecord : Record {
  TestRecord(uint64_t pc, uint64_t mode) : range(GuestAddr{pc}, GuestAddr{pc + 16}) {
    key = {{pc}, mode};
    ranges = {&range, 1};
  }
  Range range;
};

std::unique_ptr<TestRecord> record_for(uint64_t pc, uint64_t mode = 0) {
  return std::make_unique<TestRecord>(pc, mode);
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
  EXPECT_EQ(map.insert(*newer), b.get());
  map.erase(*b);
  EXPECT_EQ(map.find(b->key), newer.get());
  EXPECT_EQ(map.size(), 3u);
  map.clear();
  EXPECT_EQ(map.find(c->key), nullptr);
}

TEST(BlockMap, GrowsWhileReadersLook) {
  BlockMap map;
  std::vector<std::unique_ptr<TestRecord>> records;
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
  std::vector<std::unique_ptr<TestRecord>> records;
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
  std::vector<std::unique_ptr<TestRecord>> records;
  for (size_t i = 0; i < 4; ++i) {
    records.push_back(record_for(i));
    records.back()->code = std::span(code).subspan(i * 256, 200);
    ASSERT_TRUE(index.append(*records.back()));
  }
  const auto at = [&](size_t offset) { return reinterpret_cast<uintptr_t>(code.data()) + offset; };
  EXPECT_EQ(index.find(at(0) - 1), nullptr);
  EXPECT_EQ(index.find(at(0)), records[0].get());
  EXPECT_EQ(index.find(at(199)), records[0].get());
  EXPECT_EQ(index.find(at(200)), nullptr);
  EXPECT_EQ(index.find(at(1023)), nullptr);
  EXPECT_EQ(index.find(at(900)), records[3].get());
  Record& record = *records[1];
  const FaultPoint points[] = {{10, 4, {0x100}}, {20, 8, {0x104}}};
  record.fault_points = points;
  EXPECT_EQ(find_fault_point(record, at(256 + 9)), nullptr);
  EXPECT_EQ(find_fault_point(record, at(256 + 13))->pc.value, 0x100u);
  EXPECT_EQ(find_fault_point(record, at(256 + 14)), nullptr);
  EXPECT_EQ(find_fault_point(record, at(256 + 20))->pc.value, 0x104u);
}

/// An instruction, what it computes its address from, and how it looks with rsi, rdi or rbp as its address.
struct AccessCase {
  const char* text;
  std::vector<uint8_t> code;
  int base, index;
  unsigned scale;
  int32_t disp;
  unsigned reg;
  std::vector<uint8_t> relocated;
};

const AccessCase kAccessCases[] = {
    {"mov rax, [rax]", {0x48, 0x8b, 0x00}, 0, -1, 0, 0, 6, {0x48, 0x8b, 0x46, 0x00}},
    {"mov rsi, [rdi + 8]", {0x48, 0x8b, 0x77, 0x08}, 7, -1, 0, 8, 7, {0x48, 0x8b, 0x77, 0x00}},
    {"mov [r12 + r13*8 - 0x100], r14",
     {0x4f, 0x89, 0xb4, 0xec, 0x00, 0xff, 0xff, 0xff},
     12,
     13,
     3,
     -256,
     6,
     {0x4c, 0x89, 0x76, 0x00}},
    {"mov byte [rbx + rcx], 7", {0xc6, 0x04, 0x0b, 0x07}, 3, 1, 0, 0, 6, {0xc6, 0x46, 0x00, 0x07}},
    {"add word [rdx], 0x1234",
     {0x66, 0x81, 0x02, 0x34, 0x12},
     2,
     -1,
     0,
     0,
     6,
     {0x66, 0x81, 0x46, 0x00, 0x34, 0x12}},
    {"movzx r9d, byte [r15]", {0x45, 0x0f, 0xb6, 0x0f}, 15, -1, 0, 0, 6, {0x44, 0x0f, 0xb6, 0x4e, 0x00}},
    {"lock cmpxchg [rbp + 0], rcx",
     {0xf0, 0x48, 0x0f, 0xb1, 0x4d, 0x00},
     5,
     -1,
     0,
     0,
     6,
     {0xf0, 0x48, 0x0f, 0xb1, 0x4e, 0x00}},
    {"movups xmm6, [rax + 16]", {0x0f, 0x10, 0x70, 0x10}, 0, -1, 0, 16, 7, {0x0f, 0x10, 0x77, 0x00}},
    {"pshufd xmm0, [rdi], 0x1b",
     {0x66, 0x0f, 0x70, 0x07, 0x1b},
     7,
     -1,
     0,
     0,
     6,
     {0x66, 0x0f, 0x70, 0x46, 0x00, 0x1b}},
    {"vmovups [r8 + rcx*4], ymm1",
     {0xc4, 0xc1, 0x7c, 0x11, 0x0c, 0x88},
     8,
     1,
     2,
     0,
     6,
     {0xc4, 0xe1, 0x7c, 0x11, 0x4e, 0x00}},
    {"vaddps xmm7, xmm6, [rax]", {0xc5, 0xc8, 0x58, 0x38}, 0, -1, 0, 0, 5, {0xc5, 0xc8, 0x58, 0x7d, 0x00}},
    {"test byte [rax + 1], 4", {0xf6, 0x40, 0x01, 0x04}, 0, -1, 0, 1, 6, {0xf6, 0x46, 0x00, 0x04}},
    {"neg qword [rax]", {0x48, 0xf7, 0x18}, 0, -1, 0, 0, 6, {0x48, 0xf7, 0x5e, 0x00}},
    {"mov ecx, [rsi*2 + 0x10]",
     {0x8b, 0x0c, 0x75, 0x10, 0x00, 0x00, 0x00},
     -1,
     6,
     1,
     16,
     6,
     {0x8b, 0x4e, 0x00}},
};

TEST(HostAccess, DecodesAndRelocates) {
  for (const AccessCase& c : kAccessCases) {
    SCOPED_TRACE(c.text);
    HostAccess access;
    ASSERT_TRUE(decode_host_access(c.code.data(), access));
    EXPECT_EQ(access.length, c.code.size());
    EXPECT_EQ(access.base, c.base);
    EXPECT_EQ(access.index, c.index);
    if (c.index >= 0) EXPECT_EQ(access.scale, c.scale);
    EXPECT_EQ(access.disp, c.disp);
    std::array<uint64_t, 16> registers{};
    std::array<std::byte, kRelocatedBytes> room{};
    EXPECT_EQ(relocate_host_access(c.code.data(), access, registers, room.data()), c.reg);
    const auto* made = reinterpret_cast<const uint8_t*>(room.data());
    EXPECT_EQ(std::vector<uint8_t>(made, made + c.relocated.size()), c.relocated);
  }
}

TEST(HostAccess, RefusesWhatIsNoDataAccess) {
  const std::vector<uint8_t> cases[] = {{0xff, 0x25, 0, 0, 0, 0},  // jmp [rip]
                                        {0xff, 0x10},              // call [rax]
                                        {0x48, 0x89, 0xc8},        // mov rax, rcx
                                        {0x8b, 0x05, 0, 0, 0, 0},  // mov eax, [rip]
                                        {0x8d, 0x00},              // lea eax, [rax]
                                        {0xf3, 0xa4},              // rep movsb
                                        {0x62, 0xf1, 0x7c, 0x48, 0x10, 0x00},
                                        {0xc3}};
  for (const auto& code : cases) {
    HostAccess access;
    EXPECT_FALSE(decode_host_access(code.data(), access))
        << unsigned{code[0]} << " " << unsigned{code[1 % code.size()]};
  }
}

/// Runs relocated instructions: the register that was borrowed comes back.
TEST(HostAccess, RelocatedCodeRuns) {
  auto cache = CodeCache::create(1 << 16, 0);
  ASSERT_TRUE(cache);
  RelocationPool pool;
  ASSERT_TRUE(pool.allocate(**cache));
  const int place = pool.claim();
  EXPECT_NE(pool.claim(), place);
  const auto room = (*cache)->reserve(64);
  // uint64_t f(uint64_t* at /* rdi */, uint64_t rsi): mov rax, [rdi + 8]; add rax, rsi; ret
  const uint8_t code[] = {0x48, 0x8b, 0x47, 0x08, 0x48, 0x01, 0xf0, 0xc3};
  std::memcpy(room.data(), code, sizeof(code));
  const auto* f = reinterpret_cast<const uint8_t*>(room.data());
  HostAccess access;
  ASSERT_TRUE(decode_host_access(f, access));
  const uint64_t data[] = {1, 20, 300};
  std::array<uint64_t, 16> registers{};
  registers[7] = reinterpret_cast<uintptr_t>(data);
  registers[6] = 4000;
  EXPECT_EQ(access.address(registers), reinterpret_cast<uintptr_t>(&data[1]));
  ASSERT_EQ(relocate_host_access(f, access, registers, pool.at(place)), 6u);
  const auto run = reinterpret_cast<uint64_t (*)(uint64_t, const uint64_t*)>(pool.at(place));
  EXPECT_EQ(run(0, &data[1]), 4020u);
}

}  // namespace
}  // namespace ferry::backend
