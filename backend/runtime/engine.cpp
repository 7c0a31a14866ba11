#include "backend/engine.h"

#include <utility>

#include "backend/runtime/configuration.h"
#include "backend/runtime/engine_impl.h"
#include "backend/x64/codegen.h"
#include "backend/x64/host_features.h"
#include "ir/support/left_lock.h"

namespace ferry::backend {

support::Result<std::unique_ptr<Engine>> Engine::create(const ir::GuestArch& arch,
                                                        const EngineOptions& options) {
  auto cache = CodeCache::create(options.code_bytes, options.code_address);
  if (!cache) return cache.error();
  auto engine = std::make_unique<EngineImpl>(arch, options, std::move(*cache));
  if (auto error = engine->start()) return *error;
  return std::unique_ptr<Engine>(std::move(engine));
}

EngineImpl::EngineImpl(const ir::GuestArch& arch, const EngineOptions& options,
                       std::unique_ptr<CodeCache> cache)
    : arch_(arch),
      options_(options),
      cache_(std::move(cache)),
      world_(lock_),
      source_(arch_, options_),
      store_(options_.code_directory, configuration(options_), options_.code_directory_bytes,
             options_.access),
      translations_(world_, *cache_, options_),
      optimizer_(lock_, options_, source_, *cache_, translations_, store_, stats_) {}

std::optional<support::Error> EngineImpl::start() {
  const std::string missing = x64::missing_of_floor(x64::floor_features());
  if (!missing.empty()) return support::Error{"this processor lacks " + missing + ", which ferry needs"};
  if (!translations_.usable()) return support::Error{"no address space for the index of translated code"};
  if (options_.kind == EngineKind::Llvm && !options_.llvm) {
    return support::Error{"this ferry was built without LLVM: choose another engine"};
  }
  if (options_.kind == EngineKind::Auto && !options_.llvm) options_.kind = EngineKind::Baseline;
  auto stubs = x64::emit_stubs(arch_.layout(), *cache_);
  if (!stubs) return stubs.error();
  stubs_ = *stubs;
  if (!relocations_.allocate(*cache_)) return support::Error{"the code cache is too small"};
  cache_->keep();
  baseline_ = x64::make_x64_codegen(options_);
  return std::nullopt;
}

support::Result<std::unique_ptr<Cpu>> EngineImpl::create_cpu() {
  auto cpu = CpuImpl::create(arch_.layout(), arch_.helpers(), stubs_.entries, &forget_cpu, this);
  if (!cpu) return cpu.error();
  const std::lock_guard hold(lock_);
  (*cpu)->generation = world_.generation();
  world_.add(**cpu);
  return std::unique_ptr<Cpu>(std::move(*cpu));
}

void EngineImpl::forget_cpu(void* self, CpuImpl& cpu) {
  auto& engine = *static_cast<EngineImpl*>(self);
  const std::lock_guard hold(engine.lock_);
  engine.world_.remove(cpu);
  engine.stats_.dispatches += cpu.dispatches.load(std::memory_order_relaxed);
}

void EngineImpl::abandon(Cpu& cpu) {
  world_.leave(static_cast<CpuImpl&>(cpu));
  if (!support::is_left(lock_)) lock_.lock();
  world_.resume();
  optimizer_.forget_pause();
  lock_.unlock();
}

void EngineImpl::invalidate(GuestAddr first, GuestAddr last) {
  const std::lock_guard hold(lock_);
  stats_.invalidations += translations_.invalidate(first, last);
  optimizer_.cancel(first, last);
}

void EngineImpl::add_file(GuestAddr first, GuestAddr last, const FileIdentity& file) {
  const std::lock_guard hold(lock_);
  store_.add_file(first, last, file);
}

void EngineImpl::save_code() {
  const std::lock_guard hold(lock_);
  if (optimizer_.at_home()) store_.save();
}

void EngineImpl::synchronize() {
  const std::lock_guard hold(lock_);
  world_.stop();
  world_.resume();
}

void EngineImpl::set_precise_faults(bool precise) {
  const std::lock_guard hold(lock_);
  if (precise == precise_) return;
  precise_ = precise;
  if (!precise || !optimizer_.available()) return;
  optimizer_.cancel_all();
  // Whoever is inside imprecise code must be out of it before the caller may rely on exact faults; return
  // stacks may lead into it, too.
  world_.stop();
  translations_.discard_imprecise();
  world_.next_generation();
  world_.resume();
}

void EngineImpl::end_background() {
  std::unique_lock hold(lock_);
  if (optimizer_.at_home()) optimizer_.end_thread(hold);
}

void EngineImpl::prepare_fork() {
  std::unique_lock hold(lock_);
  optimizer_.pause(hold);
  // Kept until after_fork_*.
  (void)hold.release();
}

void EngineImpl::after_fork_parent() {
  optimizer_.resume_in_parent();
  lock_.unlock();
}

void EngineImpl::after_fork_child() {
  arch_.after_fork_child();
  world_.forget_other_threads();
  optimizer_.resume_in_child();
  store_.forget_added();
  lock_.unlock();
}

EngineStats EngineImpl::stats() const {
  const std::lock_guard hold(lock_);
  EngineStats all = stats_;
  all.baseline_ns = clock_.nanoseconds(baseline_ticks_);
  for (const CpuImpl* cpu : world_.cpus()) all.dispatches += cpu->dispatches.load(std::memory_order_relaxed);
  all.faults = faults_.load(std::memory_order_relaxed);
  all.tagged_accesses = tagged_accesses_.load(std::memory_order_relaxed);
  return all;
}

}  // namespace ferry::backend
