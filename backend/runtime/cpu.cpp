#include "backend/runtime/cpu.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <string>

#include "backend/runtime/evaluate.h"
#include "ir/support/bits.h"
#include "ir/support/populate.h"

namespace ferry::backend {

namespace {

constexpr size_t kGuardBytes = 4096;
constexpr size_t kReturnStackBytes = 512 * 1024;
/// Helpers and, where the embedder gives no other stack, signal handlers run below the return stack's end.
constexpr size_t kHelperHeadroom = 192 * 1024;
constexpr size_t kStateAlignment = 64;

size_t mapping_bytes(const ir::StateLayout& layout) {
  const size_t top = sizeof(RuntimeArea) + layout.size + kStateAlignment;
  return support::align_up(kGuardBytes + kReturnStackBytes + top, kGuardBytes);
}

}  // namespace

support::Result<std::unique_ptr<CpuImpl>> CpuImpl::create(const ir::StateLayout& layout,
                                                          std::span<const ir::HelperInfo> helpers,
                                                          const Stubs& stubs, OnDestroy on_destroy,
                                                          void* owner) {
  if (helpers.size() > kMaxHelpers) return support::Error{"the guest declares too many helpers"};
  void* at = mmap(nullptr, mapping_bytes(layout), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return support::Error{std::string("no memory for a CPU: ") + std::strerror(errno)};
  mprotect(at, kGuardBytes, PROT_NONE);
  std::unique_ptr<CpuImpl> cpu(new CpuImpl(static_cast<std::byte*>(at), layout));
  RuntimeArea& area = cpu->area();
  area.stubs = stubs;
  area.evaluate = reinterpret_cast<const void*>(&ferry_evaluate);
  for (size_t i = 0; i < helpers.size(); ++i)
    area.helpers[i] = reinterpret_cast<const void*>(helpers[i].function);
  cpu->set_up_return_stack();
  cpu->forget_predictions();
  cpu->on_destroy_ = on_destroy;
  cpu->owner_ = owner;
  return cpu;
}

CpuImpl::CpuImpl(std::byte* mapping, const ir::StateLayout& layout) : mapping_(mapping), layout_(layout) {
  const auto end = reinterpret_cast<uintptr_t>(mapping) + mapping_bytes(layout);
  state_ = reinterpret_cast<std::byte*>(support::align_down(end - layout.size, kStateAlignment));
  std::byte* area_begin = state_ - sizeof(RuntimeArea);
  support::populate(area_begin, sizeof(RuntimeArea) + layout.size);
  new (area_begin) RuntimeArea{};
  interp.interrupt = &area().interrupt;
}

CpuImpl::~CpuImpl() {
  if (on_destroy_) on_destroy_(owner_, *this);
  munmap(mapping_, mapping_bytes(layout_));
}

void CpuImpl::set_up_return_stack() {
  RuntimeArea& a = area();
  const uint64_t end = support::align_down(reinterpret_cast<uintptr_t>(&a), 16);
  // At a block's entry rsp is 8 modulo 16. The sentinel is the frame of a call that nothing returns to,
  // unless the guest returns to kNoGuestPc itself; the engine then finds no code there.
  a.return_stack_top = end - 24;
  const uint64_t sentinel[2] = {reinterpret_cast<uintptr_t>(a.stubs.indirect_miss), kNoGuestPc};
  std::memcpy(reinterpret_cast<void*>(a.return_stack_top), sentinel, sizeof(sentinel));
  a.return_stack_limit = reinterpret_cast<uintptr_t>(mapping_) + kGuardBytes + kHelperHeadroom;
  empty_return_stack();
}

void CpuImpl::forget_predictions() {
  for (JumpCacheEntry& line : area().jump_cache) {
    line.guest_pc = kNoGuestPc;
    line.code.store(area().stubs.indirect_miss, std::memory_order_relaxed);
  }
  empty_return_stack();
}

GuestAddr CpuImpl::pc() const {
  uint64_t value;
  std::memcpy(&value, state_ + layout_.regs[layout_.pc].offset, sizeof(value));
  return {value};
}

void CpuImpl::set_pc(GuestAddr pc) {
  std::memcpy(state_ + layout_.regs[layout_.pc].offset, &pc.value, sizeof(pc.value));
}

uint64_t CpuImpl::trap_arg() const {
  uint64_t value;
  std::memcpy(&value, state_ + layout_.regs[layout_.trap_arg].offset, sizeof(value));
  return value;
}

void CpuImpl::cache_target(const Record& record) {
  JumpCacheEntry& line = area().jump_cache[jump_cache_index(record.key.pc.value)];
  line.guest_pc = record.key.pc.value;
  line.code.store(record.counted_entry(), std::memory_order_seq_cst);
  // Whoever takes the record away first says so and then looks at the lines: one of us sees the other.
  if (!record.valid.load(std::memory_order_seq_cst)) {
    line.code.store(area().stubs.indirect_miss, std::memory_order_relaxed);
  }
}

void CpuImpl::redirect_target(const Record& from, const Record* to) {
  JumpCacheEntry& line = area().jump_cache[jump_cache_index(from.key.pc.value)];
  const void* wanted = to && to->entry() ? to->entry() : area().stubs.indirect_miss;
  for (const void* leads_to : {from.entry(), from.counted_entry()}) {
    line.code.compare_exchange_strong(leads_to, wanted, std::memory_order_seq_cst);
  }
}

void CpuImpl::forget_targets() {
  for (JumpCacheEntry& line : area().jump_cache) {
    line.code.store(area().stubs.indirect_miss, std::memory_order_seq_cst);
  }
}

}  // namespace ferry::backend
