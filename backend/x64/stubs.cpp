#include "backend/x64/stubs.h"

#include <cstring>

#include "backend/x64/assembler.h"
#include "backend/x64/host_features.h"
#include "backend/x64/slow_op.h"

namespace ferry::backend::x64 {

namespace {

using namespace Xbyak::util;

constexpr size_t kStubBytes = 4096;

/// Writes all stubs, one after the other, into the room that it was given.
class StubWriter {
 public:
  StubWriter(const ir::StateLayout& layout, const HostFeatures& host, std::span<std::byte> room)
      : layout_(layout), host_(host), as_(room.size(), room.data()) {}

  StubCode write() {
    StubCode code;
    code.enter = reinterpret_cast<void (*)(void*, const void*)>(reinterpret_cast<uintptr_t>(enter()));
    code.entries.exit = exit(code.entries.leave);
    code.entries.resolve_link = leave_for(ExitKind::ResolveLink);
    code.entries.hot = leave_for(ExitKind::Hot);
    code.entries.indirect_miss = leave_for(ExitKind::Indirect);
    code.entries.indirect = indirect(code.entries.indirect_miss);
    code.entries.ret = ret();
    code.entries.reset_returns = reset_returns();
    code.entries.slow_op = slow_op();
    code.entries.evaluate = evaluate();
    return code;
  }

  size_t size() const { return as_.getSize(); }

 private:
  const void* here() {
    as_.align(16);
    return as_.getCurr();
  }

  template <typename Move>
  void for_each_pin(Move move) {
    for (const ir::StateReg& reg : layout_.regs) {
      if (reg.pin == ir::kNoPin) continue;
      const int width = ir::bits(reg.type) > 32 ? 64 : 32;
      move(Xbyak::Reg32e(kPinRegs[reg.pin], width), ptr[r12 + int{reg.offset}]);
    }
  }

  const void* enter() {
    const void* at = here();
    for (const auto& reg : {rbp, rbx, r12, r13, r14, r15}) as_.push(reg);
    as_.mov(r12, rdi);
    as_.mov(rax, rsi);
    as_.mov(as_.area(FERRY_AREA_OFFSET(host_rsp)), rsp);
    as_.mov(rsp, as_.area(FERRY_AREA_OFFSET(return_rsp)));
    for_each_pin([this](const Xbyak::Reg& reg, const Xbyak::Address& home) { as_.mov(reg, home); });
    as_.jmp(rax);
    return at;
  }

  const void* exit(const void*& leave) {
    exit_ = here();
    for_each_pin([this](const Xbyak::Reg& reg, const Xbyak::Address& home) { as_.mov(home, reg); });
    as_.mov(as_.area(FERRY_AREA_OFFSET(return_rsp)), rsp);
    leave = as_.getCurr();
    as_.mov(rsp, as_.area(FERRY_AREA_OFFSET(host_rsp)));
    for (const auto& reg : {r15, r14, r13, r12, rbx, rbp}) as_.pop(reg);
    as_.ret();
    return exit_;
  }

  /// Leaves for the engine with rax as the exit's value.
  const void* leave_for(ExitKind kind) {
    const void* at = here();
    as_.mov(as_.area(FERRY_AREA_OFFSET(exit_value)), rax);
    as_.mov(as_.area32(FERRY_AREA_OFFSET(exit_kind)), static_cast<uint32_t>(kind));
    as_.jmp(exit_);
    return at;
  }

  const void* indirect(const void* miss) {
    const void* interrupted = here();
    as_.mov(ptr[r12 + int{layout_.regs[layout_.pc].offset}], rax);
    as_.mov(as_.area32(FERRY_AREA_OFFSET(exit_kind)), static_cast<uint32_t>(ExitKind::Interrupt));
    as_.jmp(exit_);
    indirect_ = here();
    as_.cmp(as_.area32(FERRY_AREA_OFFSET(interrupt)), 0);
    as_.jne(interrupted);
    as_.jump_cache_index(ecx, rax);
    as_.cmp(ptr[r12 + rcx + FERRY_AREA_OFFSET(jump_cache)], rax);
    as_.jne(miss);
    as_.jmp(
        ptr[r12 + rcx + (FERRY_AREA_OFFSET(jump_cache) + static_cast<int>(offsetof(JumpCacheEntry, code)))]);
    return indirect_;
  }

  const void* ret() {
    const void* miss = here();
    as_.mov(rsp, as_.area(FERRY_AREA_OFFSET(return_stack_top)));
    as_.jmp(indirect_);
    const void* at = here();
    as_.cmp(ptr[rsp + 8], rax);
    as_.jne(miss);
    as_.ret();
    return at;
  }

  const void* reset_returns() {
    const void* at = here();
    as_.mov(rsp, as_.area(FERRY_AREA_OFFSET(return_stack_top)));
    as_.jmp(rcx);
    return at;
  }

  void push_all(std::span<const Xbyak::Reg64> regs) {
    for (const auto& reg : regs) as_.push(reg);
  }
  void pop_all(std::span<const Xbyak::Reg64> regs) {
    for (size_t i = regs.size(); i-- > 0;) as_.pop(regs[i]);
  }

  /// Called with a SlowOp behind the call and its operands in RuntimeArea::slow_operands, where the result
  /// goes too; keeps every register.
  const void* slow_op() {
    constexpr int kVectorBytes = 16 * 16;
    const Xbyak::Reg64 kept[] = {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11};
    const int return_at = 8 * static_cast<int>(std::size(kept));
    const void* at = here();
    push_all(kept);
    as_.mov(rax, ptr[rsp + return_at]);
    as_.add(qword[rsp + return_at], static_cast<uint32_t>(sizeof(SlowOp)));
    as_.sub(rsp, kVectorBytes + 8);
    for (int i = 0; i < 16; ++i) as_.movaps(ptr[rsp + 16 * i], Xbyak::Xmm(i));
    as_.mov(rdi, ptr[rax + int{offsetof(SlowOp, descriptor)}]);
    as_.mov(rsi, ptr[rax + int{offsetof(SlowOp, imm)}]);
    as_.mov(rdx, ptr[rax + int{offsetof(SlowOp, imm2)}]);
    constexpr int kOperands = FERRY_AREA_OFFSET(slow_operands);
    for (int i = 0; i < int{kSlowOperands}; ++i) as_.movups(Xbyak::Xmm(i), ptr[r12 + (kOperands + 16 * i)]);
    as_.call(as_.area(FERRY_AREA_OFFSET(evaluate)));
    as_.movups(ptr[r12 + kOperands], xmm0);
    for (int i = 0; i < 16; ++i) as_.movaps(Xbyak::Xmm(i), ptr[rsp + 16 * i]);
    as_.add(rsp, kVectorBytes + 8);
    pop_all(kept);
    as_.ret();
    return at;
  }

  /// ferry_evaluate for LLVM's preserve_all convention (X86RegisterInfo.td, CSR_64_RT_AllRegs): keeps every
  /// register but the result's and r11, the vector registers in their whole width. rcx: the guest's state.
  const void* evaluate() {
    constexpr int kVectorBytes = 16 * 32;
    const Xbyak::Reg64 kept[] = {rax, rcx, rdx, rsi, rdi, r8, r9, r10};
    const void* at = here();
    push_all(kept);
    as_.sub(rsp, kVectorBytes + 8);
    for (int i = 1; i < 16; ++i) {
      if (host_.avx) {
        as_.vmovups(ptr[rsp + 32 * i], Xbyak::Ymm(i));
      } else {
        as_.movups(ptr[rsp + 32 * i], Xbyak::Xmm(i));
      }
    }
    as_.call(ptr[rcx + FERRY_AREA_OFFSET(evaluate)]);
    for (int i = 1; i < 16; ++i) {
      if (host_.avx) {
        as_.vmovups(Xbyak::Ymm(i), ptr[rsp + 32 * i]);
      } else {
        as_.movups(Xbyak::Xmm(i), ptr[rsp + 32 * i]);
      }
    }
    as_.add(rsp, kVectorBytes + 8);
    pop_all(kept);
    as_.ret();
    return at;
  }

  const ir::StateLayout& layout_;
  const HostFeatures host_;
  Assembler as_;
  const void* exit_ = nullptr;
  const void* indirect_ = nullptr;
};

/// Bytes written one after the other: the thunks are too small for an encoder object.
/// Writes code that refers to an image's slots.
class Bytes {
 public:
  Bytes(std::byte* at, size_t offset, std::vector<ImageFixup>& fixups)
      : start_(at), at_(at), offset_(offset), fixups_(fixups) {}

  Bytes& put(std::initializer_list<uint8_t> bytes) {
    for (uint8_t b : bytes) *at_++ = std::byte{b};
    return *this;
  }
  template <typename T>
  Bytes& value(T v) {
    std::memcpy(at_, &v, sizeof(v));
    at_ += sizeof(v);
    return *this;
  }
  /// The displacement of a slot from the end of the instruction, which it ends.
  Bytes& relative(uint32_t slot) {
    fixups_.push_back(
        {static_cast<uint32_t>(offset_ + size()), static_cast<uint16_t>(slot), -4, ImageFixup::Target::Slot});
    return value(int32_t{0});
  }
  size_t size() const { return static_cast<size_t>(at_ - start_); }

 private:
  std::byte* start_;
  std::byte* at_;
  size_t offset_;
  std::vector<ImageFixup>& fixups_;
};

}  // namespace

support::Result<StubCode> emit_stubs(const ir::StateLayout& layout, CodeSpace& space) {
  const std::span<std::byte> room = space.reserve(kStubBytes);
  if (room.empty()) return support::Error{"the code cache is too small for the entry stubs"};
  StubWriter writer(layout, HostFeatures::detect(), room);
  const StubCode code = writer.write();
  space.commit(writer.size());
  return code;
}

size_t emit_resolver(std::byte* at, size_t offset, uint32_t slot, std::vector<ImageFixup>& fixups) {
  Bytes out(at, offset, fixups);
  out.put({0x48, 0x8d, 0x05}).relative(slot);  // lea rax, [slot]
  out.put({0x41, 0xff, 0xa4, 0x24})
      .value(int32_t{FERRY_AREA_OFFSET(stubs.resolve_link)});  // jmp [r12 + resolve_link]
  return out.size();
}

size_t emit_call_thunk(std::byte* at, size_t offset, std::optional<uint32_t> target, uint32_t back,
                       GuestAddr return_pc, std::vector<ImageFixup>& fixups) {
  Bytes out(at, offset, fixups);
  out.put({0x49, 0x3b, 0xa4, 0x24})
      .value(int32_t{FERRY_AREA_OFFSET(return_stack_limit)});  // cmp rsp, [r12 + limit]
  out.put({0x73, 0x0f});                                       // jae +15
  out.put({0x48, 0x8d, 0x0d}).value(int32_t{8});               // lea rcx, [rip + 8]
  out.put({0x41, 0xff, 0xa4, 0x24})
      .value(int32_t{FERRY_AREA_OFFSET(stubs.reset_returns)});  // jmp [r12 + reset_returns]
  out.put({0x48, 0xb9}).value(return_pc.value);                 // mov rcx, return_pc
  out.put({0x51});                                              // push rcx
  if (target) {
    out.put({0xff, 0x15}).relative(*target);  // call [target]
  } else {
    out.put({0x41, 0xff, 0x94, 0x24})
        .value(int32_t{FERRY_AREA_OFFSET(stubs.indirect)});  // call [r12 + indirect]
  }
  out.put({0x48, 0x83, 0xc4, 0x08});     // add rsp, 8
  out.put({0xff, 0x25}).relative(back);  // jmp [back]
  return out.size();
}

}  // namespace ferry::backend::x64
