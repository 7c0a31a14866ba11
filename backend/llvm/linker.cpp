#include "backend/llvm/linker.h"

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>

#include <cstring>

#include "backend/x64/stubs.h"
#include "ir/support/bits.h"

namespace ferry::backend::llvm_tier {

namespace {

LLVM_ENABLE_BITMASK_ENUMS_IN_NAMESPACE();

namespace jitlink = llvm::jitlink;
namespace orc = llvm::orc;

// What one link needs and leaves: the room in the code space, divided into the object's segments, then the
// slots' resolvers, then the call thunks.
struct Placement {
  const Plan& plan;
  const ir::Function& function;
  CodeSpace& space;
  std::span<std::byte> room = {};
  size_t skipped = 0;
  LinkSlot* slots = nullptr;
  size_t used = 0;
  std::vector<std::byte*> thunks = {};
  std::string error = {};

  // Constants of vectors want up to 64 bytes of alignment, more than the code space gives.
  static constexpr size_t kAlignment = 64;

  bool take_room(size_t object_bytes) {
    const size_t total = support::align_up(object_bytes, 16) + plan.exits.size() * x64::kResolverBytes +
                         plan.calls.size() * x64::kCallThunkBytes;
    room = space.reserve(total + kAlignment);
    if (room.empty()) return false;
    const auto address = reinterpret_cast<uintptr_t>(room.data());
    skipped = support::align_up(address, kAlignment) - address;
    room = room.subspan(skipped, total);
    slots = plan.exits.empty() ? nullptr : space.allocate_slots(plan.exits.size());
    return plan.exits.empty() || slots != nullptr;
  }

  void emit_exits(size_t object_bytes) {
    used = support::align_up(object_bytes, 16);
    for (size_t i = 0; i < plan.exits.size(); ++i) {
      slots[i].guest_pc = plan.exits[i].pc.value;
      slots[i].mode = function.mode;
      slots[i].optimized = true;
      used += x64::emit_resolver(room.data() + used, slots[i]);
    }
    for (const CallSite& call : plan.calls) {
      thunks.push_back(room.data() + used);
      const LinkSlot* target = call.target_slot == kIndirectCall ? nullptr : &slots[call.target_slot];
      used += x64::emit_call_thunk(room.data() + used, target, slots[call.return_slot], call.return_pc);
    }
  }

  orc::ExecutorAddr address_of(llvm::StringRef name) const {
    if (name == kSlotsName) return orc::ExecutorAddr::fromPtr(slots);
    for (uint32_t i = 0; i < thunks.size(); ++i) {
      if (name == thunk_name(i)) return orc::ExecutorAddr::fromPtr(thunks[i]);
    }
    return {};
  }
};

// The code space is memory of this process and executable already: segments are written where they will run.
class PlacedSegments final : public jitlink::JITLinkMemoryManager::InFlightAlloc {
 public:
  void finalize(OnFinalizedFunction on_finalized) override {
    on_finalized(jitlink::JITLinkMemoryManager::FinalizedAlloc(orc::ExecutorAddr(1)));
  }
  void abandon(OnAbandonedFunction on_abandoned) override { on_abandoned(llvm::Error::success()); }
};

class CodeSpaceMemory final : public jitlink::JITLinkMemoryManager {
 public:
  explicit CodeSpaceMemory(Placement& placement) : placement_(placement) {}

  void allocate(const jitlink::JITLinkDylib*, jitlink::LinkGraph& graph,
                OnAllocatedFunction on_allocated) override {
    jitlink::BasicLayout layout(graph);
    const size_t total = place(layout, nullptr);
    if (!placement_.take_room(total)) {
      on_allocated(
          llvm::make_error<llvm::StringError>("the code cache is full", llvm::inconvertibleErrorCode()));
      return;
    }
    place(layout, placement_.room.data());
    if (auto error = layout.apply()) {
      on_allocated(std::move(error));
      return;
    }
    placement_.emit_exits(total);
    on_allocated(std::make_unique<PlacedSegments>());
  }
  using JITLinkMemoryManager::allocate;

  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction on_deallocated) override {
    for (auto& allocation : allocations) allocation.release();
    on_deallocated(llvm::Error::success());
  }

 private:
  // Code first, so that the entry is the first byte; then constants. Returns the bytes taken; writes
  // addresses if `at`.
  static size_t place(jitlink::BasicLayout& layout, std::byte* at) {
    size_t offset = 0;
    for (const bool executable : {true, false}) {
      for (auto& [group, segment] : layout.segments()) {
        const bool is_code = (group.getMemProt() & orc::MemProt::Exec) != orc::MemProt::None;
        if (is_code != executable) continue;
        offset = support::align_up(offset, std::max<uint64_t>(16, segment.Alignment.value()));
        const size_t bytes = segment.ContentSize + segment.ZeroFillSize;
        if (at != nullptr) {
          segment.Addr = orc::ExecutorAddr::fromPtr(at + offset);
          segment.WorkingMem = reinterpret_cast<char*>(at + offset);
        }
        offset += bytes;
      }
    }
    return offset;
  }

  Placement& placement_;
};

class LinkContext final : public jitlink::JITLinkContext {
 public:
  explicit LinkContext(Placement& placement)
      : JITLinkContext(nullptr), placement_(placement), memory_(placement) {}

  jitlink::JITLinkMemoryManager& getMemoryManager() override { return memory_; }
  void notifyFailed(llvm::Error error) override { placement_.error = llvm::toString(std::move(error)); }

  void lookup(const LookupMap& symbols,
              std::unique_ptr<jitlink::JITLinkAsyncLookupContinuation> resume) override {
    jitlink::AsyncLookupResult result;
    for (const auto& [name, flags] : symbols) {
      const orc::ExecutorAddr address = placement_.address_of(name);
      if (!address) {
        resume->run(llvm::make_error<llvm::StringError>("translated code refers to " + name.str(),
                                                        llvm::inconvertibleErrorCode()));
        return;
      }
      result[name] = {address, llvm::JITSymbolFlags::Exported};
    }
    resume->run(std::move(result));
  }

  llvm::Error notifyResolved(jitlink::LinkGraph&) override { return llvm::Error::success(); }
  void notifyFinalized(jitlink::JITLinkMemoryManager::FinalizedAlloc allocation) override {
    allocation.release();
  }

 private:
  Placement& placement_;
  CodeSpaceMemory memory_;
};

}  // namespace

support::Result<std::unique_ptr<CodeObject>> link(llvm::ArrayRef<char> object, const Plan& plan,
                                                  const ir::Function& function, CodeSpace& space) {
  const llvm::MemoryBufferRef buffer(llvm::StringRef(object.data(), object.size()), "region");
  auto graph = jitlink::createLinkGraphFromObject(buffer);
  if (!graph) return support::Error{llvm::toString(graph.takeError())};
  Placement placement{plan, function, space};
  jitlink::link(std::move(*graph), std::make_unique<LinkContext>(placement));
  if (!placement.error.empty()) return support::Error{placement.error};
  space.commit(placement.skipped + placement.used);

  auto code = std::make_unique<CodeObject>();
  code->key = {function.pc, function.mode};
  code->tier = Tier::Llvm;
  code->code = placement.room.first(placement.used);
  for (size_t i = 0; i < plan.exits.size(); ++i) code->slots.push_back(&placement.slots[i]);
  code->pins_in_registers = false;
  code->precise = function.precise;
  code->ranges = function.ranges;
  code->guest_insts = function.guest_insts;
  return code;
}

}  // namespace ferry::backend::llvm_tier
