// Finding and making code.
#include <xmmintrin.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "backend/runtime/clock.h"
#include "backend/runtime/engine_impl.h"
#include "ir/builder.h"

namespace ferry::backend {

namespace {

/// Thresholds that an edge waits after the optimizer had no time for it: asking costs as much as hundreds of
/// iterations.
constexpr unsigned kAskAgainAfter = 32;

/// Exits of loaded code that are followed to load more.
constexpr size_t kLoadedAhead = 256;

/// MXCSR holds the guest's rounding mode and cumulative exception flags: C++ code that may compute with
/// floating point must neither see nor change them.
class HostFloatingPoint {
 public:
  HostFloatingPoint() : guest_(_mm_getcsr()) { _mm_setcsr(kDefault); }
  ~HostFloatingPoint() { _mm_setcsr(guest_); }
  HostFloatingPoint(const HostFloatingPoint&) = delete;
  HostFloatingPoint& operator=(const HostFloatingPoint&) = delete;

 private:
  static constexpr unsigned kDefault = 0x1f80;
  unsigned guest_;
};

}  // namespace

CaughtFault EngineImpl::prepare(CpuImpl& cpu, ir::BlockKey key, LinkSlot* slot, uint64_t generation) {
  const HostFloatingPoint host_fp;
  const std::lock_guard hold(lock_);
  CaughtFault fault;
  Record* target = obtain(cpu, key, fault);
  // After a flush the slot belongs to somebody else.
  if (target && slot && generation == world_.generation()) {
    if (slot->optimized && wants_gate(*target)) make_gate(*target);
    translations_.connect(*slot, *target);
  }
  cpu.prepared = target;
  cpu.prepared_in = world_.generation();
  return fault;
}

Record* EngineImpl::obtain(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault) {
  if (Record* known = translations_.find(key)) return known;
  if (Record* stored = load(cpu, key)) return stored;
  Made made = make(cpu, key, fault);
  if (fault) return nullptr;
  if (!made || translations_.interpreter_full()) {
    flush();
    made = make(cpu, key, fault);
    if (fault) return nullptr;
  }
  // No room in an empty cache, or something that the code generator cannot do.
  if (!made) made = make_interpreted(cpu, key, fault);
  return fault ? nullptr : &translations_.publish(std::move(made));
}

/// Nothing without a fault: the cache is full.
Made EngineImpl::make(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault) {
  if (options_.kind == EngineKind::Interp) return make_interpreted(cpu, key, fault);
  if (options_.kind == EngineKind::Llvm) {
    if (Made region = make_region(cpu, key)) return region;
    if (cache_->full()) return {};
  }
  Made block = make_block(cpu, key, fault);
  if (block || fault || cache_->full()) return block;
  return make_interpreted(cpu, key, fault);
}

Made EngineImpl::fetch(CpuImpl& cpu, ir::BlockKey key) {
  if (!store_.in_use()) return {};
  std::optional<CodeImage> image;
  // The guest's memory, or the file, may be taken away meanwhile: then it was not there.
  if (run_guarded(cpu, [&] { image = store_.find(key, precise_); }) || !image) return {};
  const auto placed = place(*image, *cache_, options_.hot_threshold);
  if (!placed) return {};
  ++(image->tier == Tier::Llvm ? stats_.stored_regions : stats_.stored_blocks);
  stats_.stored_insts += image->guest_insts;
  return {*image, *placed, nullptr, image->guest_insts == 0};
}

// What is stored has run before, and so has what it leads to: that is loaded at once, too, and linked.
Record* EngineImpl::load(CpuImpl& cpu, ir::BlockKey key) {
  Made made = fetch(cpu, key);
  if (!made) return nullptr;
  std::vector<LinkSlot*> ways;
  const auto publish = [&](Made code) -> Record& {
    // Optimized code leads on through gates, which are made when they are wanted.
    if (code.image.tier == Tier::Baseline) {
      for (LinkSlot& slot : code.code->slots) ways.push_back(&slot);
    }
    return translations_.publish(std::move(code));
  };
  Record& loaded = publish(std::move(made));
  for (size_t i = 0; i < ways.size(); ++i) {
    const ir::BlockKey next{{ways[i]->guest_pc}, ways[i]->mode};
    Record* target = translations_.find(next);
    if (!target && i < kLoadedAhead) {
      if (Made code = fetch(cpu, next)) target = &publish(std::move(code));
    }
    if (target) translations_.connect(*ways[i], *target);
  }
  return &loaded;
}

void EngineImpl::store_block(CpuImpl& cpu, const CodeImage& image) {
  if (!store_.wants(image)) return;
  guest_code_.resize(guest_bytes(image));
  const auto copy = [&] {
    std::byte* to = guest_code_.data();
    for (const auto& [first, last] : image.ranges) {
      std::memcpy(to, reinterpret_cast<const void*>(first.value), last - first);
      to += last - first;
    }
  };
  if (!run_guarded(cpu, copy)) store_.add(image, guest_code_);
}

Made EngineImpl::make_block(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault) {
  const uint64_t start = now_ticks();
  fault = source_.translate(cpu, key, source_.block_limits(), scratch_);
  if (fault) return {};
  if (!source_.optimize(scratch_, ir::PassTier::Baseline, passes_)) std::abort();
  Made block = compile_block(scratch_);
  if (!block) return {};
  ++stats_.baseline_blocks;
  stats_.baseline_insts += scratch_.guest_insts;
  stats_.baseline_bytes += block.code->code.size();
  baseline_ticks_ += now_ticks() - start;
  source_.dump_code(block.image, *block.code);
  store_block(cpu, block.image);
  // What has no instructions only leads on, by an edge that counts.
  block.keep_baseline = scratch_.guest_insts == 0;
  return block;
}

Made EngineImpl::compile_block(const ir::Function& block) {
  const auto image = baseline_->compile(block);
  if (!image) return {};
  const auto placed = place(*image, *cache_, options_.hot_threshold);
  if (!placed) return {};
  return {*image, *placed};
}

Made EngineImpl::make_interpreted(CpuImpl& cpu, ir::BlockKey key, CaughtFault& fault) {
  auto function = std::make_unique<ir::Function>();
  fault = source_.translate(cpu, key, source_.block_limits(), *function);
  if (fault) return {};
  if (!source_.optimize(*function, ir::PassTier::Baseline, passes_)) std::abort();
  Made made;
  made.function = std::move(function);
  return made;
}

std::unique_ptr<ir::Function> EngineImpl::translate_region(CpuImpl& cpu, ir::BlockKey key, bool precise,
                                                           const ir::CodeView& code) {
  auto region = std::make_unique<ir::Function>();
  if (source_.translate(cpu, key, source_.region_limits(precise, code), *region)) return nullptr;
  return region;
}

Made EngineImpl::make_region(CpuImpl& cpu, ir::BlockKey key) {
  auto region = translate_region(cpu, key, precise_, source_.access());
  if (!region) return {};
  return optimizer_.compile_now(*region);
}

void EngineImpl::flush() {
  world_.stop();
  translations_.clear();
  ++stats_.flushes;
  world_.resume();
}

void EngineImpl::heat(CpuImpl& cpu, LinkSlot& slot, ir::BlockKey key, uint64_t generation) {
  const HostFloatingPoint host_fp;
  std::unique_lock hold(lock_);
  if (!optimizer_.available() || options_.kind != EngineKind::Auto) return;
  if (precise_ && !options_.optimize_precise) return;
  const auto ask_again = [&](unsigned thresholds) {
    if (!slot.counter || generation != world_.generation()) return;
    *slot.counter = uint64_t{options_.hot_threshold} * thresholds;
  };
  if (!optimizer_.at_home()) return ask_again(kAskAgainAfter);
  optimizer_.wake();
  const Record* known = translations_.find(key);
  if (known && (known->optimized || known->keep_baseline)) return;
  if (optimizer_.in_flight(key)) return;
  // Of a nest of loops the inner one gets hot first, and its region holds the others too: once inside,
  // control stays there. Who still comes by here afterwards has another way.
  if (optimizer_.covers(key)) return ask_again(1);
  if (!optimizer_.has_room() || !optimizer_.worthwhile()) return ask_again(kAskAgainAfter);
  start_counting();

  const uint64_t epoch = translations_.epoch();
  const bool precise = precise_;
  hold.unlock();
  const RegionView profile(options_.access, translations_, lock_, key.mode);
  const ir::CodeView& view = options_.region_profile ? profile : source_.access();
  std::unique_ptr<ir::Function> region = translate_region(cpu, key, precise, view);
  hold.lock();
  if (!region) return;
  if (epoch != translations_.epoch() || precise != precise_) return ask_again(kAskAgainAfter);
  if (options_.background) return optimizer_.submit(std::move(region));
  if (Made code = optimizer_.compile_now(*region)) translations_.publish(std::move(code));
}

void EngineImpl::start_counting() {
  if (counting_.exchange(true, std::memory_order_relaxed)) return;
  for (CpuImpl* cpu : world_.cpus()) cpu->forget_targets();
}

bool EngineImpl::wants_gate(const Record& record) const {
  return counting_.load(std::memory_order_relaxed) && record.entry() && !record.optimized &&
         !record.keep_baseline && record.gate.load(std::memory_order_relaxed) == nullptr;
}

void EngineImpl::count_target(ir::BlockKey key) {
  const HostFloatingPoint host_fp;
  const std::lock_guard hold(lock_);
  Record* record = translations_.find(key);
  if (record && wants_gate(*record)) make_gate(*record);
}

void EngineImpl::make_gate(Record& record) {
  // A loop's edge to itself is one that is counted.
  ir::Function& gate = scratch_;
  gate.clear();
  gate.layout = &arch_.layout();
  gate.helpers = arch_.helpers();
  gate.pc = record.key.pc;
  gate.mode = record.key.mode;
  ir::Builder builder(gate);
  builder.begin_block(gate.pc);
  builder.at(gate.pc);
  builder.goto_pc(gate.pc);
  if (Made code = compile_block(gate)) {
    translations_.add_gate(record, std::move(code));
  } else {
    record.gate.store(record.entry(), std::memory_order_release);  // no room: nobody counts
  }
}

}  // namespace ferry::backend
