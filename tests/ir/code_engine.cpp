#include "tests/ir/code_engine.h"

#include <sys/mman.h>
#include <xmmintrin.h>

#include <cstring>
#include <utility>

#include "backend/runtime/context.h"
#include "backend/runtime/evaluate.h"
#include "backend/x64/stubs.h"
#include "ir/support/bits.h"

namespace ferry::ir_test {
namespace {

using backend::ExitKind;
using backend::LinkSlot;
using backend::RuntimeArea;
using support::Error;
using support::Result;

/// Code in the first half of one mapping, slots and counters in the second.
class Space final : public backend::CodeSpace {
 public:
  Space()
      : base_(static_cast<std::byte*>(
            mmap(nullptr, kBytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  ~Space() override { munmap(base_, kBytes); }
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  std::span<std::byte> reserve(size_t bytes) override {
    if (code_used_ + bytes > kBytes / 2) return {};
    return {base_ + code_used_, bytes};
  }
  void commit(size_t used) override { code_used_ = support::align_up(code_used_ + used, 16); }
  LinkSlot* allocate_slots(size_t count) override {
    return reinterpret_cast<LinkSlot*>(allocate_data(count * sizeof(LinkSlot)));
  }
  uint64_t* allocate_counter(uint64_t value) override {
    auto* counter = reinterpret_cast<uint64_t*>(allocate_data(sizeof value));
    if (counter != nullptr) *counter = value;
    return counter;
  }
  /// Forgets all code made since keep().
  void rewind() { code_used_ = kept_, data_used_ = 0; }
  void keep() { kept_ = code_used_; }

 private:
  static constexpr size_t kBytes = size_t{16} << 20;

  std::byte* allocate_data(size_t bytes) {
    if (data_used_ + bytes > kBytes / 2) return nullptr;
    return base_ + kBytes / 2 + std::exchange(data_used_, data_used_ + bytes);
  }

  std::byte* base_;
  size_t code_used_ = 0, kept_ = 0, data_used_ = 0;
};

class CodeEngine final : public IrEngine {
 public:
  CodeEngine(std::string name, std::unique_ptr<backend::Codegen> codegen, const ir::PipelineOptions& options)
      : name_(std::move(name)),
        codegen_(std::move(codegen)),
        options_(options),
        return_stack_(kReturnStack / 8) {
    options_.verify = true;
  }

  std::string_view name() const override { return name_; }

  Result<ir::InterpResult> run(const ir::Function& function, void* state, uint32_t& mxcsr) override {
    ir::Function copy = function;
    if (auto error = ir::run_passes(copy, passes_, options_)) {
      return Error{std::string(error->stage) + ": " + error->error.message};
    }
    if (auto problem = prepare(copy); !problem.empty()) return Error{problem};
    const auto image = codegen_->compile(copy);
    if (!image) return image.error();
    const auto placed = backend::place(*image, space_, kNeverHot);
    if (!placed) return placed.error();
    std::memcpy(guest_state(), state, copy.layout->size);
    const uint32_t host_mxcsr = _mm_getcsr();
    _mm_setcsr(mxcsr);
    stubs_.enter(guest_state(), placed->code.data());
    mxcsr = _mm_getcsr();
    _mm_setcsr(host_mxcsr);
    std::memcpy(state, guest_state(), copy.layout->size);
    return result(*copy.layout, state);
  }

 private:
  static constexpr uint64_t kNeverHot = ~uint64_t{0};
  static constexpr size_t kReturnStack = size_t{256} << 10;

  RuntimeArea& area() { return *reinterpret_cast<RuntimeArea*>(memory_.data()); }
  std::byte* guest_state() { return reinterpret_cast<std::byte*>(memory_.data()) + sizeof(RuntimeArea); }

  // The stubs know the layout's pins, so a new layout needs new ones.
  std::string prepare(const ir::Function& function) {
    space_.rewind();
    memory_.assign((sizeof(RuntimeArea) + function.layout->size) / sizeof(Aligned) + 1, {});
    if (function.layout != layout_) {
      space_.keep();
      auto stubs = backend::x64::emit_stubs(*function.layout, space_);
      if (!stubs) return stubs.error().message;
      stubs_ = *stubs;
      layout_ = function.layout;
      space_.keep();
    }
    area().stubs = stubs_.entries;
    area().evaluate = reinterpret_cast<const void*>(&backend::ferry_evaluate);
    for (size_t i = 0; i < function.helpers.size(); ++i) {
      area().helpers[i] = reinterpret_cast<const void*>(function.helpers[i].function);
    }
    for (backend::JumpCacheEntry& line : area().jump_cache) {
      line.guest_pc = backend::kNoGuestPc;
      line.code = stubs_.entries.indirect_miss;
    }
    // rsp is 8 modulo 16; the guest address beside the empty stack's return address matches nothing.
    const uint64_t end =
        support::align_down(reinterpret_cast<uint64_t>(return_stack_.data() + return_stack_.size() - 4), 16);
    const uint64_t top = end - 8;
    reinterpret_cast<const void**>(top)[0] = stubs_.entries.indirect_miss;
    reinterpret_cast<uint64_t*>(top)[1] = backend::kNoGuestPc;
    area().return_stack_top = area().return_rsp = top;
    area().return_stack_limit = top - kReturnStack / 4;
    return {};
  }

  Result<ir::InterpResult> result(const ir::StateLayout& layout, const void* state) {
    const uint64_t value = area().exit_value;
    uint64_t pc = 0;
    std::memcpy(&pc, static_cast<const std::byte*>(state) + layout.regs[layout.pc].offset, sizeof pc);
    switch (static_cast<ExitKind>(area().exit_kind)) {
      case ExitKind::ResolveLink:
      case ExitKind::Hot:
        return ir::InterpResult{.how = ir::Leave::Goto,
                                .target = {reinterpret_cast<LinkSlot*>(value)->guest_pc}};
      case ExitKind::Indirect:
        return ir::InterpResult{.how = ir::Leave::GotoIndirect, .target = {value}};
      case ExitKind::Trap:
        return ir::InterpResult{
            .how = ir::Leave::Trap, .target = {pc}, .trap = static_cast<ir::TrapKind>(value)};
      default:
        return Error{"translated code was left in an unexpected way"};
    }
  }

  struct alignas(64) Aligned {
    std::byte bytes[64] = {};
  };

  std::string name_;
  std::unique_ptr<backend::Codegen> codegen_;
  ir::PipelineOptions options_;
  ir::PassContext passes_;
  Space space_;
  const ir::StateLayout* layout_ = nullptr;
  backend::x64::StubCode stubs_;
  std::vector<Aligned> memory_;
  std::vector<uint64_t> return_stack_;
};

}  // namespace

std::unique_ptr<IrEngine> make_code_engine(std::string name, std::unique_ptr<backend::Codegen> codegen,
                                           const ir::PipelineOptions& options) {
  return std::make_unique<CodeEngine>(std::move(name), std::move(codegen), options);
}

}  // namespace ferry::ir_test
