#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backend/runtime/record.h"

namespace ferry::backend {

/// BlockKey -> Record. Look-ups take no lock and may run beside one writer, which holds the translation lock.
class BlockMap {
 public:
  BlockMap();

  /// The valid translation for `key`, or nullptr.
  Record* find(ir::BlockKey key) const;
  /// Makes `record` the translation for its key. Returns the one before, or nullptr.
  Record* insert(Record& record);
  void erase(const Record& record);
  /// Empties the map. No reader may be about.
  void clear();
  size_t size() const { return live_; }

 private:
  /// Zero bytes are an empty entry, so that a fresh table costs no memory until it is filled.
  struct Entry {
    std::atomic<uint64_t> tag;    ///< ~pc; 0: empty, the end of a probe
    std::atomic<Record*> record;  ///< null: erased
  };
  struct Table {
    explicit Table(size_t entry_count);
    Entry* entries;
    size_t mask;
    std::unique_ptr<Entry[], void (*)(Entry*)> memory;
  };

  void grow();
  /// The entry that holds a record for `key`, or nullptr.
  static Entry* entry_of(const Table& table, ir::BlockKey key);
  /// Adds a record whose key is not there. True when that took an empty entry.
  static bool put(Table& table, Record& record);
  static bool crowded(size_t used, size_t entries) { return used * 3 > entries * 2; }

  std::atomic<Table*> table_;
  std::vector<std::unique_ptr<Table>> tables_;  ///< the last is current; older ones may still have readers
  size_t used_ = 0;                             ///< entries that end no probe
  size_t live_ = 0;
};

}  // namespace ferry::backend
