#include "backend/runtime/optimizer.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "backend/runtime/clock.h"

namespace ferry::backend {

namespace {

constexpr size_t kStackBytes = 8u << 20;  ///< LLVM's recursive passes were made for this much

/// Whether the thread may print or write a file that another one has opened.
bool writes(const EngineOptions& options) {
  return options.verify || options.perf_map || !options.dump.empty();
}

constexpr int kNice = 5;

}  // namespace

Optimizer::Optimizer(std::mutex& lock, const EngineOptions& options, const Source& source, CodeCache& cache,
                     Translations& translations, CodeStore& store, EngineStats& stats)
    : lock_(lock),
      options_(options),
      source_(source),
      cache_(cache),
      translations_(translations),
      store_(store),
      stats_(stats) {}

Optimizer::~Optimizer() {
  std::unique_lock hold(lock_);
  end_thread(hold);
}

template <typename Predicate>
bool Optimizer::any_job(Predicate predicate) const {
  return (current_ && !current_->cancelled && predicate(*current_)) ||
         std::any_of(queue_.begin(), queue_.end(), predicate);
}

bool Optimizer::in_flight(ir::BlockKey key) const {
  return any_job([&](const Job& job) { return job.region->pc == key.pc && job.region->mode == key.mode; });
}

bool Optimizer::covers(ir::BlockKey key) const {
  const auto is_there = [&](const ir::Block& block) {
    return block.kind == ir::BlockKind::Main && block.pc == key.pc;
  };
  return any_job([&](const Job& job) {
    const auto& blocks = job.region->blocks;
    return job.region->mode == key.mode && std::any_of(blocks.begin(), blocks.end(), is_there);
  });
}

bool Optimizer::at_home() const { return getpid() == home_; }

bool Optimizer::worthwhile() {
  if (worthwhile_ || !options_.background) return true;
  worthwhile_ = now_ns(CLOCK_PROCESS_CPUTIME_ID) / 1'000'000 >= options_.optimize_after_ms;
  return worthwhile_;
}

void Optimizer::submit(std::unique_ptr<ir::Function> region) {
  queue_.push_back({std::move(region)});
  wake();
}

void Optimizer::wake() {
  if (queue_.empty()) return;
  if (!running_) start_thread();
  changed_.notify_all();
}

template <typename Predicate>
void Optimizer::cancel_if(Predicate predicate) {
  const auto cancels = [&](const Job& job) {
    if (!predicate(job)) return false;
    if (Record* baseline = translations_.find({job.region->pc, job.region->mode}))
      translations_.unlink(*baseline);
    return true;
  };
  if (current_ && cancels(*current_)) current_->cancelled = true;
  std::erase_if(queue_, cancels);
}

void Optimizer::cancel(GuestAddr first, GuestAddr last) {
  cancel_if([&](const Job& job) {
    return std::any_of(job.region->ranges.begin(), job.region->ranges.end(),
                       [&](const auto& range) { return range.first < last && first < range.second; });
  });
}

void Optimizer::cancel_all() {
  cancel_if([](const Job&) { return true; });
}

void Optimizer::start_thread() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  running_ = pthread_create(&thread_, &attributes, &thread_main, this) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Optimizer::end_thread(std::unique_lock<std::mutex>& hold) {
  if (!running_ || ending_) return;
  ending_ = true;
  changed_.notify_all();
  hold.unlock();
  pthread_join(thread_, nullptr);
  hold.lock();
  ending_ = running_ = false;
}

void* Optimizer::thread_main(void* self) {
  pthread_setname_np(pthread_self(), "ferry-optimizer");
  // Where processors are scarce the guest comes first. A Linux thread has a nice value of its own.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  auto& optimizer = *static_cast<Optimizer*>(self);
  // Each call about a file counts references while a table of descriptors has more than one user (fdget() of
  // the kernel): a quarter of a read's price, and the guest's only thread shall not pay it for this one.
  if (!writes(optimizer.options_)) close_range(0, ~0u, CLOSE_RANGE_UNSHARE);
  optimizer.serve();
  return nullptr;
}

void Optimizer::serve() {
  std::unique_lock hold(lock_);
  for (;;) {
    changed_.wait(hold, [&] { return ending_ || (paused_by_ == 0 && !queue_.empty()); });
    if (ending_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    current_ = &job;
    compile(hold, job);
    current_ = nullptr;
    changed_.notify_all();
  }
}

void Optimizer::compile(std::unique_lock<std::mutex>& hold, Job& job) {
  const ir::BlockKey key{job.region->pc, job.region->mode};
  hold.unlock();
  uint64_t nanoseconds = 0;
  const auto image = generate(*job.region, nanoseconds);
  hold.lock();
  if (job.cancelled) return;
  if (Made code = place_region(image, nanoseconds)) {
    translations_.publish(std::move(code));
  } else if (Record* baseline = cache_.full() ? nullptr : translations_.find(key)) {
    baseline->keep_baseline = true;
  }
}

std::optional<CodeImage> Optimizer::generate(ir::Function& region, uint64_t& nanoseconds) {
  const uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  if (!source_.optimize(region, ir::PassTier::Optimizing, passes_)) return std::nullopt;
  if (!codegen_) codegen_ = options_.llvm(options_);
  const auto image = codegen_->compile(region);
  nanoseconds = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
  if (image) return *image;
  if (options_.verify) std::fprintf(stderr, "ferry: not optimized: %s\n", image.error().message.c_str());
  return std::nullopt;
}

// The guest may take its code away at any time, and this thread has nowhere to go from a fault: the kernel
// reads.
void Optimizer::store_region(const CodeImage& image) {
  if (!store_.wants(image)) return;
  std::vector<std::byte> guest(guest_bytes(image));
  const iovec to{guest.data(), guest.size()};
  std::vector<iovec> from;
  for (const auto& [first, last] : image.ranges)
    from.push_back({reinterpret_cast<void*>(first.value), static_cast<size_t>(last - first)});
  const ssize_t read = process_vm_readv(getpid(), &to, 1, from.data(), from.size(), 0);
  if (read == static_cast<ssize_t>(guest.size())) store_.add(image, guest);
}

Made Optimizer::place_region(const std::optional<CodeImage>& image, uint64_t nanoseconds) {
  if (!image) return {};
  const auto placed = place(*image, cache_, 0);
  if (!placed) return {};
  ++stats_.llvm_regions;
  stats_.llvm_insts += image->guest_insts;
  stats_.llvm_bytes += placed->code.size();
  stats_.llvm_ns += nanoseconds;
  source_.dump_code(*image, *placed);
  store_region(*image);
  return {*image, *placed};
}

Made Optimizer::compile_now(ir::Function& region) {
  uint64_t nanoseconds = 0;
  const auto image = generate(region, nanoseconds);
  return place_region(image, nanoseconds);
}

void Optimizer::pause(std::unique_lock<std::mutex>& hold) {
  paused_by_ = getpid();
  changed_.wait(hold, [&] { return current_ == nullptr; });
}

void Optimizer::resume_in_parent() {
  paused_by_ = 0;
  changed_.notify_all();
}

void Optimizer::forget_pause() {
  if (paused_by_ != getpid()) resume_in_parent();
}

void Optimizer::resume_in_child() {
  paused_by_ = 0;
  queue_.clear();
  home_ = getpid();
  running_ = ending_ = false;
  worthwhile_ = false;
}

}  // namespace ferry::backend
