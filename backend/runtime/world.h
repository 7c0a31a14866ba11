#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "backend/runtime/cpu.h"

namespace ferry::backend {

/// All CPUs of the process, and the way to have none of them inside translated code for a moment.
///
/// A thread is "inside" while it may hold pointers to records or code. enter() marks it and is refused while
/// the world is stopped: each side first stores its own flag, then reads the other's, so one of them sees the
/// other. Threads inside are asked to leave through their interrupt flag. Nobody may wait for the translation
/// lock while inside.
class World {
 public:
  /// `lock`: the translation lock, which serializes stop() and guards the list of CPUs.
  explicit World(std::mutex& lock) : lock_(lock) {}

  void add(CpuImpl& cpu) { cpus_.push_back(&cpu); }
  void remove(CpuImpl& cpu) { std::erase(cpus_, &cpu); }
  const std::vector<CpuImpl*>& cpus() const { return cpus_; }

  /// By the CPU's own thread. Predictions made before the last change of generation are dropped.
  void enter(CpuImpl& cpu) {
    cpu.area().interrupt.fetch_and(~kInterruptEngine, std::memory_order_seq_cst);
    cpu.inside.store(1, std::memory_order_seq_cst);
    while (stopping_.load(std::memory_order_seq_cst)) wait(cpu);
    if (cpu.generation != generation()) refresh(cpu);
  }
  /// The same for a CPU whose thread has code to go back to. False: that code is gone.
  bool return_to_code(CpuImpl& cpu) {
    cpu.inside.store(1, std::memory_order_seq_cst);
    while (stopping_.load(std::memory_order_seq_cst)) wait(cpu);
    return cpu.generation == generation();
  }
  void leave(CpuImpl& cpu) { cpu.inside.store(0, std::memory_order_release); }

  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// The translation lock is held: all CPUs drop their predictions, and what they hold of slots, at their
  /// next entry.
  void next_generation() { generation_.store(generation() + 1, std::memory_order_release); }

  /// The translation lock is held and the caller is outside: returns when all are outside.
  void stop();
  void resume() { stopping_.store(false, std::memory_order_seq_cst); }
  /// Asks all CPUs to leave translated code and look again, without waiting for it.
  void kick();

  /// In a forked child, where no other thread exists: whoever was inside will never leave.
  void forget_other_threads();

 private:
  void wait(CpuImpl& cpu);
  void refresh(CpuImpl& cpu);

  std::mutex& lock_;
  std::vector<CpuImpl*> cpus_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> generation_{1};
};

}  // namespace ferry::backend
