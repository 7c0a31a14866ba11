#include "tests/guest/guest_state.h"

#include <cstring>

#include "frontend/arm64/fp_state.h"

namespace ferry::guest_test {

void load_state(const GuestCpu& cpu, arm64::State& state) {
  state = arm64::State{};
  std::memcpy(state.x, cpu.x, sizeof(cpu.x));
  state.sp = cpu.sp;
  state.pc = cpu.pc;
  state.set_nzcv(static_cast<uint32_t>(cpu.nzcv));
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
