#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "backend/runtime/record.h"
#include "ir/support/populate.h"

namespace ferry::backend {

/// Host address -> translation, for signal handlers: look-ups are async-signal-safe and may run while another
/// thread appends. Code is allocated at ascending addresses, so appending keeps the rows sorted.
class CodeIndex {
 public:
  /// For a code cache of `code_bytes`.
  explicit CodeIndex(uint64_t code_bytes);
  ~CodeIndex();
  CodeIndex(const CodeIndex&) = delete;
  CodeIndex& operator=(const CodeIndex&) = delete;

  bool usable() const { return rows_ != nullptr; }
  /// The record's code lies above all that was appended before. False when there is no room.
  bool append(Record& record);
  /// The record whose code holds `host_pc`, or nullptr.
  Record* find(uint64_t host_pc) const;
  /// Nobody may be inside translated code.
  void clear() { count_.store(0, std::memory_order_release); }

 private:
  struct Row {
    uint64_t begin;
    Record* record;
  };
  size_t capacity_;
  Row* rows_ = nullptr;
  support::Populated populated_{nullptr, nullptr};
  std::atomic<size_t> count_{0};
};

/// The fault point of `record` that covers `host_pc`, or nullptr.
const FaultPoint* find_fault_point(const Record& record, uint64_t host_pc);

}  // namespace ferry::backend
