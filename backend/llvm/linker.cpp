#include "backend/llvm/linker.h"

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/JITLink/x86_64.h>

#include <algorithm>
#include <string>

#include "backend/x64/stubs.h"
#include "ir/support/bits.h"

namespace ferry::backend::llvm_tier {

namespace {

LLVM_ENABLE_BITMASK_ENUMS_IN_NAMESPACE();

namespace jitlink = llvm::jitlink;
namespace orc = llvm::orc;

// Where the link believes that things lie. Only distances within the image count: whatever refers to the
// slots is a fixup.
constexpr uint64_t kCodeAddress = 0x1000'0000;
constexpr uint64_t kSlotsAddress = 0x2000'0000;

// The image's memory is the vector that it is built in.
class LinkedSegments final : public jitlink::JITLinkMemoryManager::InFlightAlloc {
 public:
  void finalize(OnFinalizedFunction on_finalized) override {
    on_finalized(jitlink::JITLinkMemoryManager::FinalizedAlloc(orc::ExecutorAddr(1)));
  }
  void abandon(OnAbandonedFunction on_abandoned) override { on_abandoned(llvm::Error::success()); }
};

}  // namespace

class RegionMemory final : public jitlink::JITLinkMemoryManager {
 public:
  RegionMemory(LinkedRegion& region, const Plan& plan) : region_(region), plan_(plan) {}

  void allocate(const jitlink::JITLinkDylib*, jitlink::LinkGraph& graph,
                OnAllocatedFunction on_allocated) override {
    jitlink::BasicLayout layout(graph);
    const size_t object_bytes = place(layout, nullptr);
    region_.emit_exits(plan_, object_bytes);
    place(layout, region_.code_.data());
    if (auto error = layout.apply()) {
      on_allocated(std::move(error));
      return;
    }
    on_allocated(std::make_unique<LinkedSegments>());
  }
  using JITLinkMemoryManager::allocate;

  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction on_deallocated) override {
    for (auto& allocation : allocations) allocation.release();
    on_deallocated(llvm::Error::success());
  }

 private:
  // Code first, so that the entry is the first byte; then constants. Returns the bytes taken; if `at`, gives
  // them their places there.
  size_t place(jitlink::BasicLayout& layout, std::byte* at) {
    size_t offset = 0;
    for (const bool executable : {true, false}) {
      for (auto& [group, segment] : layout.segments()) {
        const bool is_code = (group.getMemProt() & orc::MemProt::Exec) != orc::MemProt::None;
        if (is_code != executable) continue;
        const auto alignment = static_cast<uint32_t>(segment.Alignment.value());
        region_.image_.alignment = std::max(region_.image_.alignment, alignment);
        offset = support::align_up(offset, std::max(16u, alignment));
        const size_t bytes = segment.ContentSize + segment.ZeroFillSize;
        if (at != nullptr) {
          segment.Addr = orc::ExecutorAddr(kCodeAddress + offset);
          segment.WorkingMem = reinterpret_cast<char*>(at + offset);
        }
        offset += bytes;
      }
    }
    return offset;
  }

  LinkedRegion& region_;
  const Plan& plan_;
};

class LinkContext final : public jitlink::JITLinkContext {
 public:
  LinkContext(LinkedRegion& region, const Plan& plan, std::string& error)
      : JITLinkContext(nullptr), region_(region), plan_(plan), error_(error), memory_(region, plan) {}

  jitlink::JITLinkMemoryManager& getMemoryManager() override { return memory_; }
  void notifyFailed(llvm::Error error) override { error_ = llvm::toString(std::move(error)); }

  void lookup(const LookupMap& symbols,
              std::unique_ptr<jitlink::JITLinkAsyncLookupContinuation> resume) override {
    jitlink::AsyncLookupResult result;
    for (const auto& [name, flags] : symbols) {
      const orc::ExecutorAddr address = address_of(name);
      if (!address) return resume->run(refused("translated code refers to " + name.str()));
      result[name] = {address, llvm::JITSymbolFlags::Exported};
    }
    resume->run(std::move(result));
  }

  llvm::Error modifyPassConfig(jitlink::LinkGraph&, jitlink::PassConfiguration& passes) override {
    passes.PrePrunePasses.push_back(branch_directly);
    passes.PreFixupPasses.push_back([this](jitlink::LinkGraph& graph) { return collect_fixups(graph); });
    return llvm::Error::success();
  }

  llvm::Error notifyResolved(jitlink::LinkGraph&) override { return llvm::Error::success(); }
  void notifyFinalized(jitlink::JITLinkMemoryManager::FinalizedAlloc allocation) override {
    allocation.release();
  }

 private:
  static llvm::Error refused(const std::string& why) {
    return llvm::make_error<llvm::StringError>(why, llvm::inconvertibleErrorCode());
  }

  orc::ExecutorAddr address_of(llvm::StringRef name) const {
    if (name == kSlotsName) return orc::ExecutorAddr(kSlotsAddress);
    for (uint32_t i = 0; i < plan_.calls.size(); ++i) {
      if (name == thunk_name(i)) return orc::ExecutorAddr(kCodeAddress + region_.thunks_[i]);
    }
    return {};
  }

  // JITLink would lead branches to the thunks through stubs and a table of absolute addresses.
  static llvm::Error branch_directly(jitlink::LinkGraph& graph) {
    namespace x86_64 = jitlink::x86_64;
    for (jitlink::Block* block : graph.blocks()) {
      for (jitlink::Edge& edge : block->edges()) {
        if (edge.getKind() != x86_64::BranchPCRel32) continue;
        edge.setKind(x86_64::Delta32);
        edge.setAddend(edge.getAddend() - 4);
      }
    }
    return llvm::Error::success();
  }

  // All that code may refer to by anything but distances within the image are the slots.
  llvm::Error collect_fixups(jitlink::LinkGraph& graph) {
    namespace x86_64 = jitlink::x86_64;
    for (jitlink::Block* block : graph.blocks()) {
      for (const jitlink::Edge& edge : block->edges()) {
        if (!edge.isRelocation()) continue;
        const jitlink::Edge::Kind kind = edge.getKind();
        if (kind != x86_64::Delta32 && kind != x86_64::PCRel32)
          return refused(std::string("a relocation of kind ") + graph.getEdgeKindName(kind));
        const orc::ExecutorAddr target = edge.getTarget().getAddress();
        if (target != orc::ExecutorAddr(kSlotsAddress)) continue;
        const auto at = static_cast<uint32_t>(block->getFixupAddress(edge).getValue() - kCodeAddress);
        const int64_t from_end = kind == x86_64::Delta32 ? 0 : -4;
        // Displacements count from the instruction's end, at most eight bytes behind them.
        constexpr int64_t kSlot = sizeof(LinkSlot), kBehind = 8;
        const int64_t addend = edge.getAddend() + from_end + kBehind;
        region_.fixups_.push_back({at, static_cast<uint16_t>(addend / kSlot),
                                   static_cast<int8_t>(addend % kSlot - kBehind), ImageFixup::Target::Slot});
      }
    }
    return llvm::Error::success();
  }

  LinkedRegion& region_;
  const Plan& plan_;
  std::string& error_;
  RegionMemory memory_;
};

// Behind the object's segments: the slots' resolvers, then the call thunks.
void LinkedRegion::emit_exits(const Plan& plan, size_t object_bytes) {
  const size_t resolvers = support::align_up(object_bytes, 16);
  const size_t thunks = resolvers + plan.exits.size() * x64::kResolverBytes;
  code_.assign(thunks + plan.calls.size() * x64::kCallThunkBytes, std::byte{0});
  size_t used = resolvers;
  for (const Exit& exit : plan.exits) {
    const auto slot = static_cast<uint32_t>(slots_.size());
    slots_.push_back({.pc = exit.pc, .resolver = static_cast<uint32_t>(used), .counted = false});
    used += x64::emit_resolver(code_.data() + used, used, slot, fixups_);
  }
  for (const CallSite& call : plan.calls) {
    thunks_.push_back(static_cast<uint32_t>(used));
    const auto target =
        call.target_slot == kIndirectCall ? std::nullopt : std::optional<uint32_t>(call.target_slot);
    used +=
        x64::emit_call_thunk(code_.data() + used, used, target, call.return_slot, call.return_pc, fixups_);
  }
  code_.resize(used);
}

// The stack maps are for us, not for the image.
bool LinkedRegion::take_places(jitlink::LinkGraph& graph, const Plan& plan) {
  jitlink::Section* section = graph.findSectionByName(kStackMapSection);
  if (section == nullptr) return true;
  const llvm::ArrayRef<char> content = (*section->blocks().begin())->getContent();
  const llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t*>(content.data()), content.size());
  uint32_t code_bytes = 0;
  for (const jitlink::Symbol* symbol : graph.defined_symbols()) {
    if (symbol->hasName() && symbol->getName() == kEntryName)
      code_bytes = static_cast<uint32_t>(symbol->getSize());
  }
  auto places = read_places(bytes, plan, code_bytes);
  if (!places) return false;
  places_ = std::move(*places);
  graph.removeSection(*section);
  return true;
}

std::optional<support::Error> LinkedRegion::link(llvm::ArrayRef<char> object, const Plan& plan,
                                                 const ir::Function& function) {
  *this = {};
  const llvm::MemoryBufferRef buffer(llvm::StringRef(object.data(), object.size()), "region");
  auto graph = jitlink::createLinkGraphFromObject(buffer);
  if (!graph) return support::Error{llvm::toString(graph.takeError())};
  if (!take_places(**graph, plan)) return support::Error{"guest registers lie where they cannot be found"};
  if (plan.exits.size() > UINT16_MAX) return support::Error{"a region with too many exits"};
  std::string error;
  jitlink::link(std::move(*graph), std::make_unique<LinkContext>(*this, plan, error));
  if (!error.empty()) return support::Error{error};
  image_.key = {function.pc, function.mode};
  image_.tier = Tier::Llvm;
  image_.pins_in_registers = false;
  image_.precise = function.precise;
  image_.guest_insts = function.guest_insts;
  ranges_ = function.ranges;
  return std::nullopt;
}

CodeImage LinkedRegion::image() const {
  CodeImage image = image_;
  image.code = code_;
  image.slots = slots_;
  image.fixups = fixups_;
  image.fault_points = places_.points;
  image.places = places_.places;
  image.ranges = ranges_;
  return image;
}

}  // namespace ferry::backend::llvm_tier
