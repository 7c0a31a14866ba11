#include "tests/ir/machine.h"

#include <charconv>
#include <cstring>

namespace ferry::ir_test {
namespace {

using ir::Bits128;

alignas(kMemoryBytes) std::array<std::byte, kMemoryBytes> guest_memory;

std::string hex(uint64_t value) {
  char buffer[16];
  return "0x" + std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, 16).ptr);
}

std::string hex(Bits128 value) {
  return value.high == 0 ? hex(value.low) : hex(value.high) + " " + hex(value.low);
}

Bits128 read(const ToyState& state, const ir::StateReg& reg) {
  Bits128 out;
  std::memcpy(&out, reinterpret_cast<const std::byte*>(&state) + reg.offset, ir::bytes(reg.type));
  return out;
}

/// What an engine reports that does not tell calls and returns from other jumps.
ir::InterpResult without_calls(ir::InterpResult left) {
  if (left.how == ir::Leave::Call) left.how = ir::Leave::Goto;
  if (left.how == ir::Leave::CallIndirect || left.how == ir::Leave::Return)
    left.how = ir::Leave::GotoIndirect;
  left.return_to = {};
  return left;
}

}  // namespace

uint64_t guest_memory_address() { return reinterpret_cast<uint64_t>(guest_memory.data()); }

std::string run_on(IrEngine& engine, const ir::Function& function, Machine& machine) {
  guest_memory = machine.memory;
  auto result = engine.run(function, &machine.state, machine.mxcsr);
  machine.memory = guest_memory;
  if (!result) return result.error().message;
  machine.left = *result;
  return {};
}

std::string difference(const Machine& wanted, const Machine& got, const IrEngine& engine,
                       bool check_fp_flags) {
  std::string out;
  const auto compare = [&](std::string_view what, auto a, auto b) {
    if (a != b) out += "\n    " + std::string(what) + ": wanted " + hex(a) + ", got " + hex(b);
  };
  const auto regs = toy_layout().regs;
  for (size_t i = 0; i < regs.size(); ++i) {
    if (i != toy_layout().pc) compare(regs[i].name, read(wanted.state, regs[i]), read(got.state, regs[i]));
  }
  for (size_t i = 0; i < kMemoryBytes; ++i) {
    if (wanted.memory[i] == got.memory[i]) continue;
    compare("memory at " + std::to_string(i), static_cast<uint64_t>(wanted.memory[i]),
            static_cast<uint64_t>(got.memory[i]));
    break;
  }
  if (check_fp_flags) {
    compare("FP exceptions", uint64_t{wanted.mxcsr & kMxcsrFlags}, uint64_t{got.mxcsr & kMxcsrFlags});
  }
  const ir::InterpResult left = engine.tells_calls() ? wanted.left : without_calls(wanted.left);
  compare("way of leaving", static_cast<uint64_t>(left.how), static_cast<uint64_t>(got.left.how));
  compare("target", left.target.value, got.left.target.value);
  compare("return address", left.return_to.value, got.left.return_to.value);
  if (left.how == ir::Leave::Trap) {
    compare("trap", static_cast<uint64_t>(left.trap), static_cast<uint64_t>(got.left.trap));
  }
  return out;
}

}  // namespace ferry::ir_test
