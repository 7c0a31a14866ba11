#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "backend/runtime/arena.h"
#include "backend/runtime/block_map.h"
#include "backend/runtime/code_cache.h"
#include "backend/runtime/code_index.h"
#include "backend/runtime/page_index.h"
#include "backend/runtime/perf_map.h"
#include "backend/runtime/record.h"
#include "backend/runtime/world.h"

namespace ferry::backend {

/// All published translations and the links between them. find() and record_at() take no lock but need a
/// thread that is inside (World); everything else is called with the translation lock held.
class Translations {
 public:
  Translations(World& world, CodeCache& cache, const EngineOptions& options);

  bool usable() const { return index_.usable(); }
  Record* find(ir::BlockKey key) const { return map_.find(key); }
  /// The translation whose host code holds `host_pc`, or nullptr. Async-signal-safe.
  Record* record_at(uint64_t host_pc) const { return index_.find(host_pc); }

  /// Where the indirect branch at `site` led when it was last executed in the baseline; zero: not known.
  GuestAddr last_target(GuestAddr site) const;

  /// Makes it the translation for its key. What led to an older one leads to it from now on.
  Record& publish(Made made);
  /// Makes `code`, whose only exit leads to `target`, its gate.
  void add_gate(Record& target, Made code);
  /// Makes `slot` lead to `target`, if it leads nowhere yet.
  void connect(LinkSlot& slot, Record& target);
  /// Makes the slots that lead to `record` ask the engine again; those that count do so from the start.
  void unlink(Record& record);
  /// Forgets translations of guest code in [first, last). Returns how many there were.
  size_t invalidate(GuestAddr first, GuestAddr last);
  /// Forgets optimized code that does not keep guest registers exact at faults.
  void discard_imprecise();
  /// Forgets everything and gives its memory back. The world is stopped.
  void clear();

  /// Counts changes of guest code: two equal values mean that nothing was invalidated between them.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  /// Whether interpreted functions, which the code cache does not hold, have outgrown the code cache's size.
  bool interpreter_full() const { return function_bytes_ > code_bytes_; }

 private:
  Record& keep(Made made);
  void drop(Record& record);
  void take_over(Record& old, Record& replacement);

  World& world_;
  CodeCache& cache_;
  const uint64_t code_bytes_;
  const uint64_t hot_threshold_;
  BlockMap map_;
  PageIndex pages_;
  PerfMap perf_map_;
  CodeIndex index_;
  Arena arena_;
  std::vector<std::unique_ptr<ir::Function>> functions_;
  std::vector<Record*> imprecise_;
  std::unordered_map<uint64_t, const uint64_t*> profiles_;  ///< last targets, by site
  uint64_t function_bytes_ = 0;
  std::atomic<uint64_t> epoch_{0};
};

}  // namespace ferry::backend
