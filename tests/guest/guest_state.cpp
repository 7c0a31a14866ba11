#include "tests/guest/guest_state.h"

#include <cstring>

#include "frontend/arm64/fp_state.h"
#include "frontend/arm64/pointer_keys.h"

namespace ferry::guest_test {

namespace {

/// Keys as execve() would make them, but the same in every run.
void set_pointer_keys(arm64::State& state) {
  for (unsigned i = 0; i < arm64::kPointerKeys; ++i) {
    const auto key = static_cast<arm64::PointerKeyId>(i);
    const uint64_t random[2] = {0x9e37'79b9'7f4a'7c15 * (i + 1), 0xbf58'476d'1ce4'e5b9 * (i + 7)};
    set_key(state, key, random);
    if (key != arm64::kKeyGA) enable_key(state, key, true);
  }
}

}  // namespace

void load_state(const GuestCpu& cpu, arm64::MemoryTags& tags, arm64::State& state) {
  state = arm64::State{};
  std::memcpy(state.x, cpu.x, sizeof(cpu.x));
  state.sp = cpu.sp;
  state.pc = cpu.pc;
  state.set_nzcv(static_cast<uint32_t>(cpu.nzcv));
  state.tags.memory = &tags;
  state.tags.allowed = 0xffff;
  set_pointer_keys(state);
  state.exclusive_address = arm64::kNoExclusive;
  std::memcpy(state.v, cpu.v, sizeof(cpu.v));
  _mm_setcsr(arm64::mxcsr_for_fpcr(0));
  arm64::write_fpcr(state, static_cast<uint32_t>(cpu.fpcr));
  arm64::write_fpsr(state, static_cast<uint32_t>(cpu.fpsr));
}

void save_state(const arm64::State& state, GuestCpu& cpu) {
  std::memcpy(cpu.x, state.x, sizeof(cpu.x));
  cpu.sp = state.sp;
  cpu.pc = state.pc;
  cpu.nzcv = state.nzcv();
  cpu.fpcr = state.fpcr;
  cpu.fpsr = arm64::read_fpsr(state);
  std::memcpy(cpu.v, state.v, sizeof(cpu.v));
}

}  // namespace ferry::guest_test
