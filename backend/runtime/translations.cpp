#include "backend/runtime/translations.h"

#include <utility>

namespace ferry::backend {

Translations::Translations(World& world, CodeCache& cache, const EngineOptions& options)
    : world_(world),
      cache_(cache),
      code_bytes_(options.code_bytes),
      hot_threshold_(options.hot_threshold),
      perf_map_(options.perf_map),
      index_(options.code_bytes),
      arena_(cache) {}

Record& Translations::keep(Made made) {
  Record& record = arena_.make<Record>();
  if (made.code) {
    const CodeImage& image = made.image;
    perf_map_.add(image, made.code->code);
    record.key = image.key;
    record.code = made.code->code;
    record.fault_points = arena_.copy(image.fault_points);
    record.places = arena_.copy(image.places);
    record.ranges = arena_.copy(image.ranges);
    record.optimized = image.tier == Tier::Llvm;
    record.pins_in_registers = image.pins_in_registers;
    record.precise = image.precise;
    record.keep_baseline = made.keep_baseline;
    const BranchProfile& branch = made.code->branch;
    if (branch.last_target) profiles_[branch.site.value] = branch.last_target;
    index_.append(record);
    if (!record.precise) imprecise_.push_back(&record);
  } else {
    ir::Function& function = *functions_.emplace_back(std::move(made.function));
    record.key = {function.pc, function.mode};
    record.function = &function;
    record.ranges = function.ranges;
    function_bytes_ += sizeof(ir::Function) + function.insts.size() * sizeof(ir::Inst);
  }
  return record;
}

Record& Translations::publish(Made made) {
  Record& record = keep(std::move(made));
  pages_.insert(record);
  if (Record* old = map_.insert(record)) take_over(*old, record);
  return record;
}

void Translations::take_over(Record& old, Record& replacement) {
  if (!replacement.entry()) return drop(old);
  old.valid.store(false, std::memory_order_seq_cst);
  for (CpuImpl* cpu : world_.cpus()) cpu->redirect_target(old, &replacement);
  while (LinkSlot* slot = old.incoming) {
    old.incoming = slot->next_incoming;
    slot->next_incoming = replacement.incoming;
    replacement.incoming = slot;
    slot->target.store(replacement.entry(), std::memory_order_release);
  }
}

void Translations::connect(LinkSlot& slot, Record& target) {
  if (!target.entry() || slot.target.load(std::memory_order_relaxed) != slot.unresolved) return;
  slot.next_incoming = target.incoming;
  target.incoming = &slot;
  // It may have been counted to its end for what is no longer there.
  if (slot.counter) *slot.counter = hot_threshold_;
  slot.target.store(slot.optimized ? target.counted_entry() : target.entry(), std::memory_order_release);
}

void Translations::add_gate(Record& target, Made code) {
  LinkSlot& way_on = code.code->slots.front();
  const Record& gate = keep(std::move(code));
  connect(way_on, target);
  target.gate.store(gate.entry(), std::memory_order_release);
}

void Translations::unlink(Record& record) {
  for (LinkSlot* slot = std::exchange(record.incoming, nullptr); slot; slot = slot->next_incoming) {
    slot->target.store(slot->unresolved, std::memory_order_release);
  }
}

void Translations::drop(Record& record) {
  record.valid.store(false, std::memory_order_seq_cst);
  map_.erase(record);
  unlink(record);
  if (!record.entry()) return;
  for (CpuImpl* cpu : world_.cpus()) cpu->redirect_target(record, nullptr);
}

GuestAddr Translations::last_target(GuestAddr site) const {
  const auto known = profiles_.find(site.value);
  if (known == profiles_.end()) return {};
  // Translated code writes it with one store.
  return {__atomic_load_n(known->second, __ATOMIC_RELAXED)};
}

size_t Translations::invalidate(GuestAddr first, GuestAddr last) {
  epoch_.fetch_add(1, std::memory_order_acq_rel);
  size_t dropped = 0;
  bool kick = false;
  pages_.for_overlapping(first, last, [&](Record& record) {
    kick |= record.optimized;
    drop(record);
    ++dropped;
  });
  // A region may loop inside; a block leaves by itself, and all ways back to it are closed.
  if (kick) world_.kick();
  return dropped;
}

void Translations::discard_imprecise() {
  for (Record* record : std::exchange(imprecise_, {})) {
    if (record->valid.load(std::memory_order_relaxed)) drop(*record);
  }
}

void Translations::clear() {
  map_.clear();
  pages_.clear();
  index_.clear();
  imprecise_.clear();
  profiles_.clear();
  functions_.clear();
  arena_.clear();
  function_bytes_ = 0;
  cache_.reset();
  world_.next_generation();
}

}  // namespace ferry::backend
