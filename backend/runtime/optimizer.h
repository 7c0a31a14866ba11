#pragma once

#include <pthread.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "backend/codegen.h"
#include "backend/engine.h"
#include "backend/runtime/code_cache.h"
#include "backend/runtime/code_store.h"
#include "backend/runtime/source.h"
#include "backend/runtime/translations.h"
#include "ir/passes/pipeline.h"
#include "ir/support/change.h"

namespace ferry::backend {

/// The second tier: compiles regions that a guest thread has translated to IR, on a thread of its own that
/// starts with the first of them. Everything but the compile itself happens under the translation lock.
class Optimizer {
 public:
  Optimizer(std::mutex& lock, const EngineOptions& options, const Source& source, CodeCache& cache,
            Translations& translations, CodeStore& store, EngineStats& stats);
  ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // The caller holds the translation lock.
  bool available() const { return options_.llvm != nullptr; }
  /// False in a process that borrows its memory from the one that the background thread belongs to (vfork): a
  /// thread started there would end with it.
  bool at_home() const;
  /// False while the queue is full: ask again later.
  bool has_room() const { return queue_.size() < kQueueRoom; }
  /// False in the life of a process that may end before a compile pays: most do.
  bool worthwhile();
  /// Whether a region with this entry is waiting or being compiled.
  bool in_flight(ir::BlockKey key) const;
  /// Whether such a region has a block for the guest code at `key`.
  bool covers(ir::BlockKey key) const;
  /// Hands over a region's IR for the background thread.
  void submit(std::unique_ptr<ir::Function> region);
  /// Makes sure that what is queued is being worked on: after a fork there is no thread for it.
  void wake();
  /// Drops compiles of guest code in [first, last).
  void cancel(GuestAddr first, GuestAddr last);
  void cancel_all();
  /// Compiles a region now, on the calling thread; not for use beside submit(). Nothing: the cache is full,
  /// or this code cannot be optimized.
  Made compile_now(ir::Function& region);

  /// Waits for the compile under way, if any, and ends the background thread; wake() starts it again.
  void end_thread(std::unique_lock<std::mutex>& hold);

  /// Returns with the lock held by `hold` and no compile under way.
  void pause(std::unique_lock<std::mutex>& hold);
  void resume_in_parent();
  /// A process that borrowed this one's memory died, maybe between the two.
  void forget_pause();
  /// The background thread does not exist in a child; it starts again when there is something hot.
  void resume_in_child();

 private:
  struct Job {
    std::unique_ptr<ir::Function> region;
    bool cancelled = false;
  };
  /// Small, so that what is hottest, and so asks again first, gets the next place.
  static constexpr size_t kQueueRoom = 4;

  /// Of those that were not cancelled.
  template <typename Predicate>
  bool any_job(Predicate predicate) const;
  template <typename Predicate>
  void cancel_if(Predicate predicate);
  static void* thread_main(void* self);
  void start_thread();
  void serve();
  void compile(std::unique_lock<std::mutex>& hold, Job& job);
  /// Without the lock.
  std::optional<CodeImage> generate(ir::Function& region, uint64_t& nanoseconds);
  void store_region(const CodeImage& image);
  Made place_region(const std::optional<CodeImage>& image, uint64_t nanoseconds);

  std::mutex& lock_;
  const EngineOptions& options_;
  const Source& source_;
  CodeCache& cache_;
  Translations& translations_;
  CodeStore& store_;
  EngineStats& stats_;

  std::unique_ptr<Codegen> codegen_;
  ir::PassContext passes_;
  std::deque<Job> queue_;
  Job* current_ = nullptr;
  support::Change changed_;
  pthread_t thread_ = {};
  pid_t home_ = getpid();
  bool running_ = false;
  bool worthwhile_ = false;
  pid_t paused_by_ = 0;  ///< the process that is about to fork; 0: none
  bool ending_ = false;
};

}  // namespace ferry::backend
