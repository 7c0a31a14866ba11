#include "backend/runtime/world.h"

#include <sched.h>
#include <time.h>

namespace ferry::backend {

namespace {

/// Most threads leave within a few microseconds; one that the kernel has put aside takes longer.
void pause_before_looking_again(unsigned tries) {
  if (tries < 100) {
    sched_yield();
    return;
  }
  const timespec fifty_microseconds{0, 50'000};
  nanosleep(&fifty_microseconds, nullptr);
}

}  // namespace

void World::wait(CpuImpl& cpu) {
  leave(cpu);
  {
    const std::lock_guard until_resumed(lock_);
  }
  cpu.inside.store(1, std::memory_order_seq_cst);
}

void World::refresh(CpuImpl& cpu) {
  cpu.forget_predictions();
  cpu.generation = generation();
}

void World::kick() {
  for (CpuImpl* cpu : cpus_) cpu->area().interrupt.fetch_or(kInterruptEngine, std::memory_order_seq_cst);
}

void World::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  kick();
  for (CpuImpl* cpu : cpus_) {
    for (unsigned tries = 0; cpu->inside.load(std::memory_order_seq_cst) != 0; ++tries) {
      pause_before_looking_again(tries);
    }
  }
}

void World::forget_other_threads() {
  for (CpuImpl* cpu : cpus_) cpu->inside.store(0, std::memory_order_relaxed);
}

}  // namespace ferry::backend
