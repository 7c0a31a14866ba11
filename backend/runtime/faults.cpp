// Host signals. Everything here is async-signal-safe and runs on the thread of the CPU that it is about.
#include <ucontext.h>

#include <array>
#include <cstring>

#include "backend/runtime/engine_impl.h"
#include "backend/runtime/host_vectors.h"

namespace ferry::backend {

namespace {

/// ucontext's index of the host register with an x86-64 encoding.
constexpr int kContextIndex[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/// Continues run_guarded() of the CPU whose recovery point is given; reached by return from the signal
/// handler, so that the kernel has restored mask and stack.
[[noreturn]] void recover(std::jmp_buf* to) { std::longjmp(*to, 1); }

void save_pins(const ir::StateLayout& layout, const greg_t* registers, std::byte* state) {
  for (const ir::StateReg& reg : layout.regs) {
    if (reg.pin == ir::kNoPin) continue;
    const auto value = static_cast<uint64_t>(registers[kContextIndex[kPinRegs[reg.pin]]]);
    std::memcpy(state + reg.offset, &value, ir::bytes(reg.type));
  }
}

/// Writes the registers that optimized code keeps elsewhere at `point` to the state.
void restore_places(const Record& record, const FaultPoint& point, const ir::StateLayout& layout,
                    const ucontext_t& context, std::byte* state) {
  const auto index = static_cast<size_t>(&point - record.fault_points.data());
  const greg_t* registers = context.uc_mcontext.gregs;
  for (const RegisterPlace& place : record.places) {
    if (index < place.first_point || index >= place.end_point) continue;
    const ir::StateReg& reg = layout.regs[place.reg];
    std::byte* to = state + reg.offset;
    const auto general = static_cast<uint64_t>(registers[kContextIndex[place.host % 16]]);
    switch (place.kind) {
      case RegisterPlace::Kind::General:
        std::memcpy(to, &general, ir::bytes(reg.type));
        break;
      case RegisterPlace::Kind::Vector:
        read_host_vector(context, place.host, std::span(to, ir::bytes(reg.type)));
        break;
      case RegisterPlace::Kind::Memory:
        std::memcpy(to, reinterpret_cast<const void*>(general + static_cast<uint64_t>(place.value)),
                    ir::bytes(reg.type));
        break;
      case RegisterPlace::Kind::Constant:
        std::memcpy(to, &place.value, ir::bytes(reg.type));
        break;
    }
  }
}

std::array<uint64_t, 16> host_registers(const greg_t* registers) {
  std::array<uint64_t, 16> values;
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint64_t>(registers[kContextIndex[i]]);
  return values;
}

/// The address of an access that the processor did not even try, and so does not tell: not canonical.
uint64_t untold_address(const greg_t* registers) {
  HostAccess access;
  if (!decode_host_access(reinterpret_cast<const uint8_t*>(registers[REG_RIP]), access)) return 0;
  return access.address(host_registers(registers));
}

/// Whether the signal comes from the instruction `code`.
template <size_t N>
bool is_raised_by(const uint8_t (&code)[N], int signal, const greg_t* registers) {
  return signal == SIGILL && std::memcmp(reinterpret_cast<const void*>(registers[REG_RIP]), code, N) == 0;
}

/// Guest code, or what runs for it, found an access misaligned (ir/support/misaligned.h).
constexpr uint8_t kMisaligned[] = {0x0f, 0x0b};  // ud2
/// A pointer's tag is not the memory's (ir/support/tag_mismatch.h).
constexpr uint8_t kTagMismatch[] = {0x0f, 0xb9, 0xc0};  // ud1 eax, eax

/// x86's page-fault error code says so.
constexpr uint64_t kPageFaultWrite = 2;

}  // namespace

bool EngineImpl::handle_fault(Cpu& opaque, int signal, const siginfo_t& info, void* context) {
  auto& cpu = static_cast<CpuImpl&>(opaque);
  const auto activity = static_cast<Activity>(static_cast<int>(cpu.activity));
  if (activity == Activity::Outside) return false;
  RuntimeArea& area = cpu.area();
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  area.fault_signal = static_cast<uint16_t>(signal);
  area.fault_code = static_cast<uint32_t>(info.si_code);
  area.fault_address = reinterpret_cast<uintptr_t>(info.si_addr);
  area.fault_write = (static_cast<uint64_t>(registers[REG_ERR]) & kPageFaultWrite) != 0;
  if (is_raised_by(kMisaligned, signal, registers)) {
    area.fault_signal = SIGBUS;
    area.fault_code = BUS_ADRALN;
    area.fault_address = static_cast<uint64_t>(registers[REG_RAX]);
    area.fault_write = false;
  } else if (is_raised_by(kTagMismatch, signal, registers)) {
    area.fault_signal = SIGSEGV;
    area.fault_code = SEGV_MTESERR;
    area.fault_address = static_cast<uint64_t>(registers[REG_RAX]);
    area.fault_write = registers[REG_RCX] != 0;
  } else if (take_fault(cpu).non_canonical()) {
    area.fault_address = untold_address(registers);
  }
  if (activity == Activity::Translated) return fault_in_code(cpu, take_fault(cpu), context);
  registers[REG_RDI] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(&cpu.recovery));
  registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(&recover));
  // As after a call, below what the interrupted function may have under its stack pointer.
  constexpr uint64_t kRedZone = 128;
  registers[REG_RSP] =
      static_cast<greg_t>(((static_cast<uint64_t>(registers[REG_RSP]) - kRedZone) & ~uint64_t{15}) - 8);
  return true;
}

bool EngineImpl::is_tagged_access(CaughtFault fault) const {
  return fault.non_canonical() && arch_.address_mask() != ~uint64_t{0};
}

/// In code that keeps no exact registers no instruction can be interpreted: the host's runs once more, with
/// the address that the guest means.
bool EngineImpl::follow_tagged_address(CpuImpl& cpu, void* context) {
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto* code = reinterpret_cast<const uint8_t*>(registers[REG_RIP]);
  HostAccess access;
  if (!decode_host_access(code, access)) return false;
  if (cpu.relocation == RelocationPool::kNone) cpu.relocation = relocations_.claim();
  if (cpu.relocation == RelocationPool::kNone) return false;
  const std::array<uint64_t, 16> values = host_registers(registers);
  std::byte* to = relocations_.at(cpu.relocation);
  const unsigned address_register = relocate_host_access(code, access, values, to);
  registers[kContextIndex[address_register]] =
      static_cast<greg_t>(access.address(values) & arch_.address_mask());
  registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(to));
  cpu.area().interrupt.fetch_or(kInterruptEngine, std::memory_order_relaxed);
  tagged_accesses_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool EngineImpl::fault_in_code(CpuImpl& cpu, CaughtFault fault, void* context) {
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto host_pc = static_cast<uint64_t>(registers[REG_RIP]);
  auto* state = static_cast<std::byte*>(cpu.state());
  if (relocations_.contains(host_pc)) {
    cpu.fault_is_imprecise = true;
  } else if (cache_->contains(host_pc)) {
    const Record* record = translations_.record_at(host_pc);
    if (!record) return false;
    if (record->pins_in_registers) {
      const FaultPoint* point = find_fault_point(*record, host_pc);
      if (!point) return false;
      cpu.set_pc(point->pc);
      save_pins(arch_.layout(), registers, state);
    } else if (record->precise) {
      // What finds an access misaligned has stored everything before it says so.
      if (!fault.misaligned()) {
        const FaultPoint* point = find_fault_point(*record, host_pc);
        if (!point) return false;
        cpu.set_pc(point->pc);
        restore_places(*record, *point, arch_.layout(), *static_cast<ucontext_t*>(context), state);
      }
    } else {
      if (is_tagged_access(fault) && follow_tagged_address(cpu, context)) return true;
      // As near as it gets: nobody asked for more.
      cpu.set_pc(record->key.pc);
      cpu.fault_is_imprecise = true;
    }
  } else {
    // A helper: pins and pc were stored before the call, unless imprecise code made it. Helpers follow tags
    // themselves.
    cpu.fault_is_imprecise = is_tagged_access(fault);
  }
  RuntimeArea& area = cpu.area();
  area.exit_kind = static_cast<uint32_t>(ExitKind::Fault);
  cpu.empty_return_stack();
  registers[kContextIndex[kStateReg]] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(state));
  registers[REG_RSP] = static_cast<greg_t>(area.return_stack_top);
  registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(stubs_.entries.leave));
  return true;
}

}  // namespace ferry::backend
