#include "backend/runtime/code_index.h"

#include <sys/mman.h>

#include <algorithm>

namespace ferry::backend {

namespace {

constexpr uint64_t kSmallestCode = 16;  ///< CodeCache's alignment: no two translations are closer

}  // namespace

CodeIndex::CodeIndex(uint64_t code_bytes) : capacity_(code_bytes / kSmallestCode + 1) {
  void* at = mmap(nullptr, capacity_ * sizeof(Row), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return;
  rows_ = static_cast<Row*>(at);
  populated_.first = populated_.last = static_cast<std::byte*>(at);
}

CodeIndex::~CodeIndex() {
  if (rows_) munmap(rows_, capacity_ * sizeof(Row));
}

bool CodeIndex::append(Record& record) {
  const size_t at = count_.load(std::memory_order_relaxed);
  if (at == capacity_) return false;
  const auto byte_of = [this](size_t row) { return reinterpret_cast<std::byte*>(rows_ + row); };
  populated_.cover(byte_of(at), byte_of(at + 1), byte_of(0), byte_of(capacity_));
  rows_[at] = {reinterpret_cast<uintptr_t>(record.code.data()), &record};
  count_.store(at + 1, std::memory_order_release);
  return true;
}

Record* CodeIndex::find(uint64_t host_pc) const {
  const Row* end = rows_ + count_.load(std::memory_order_acquire);
  const Row* after = std::upper_bound(static_cast<const Row*>(rows_), end, host_pc,
                                      [](uint64_t pc, const Row& row) { return pc < row.begin; });
  if (after == rows_) return nullptr;
  const Row& row = after[-1];
  return host_pc - row.begin < row.record->code.size() ? row.record : nullptr;
}

const FaultPoint* find_fault_point(const Record& record, uint64_t host_pc) {
  const uint64_t offset = host_pc - reinterpret_cast<uintptr_t>(record.code.data());
  const auto after =
      std::upper_bound(record.fault_points.begin(), record.fault_points.end(), offset,
                       [](uint64_t at, const FaultPoint& point) { return at < point.host_offset; });
  if (after == record.fault_points.begin()) return nullptr;
  const FaultPoint& point = after[-1];
  return offset - point.host_offset < point.host_size ? &point : nullptr;
}

}  // namespace ferry::backend
