#include "backend/runtime/translations.h"

#include <utility>

namespace ferry::backend {

Translations::Translations(World& world, CodeCache& cache, uint64_t code_bytes)
    : world_(world), cache_(cache), code_bytes_(code_bytes), index_(code_bytes) {}

Record& Translations::publish(std::unique_ptr<Record> record) {
  Record& added = *records_.emplace_back(std::move(record));
  if (added.object) index_.append(added);
  if (added.function) function_bytes_ += sizeof(ir::Function) + added.function->insts.size() * sizeof(ir::Inst);
  pages_.insert(added);
  Record* old = map_.find(added.key);
  map_.insert(added);
  if (old) take_over(*old, added);
  return added;
}

void Translations::take_over(Record& old, Record& replacement) {
  old.valid.store(false, std::memory_order_seq_cst);
  for (CpuImpl* cpu : world_.cpus()) cpu->redirect_target(old, &replacement);
  if (!replacement.entry) {
    drop(old);
    return;
  }
  replacement.incoming = std::exchange(old.incoming, {});
  for (LinkSlot* slot : replacement.incoming) slot->target.store(replacement.entry, std::memory_order_release);
}

void Translations::connect(LinkSlot& slot, Record& target) {
  if (!target.entry || slot.target.load(std::memory_order_relaxed) != slot.unresolved) return;
  target.incoming.push_back(&slot);
  slot.target.store(target.entry, std::memory_order_release);
}

bool Translations::may_loop_inside(const Record& record) { return record.optimized(); }

void Translations::drop(Record& record) {
  record.valid.store(false, std::memory_order_seq_cst);
  map_.erase(record);
  for (LinkSlot* slot : record.incoming) slot->target.store(slot->unresolved, std::memory_order_release);
  record.incoming.clear();
  if (!record.entry) return;
  for (CpuImpl* cpu : world_.cpus()) cpu->redirect_target(record, nullptr);
}

size_t Translations::invalidate(GuestAddr first, GuestAddr last) {
  epoch_.fetch_add(1, std::memory_order_acq_rel);
  size_t dropped = 0;
  bool kick = false;
  pages_.for_overlapping(first, last, [&](Record& record) {
    kick |= may_loop_inside(record);
    drop(record);
    ++dropped;
  });
  // Code without a loop of its own leaves by itself; all ways back to it are closed.
  if (kick) world_.kick();
  return dropped;
}

void Translations::discard_imprecise() {
  for (const auto& record : records_) {
    if (record->imprecise() && record->valid.load(std::memory_order_relaxed)) drop(*record);
  }
}

void Translations::clear() {
  map_.clear();
  pages_.clear();
  index_.clear();
  records_.clear();
  function_bytes_ = 0;
  cache_.reset();
  world_.next_generation();
}

}  // namespace ferry::backend
