#include "backend/runtime/block_map.h"

#include <cstdlib>

#include "ir/support/populate.h"

namespace ferry::backend {

namespace {

constexpr size_t kFirstEntries = 4096;

size_t hash(uint64_t pc, uint64_t mode) {
  const uint64_t mixed = (pc ^ mode << 48) * 0x9e3779b97f4a7c15u;
  return static_cast<size_t>(mixed ^ mixed >> 32);
}

}  // namespace

BlockMap::Table::Table(size_t entry_count)
    : mask(entry_count - 1),
      memory(static_cast<Entry*>(std::calloc(entry_count, sizeof(Entry))), [](Entry* at) { std::free(at); }) {
  if (!memory) std::abort();
  // Growing rehashes into all of it.
  if (entry_count > kFirstEntries) support::populate(memory.get(), entry_count * sizeof(Entry));
  entries = memory.get();
}

BlockMap::BlockMap() {
  tables_.push_back(std::make_unique<Table>(kFirstEntries));
  table_.store(tables_.back().get(), std::memory_order_release);
}

BlockMap::Entry* BlockMap::entry_of(const Table& table, ir::BlockKey key) {
  const uint64_t tag = ~key.pc.value;
  for (size_t i = hash(key.pc.value, key.mode);; ++i) {
    Entry& entry = table.entries[i & table.mask];
    const uint64_t found = entry.tag.load(std::memory_order_acquire);
    if (found == 0) return nullptr;
    if (found != tag) continue;
    const Record* record = entry.record.load(std::memory_order_acquire);
    if (record && record->key == key) return &entry;
  }
}

Record* BlockMap::find(ir::BlockKey key) const {
  const Entry* entry = entry_of(*table_.load(std::memory_order_acquire), key);
  if (!entry) return nullptr;
  // Between the two loads the entry may have been erased and taken for the same address in another mode.
  Record* record = entry->record.load(std::memory_order_acquire);
  return record && record->key == key ? record : nullptr;
}

bool BlockMap::put(Table& table, Record& record) {
  const uint64_t tag = ~record.key.pc.value;
  for (size_t i = hash(record.key.pc.value, record.key.mode);; ++i) {
    Entry& entry = table.entries[i & table.mask];
    const uint64_t found = entry.tag.load(std::memory_order_relaxed);
    // An erased entry is taken again only for the same address: another thread's probe may stand on it.
    if (found != 0 && (found != tag || entry.record.load(std::memory_order_relaxed))) continue;
    entry.record.store(&record, std::memory_order_release);
    entry.tag.store(tag, std::memory_order_release);
    return found == 0;
  }
}

Record* BlockMap::insert(Record& record) {
  if (Entry* entry = entry_of(*table_.load(std::memory_order_relaxed), record.key)) {
    return entry->record.exchange(&record, std::memory_order_acq_rel);
  }
  if (crowded(used_ + 1, table_.load(std::memory_order_relaxed)->mask + 1)) grow();
  if (put(*table_.load(std::memory_order_relaxed), record)) ++used_;
  ++live_;
  return nullptr;
}

void BlockMap::erase(const Record& record) {
  Entry* entry = entry_of(*table_.load(std::memory_order_relaxed), record.key);
  if (!entry || entry->record.load(std::memory_order_relaxed) != &record) return;
  entry->record.store(nullptr, std::memory_order_release);
  --live_;
}

void BlockMap::grow() {
  const Table& old = *tables_.back();
  size_t entries = kFirstEntries;
  while (crowded(live_ * 2, entries)) entries *= 2;
  auto bigger = std::make_unique<Table>(entries);
  for (size_t i = 0; i <= old.mask; ++i) {
    if (Record* record = old.entries[i].record.load(std::memory_order_relaxed)) put(*bigger, *record);
  }
  used_ = live_;
  tables_.push_back(std::move(bigger));
  table_.store(tables_.back().get(), std::memory_order_release);
}

void BlockMap::clear() {
  tables_.clear();
  tables_.push_back(std::make_unique<Table>(kFirstEntries));
  table_.store(tables_.back().get(), std::memory_order_release);
  used_ = live_ = 0;
}

}  // namespace ferry::backend
