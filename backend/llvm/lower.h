#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "backend/engine.h"
#include "ir/fp/softfloat.h"
#include "ir/function.h"

namespace ferry::backend::llvm_tier {

/// One direct exit of the region: the slot's index and where it leads.
struct Exit {
  GuestAddr pc;
};

/// One guest call: leaves through a thunk that pushes the return address and calls through a slot.
struct CallSite {
  uint32_t target_slot;  ///< kIndirectCall: the target is the guest address in rax
  uint32_t return_slot;
  GuestAddr return_pc;
};

inline constexpr uint32_t kIndirectCall = ~uint32_t{0};

/// An access that may fault in a precise function: its stack map's record has the number of its place here.
struct FaultSite {
  GuestAddr pc;
  std::vector<ir::RegId> regs;  ///< what the record's locations hold, in order
};

/// The number of a stack map that only keeps values in their places up to there.
inline constexpr uint64_t kPlacesEnd = ~uint64_t{0};

/// What the lowering leaves for the linker: exits by slot index, call sites by thunk index.
struct Plan {
  std::vector<Exit> exits;
  std::vector<CallSite> calls;
  std::vector<FaultSite> faults;
};

/// Names of the symbols that the object refers to.
inline constexpr const char* kEntryName = "region";
inline constexpr const char* kSlotsName = "slots";
std::string thunk_name(uint32_t call_site);

/// Host instructions that change how an op is lowered.
struct HostFeatures {
  bool fma = false;
  bool avx2 = false;
  bool avx512 = false;           ///< on vectors of 128 bits, with instructions for lanes of 16
  bool half = false;             ///< conversions from and to half precision, vectors of 256 bits
  bool half_arithmetic = false;  ///< AVX512-FP16
  bool aes = false;
  bool clmul = false;
  bool sha = false;
};

/// Turns one IR function into an LLVM function of translated code's calling convention. Guest registers
/// become local variables, read at the entry and written where the region is left. In a precise function
/// stack maps tell where they are at every access that may fault (ADR 6).
class Lowering {
 public:
  Lowering(const ir::Function& source, const EngineOptions& options, HostFeatures host, llvm::Module& module);
  Plan run();

 private:
  using Value = llvm::Value;
  using Inst = ir::Inst;

#define OP(name, signature, immediate, traits) Value* name(const Inst&);
#include "ir/ops.def"
#undef OP
  using Handler = Value* (Lowering::*)(const Inst&);
  static const Handler kHandlers[];

  // -- frame: lower.cpp
  void create_function();
  void create_variables();
  std::vector<bool> entry_dirty() const;
  std::vector<ir::BlockId> successors(ir::BlockId id) const;
  void find_dirty();
  void find_loaded();
  void enter_first_block();
  static void keep_only(const std::vector<bool>& kept, std::vector<bool>& dirty);
  static bool merge(const std::vector<bool>& from, std::vector<bool>& to);
  void lower_block(ir::BlockId id);

  // -- guest state: lower_state.cpp
  llvm::Type* storage_type(ir::RegId reg) const;
  Value* state_pointer(int64_t offset);
  Value* load_home(ir::RegId reg);
  void store_home(ir::RegId reg, bool is_volatile = false);
  void store_all_dirty(bool include_pins, bool is_volatile = false);
  void reload_loaded();
  void ensure_loaded(ir::RegId reg);
  llvm::BasicBlock* edge_to(ir::BlockId to);
  void store_pc(GuestAddr pc);
  std::vector<Value*> convention_arguments(Value* rax);
  void leave_through(Value* target, Value* rax);
  void leave_by_stub(int32_t stub_offset, Value* rax);
  void store_area(int32_t offset, Value* value);
  void leave_with(uint32_t exit_kind, uint64_t exit_value, GuestAddr resume);
  Value* load_interrupt();
  llvm::MDNode* likely();
  void poll(GuestAddr resume);
  uint32_t new_slot(GuestAddr pc);
  Value* slot_target(uint32_t slot);
  void leave_by_call(uint32_t target_slot, GuestAddr back, Value* rax);

  // -- NaNs: lower_nan.cpp
  /// What an instruction does with a NaN operand that may be the wrong one.
  enum class NanUse : uint8_t {
    Arithmetic,   ///< gives a NaN again, in the same lane
    Carries,      ///< passes its bits on, and can be done again with the right ones
    Indifferent,  ///< looks no further than that it is one
    Final,        ///< may show its bits
  };
  NanUse nan_use(const Inst& inst) const;
  ir::Type lanes_seen(const Inst& inst) const;
  ir::Type unchecked_operand(const Inst& inst) const;
  bool minds_unchecked(const Inst& inst) const;
  std::vector<ir::ValueId>::iterator unchecked_write(uint64_t reg);
  void settle_nans_before(const Inst& inst);
  void track_nans_after(ir::ValueId id);
  Value* any_nan();
  void settle_nans();

  // -- values
  Value* lower(const Inst& inst) {
    return lacks_half(inst) ? evaluate(inst) : (this->*kHandlers[static_cast<size_t>(inst.op)])(inst);
  }
  llvm::MDNode* unlikely();
  llvm::Type* type_of(ir::Type type) const;
  /// Operand `index` as it was defined.
  Value* arg(const Inst& inst, unsigned index) { return values_[inst.args[index]]; }
  ir::Type arg_type(const Inst& inst, unsigned index) const { return source_.insts[inst.args[index]].type; }
  /// Operand `index`, a 128-bit value, with its lanes seen as `type`'s.
  Value* arg_as(const Inst& inst, unsigned index, ir::Type type);
  Value* as(Value* value, ir::Type type);
  Value* bytes_of(Value* value) { return as(value, ir::Type::V16I8); }
  Value* binary(const Inst& inst, llvm::Instruction::BinaryOps op);
  Value* intrinsic2(const Inst& inst, llvm::Intrinsic::ID id);
  Value* masked_shift(const Inst& inst, llvm::Instruction::BinaryOps op);
  Value* vector_shift(const Inst& inst, llvm::Instruction::BinaryOps op);
  Value* bitwise(const Inst& inst, llvm::Instruction::BinaryOps op, bool invert_second = false);
  Value* divide(const Inst& inst, bool is_signed);
  Value* high_product(const Inst& inst, bool is_signed);
  Value* shift_by_lanes(const Inst& inst, llvm::Instruction::BinaryOps op);
  Value* half(Value* vector, ir::Type lanes, uint64_t which);
  Value* widen(Value* half_vector, ir::Type to, bool is_signed);
  Value* narrow_clamped(const Inst& inst, bool source_signed, bool result_signed);
  ir::Type half_lanes(ir::Type type) const { return ir::vector_type(ir::lane_bits(type) / 2); }
  ir::Type double_lanes(ir::Type type) const { return ir::vector_type(ir::lane_bits(type) * 2); }
  Value* low_half_zero_upper(Value* half_vector, ir::Type to);
  Value* sum_bits(const Inst& inst, bool want_overflow);

  // -- ciphers and hashes: lower_crypto.cpp
  Value* host_step(const Inst& inst, bool available, llvm::Intrinsic::ID id);

  // -- faults: lower_faults.cpp
  static constexpr ir::BlockId kOutside = ~ir::BlockId{0};
  /// Blocks of a loop, and registers that it writes.
  struct Loop {
    std::vector<bool> blocks, writes;
    size_t size = 0;  ///< blocks
  };
  bool may_fault(const Inst& inst) const;
  bool has_places(const Inst& inst) const;
  bool calls_with_memory(const Inst& inst) const;
  void find_loops();
  void add_to_loop(Loop& loop, ir::BlockId first, ir::BlockId last,
                   const std::vector<std::vector<ir::BlockId>>& from);
  const Loop* entered_loop(ir::BlockId from, ir::BlockId to) const;
  std::vector<bool> without_stored(ir::BlockId from, ir::BlockId to, std::vector<bool> dirty) const;
  void store_on_way(ir::BlockId from, ir::BlockId to);
  void find_kept();
  void store_unkept();
  void store_all_for_fault();
  void note_places();
  void keep_places();
  void stack_map(uint64_t number, llvm::ArrayRef<Value*> values);

  // -- memory: lower_memory.cpp
  Value* address(const Inst& inst, const ir::MemAccess& access);
  Value* exchange_loop(llvm::AtomicRMWInst::BinOp operation, Value* pointer, Value* operand);

  // -- floating point: lower_fp.cpp
  Value* tell_underflow(const Inst& inst, Value* result);
  Value* sum(Value* constrained_call);
  Value* exact_when(
      const Inst& inst, Value* suspicious, Value* fast, llvm::function_ref<void()> on_fast_path = [] {});
  void raise_inexact(Value* value);
  Value* opaque(Value* value);
  Value* hidden(Value* value);
  Value* unordered(Value* a, Value* b);
  Value* evaluate(const Inst& inst);
  Value* as_vector_argument(Value* value, ir::Type type);
  Value* any_lane(Value* mask);
  Value* float_compare(const Inst& inst);
  Value* fused(Value* addend, Value* a, Value* b);
  Value* min_max(const Inst& inst, bool want_min);
  Value* host_round(Value* value, ir::fp::Rounding mode, bool raise_inexact);
  Value* truncate_to_int(Value* value, ir::Type from, unsigned width);
  Value* scalar_to_integer(const Inst& inst, bool is_signed);
  Value* vector_to_integer(const Inst& inst, bool is_signed);
  Value* from_integer(const Inst& inst, bool is_signed);
  Value* change_sign(const Inst& inst, bool flip);

  // -- half precision: lower_half.cpp
  bool lacks_half(const Inst& inst) const;
  bool computes_halves() const { return host_.half_arithmetic && options_.half_arithmetic; }
  Value* operand(const Inst& inst, unsigned index);
  Value* singles(const Inst& inst, unsigned index);
  Value* number(const Inst& inst, unsigned index);
  Value* result(const Inst& inst, Value* wide);
  Value* narrow_sticky(Value* doubles);
  Value* half_fma(const Inst& inst);
  Value* half_min_max(const Inst& inst, bool want_min);
  Value* half_is_nan(Value* half);

  const ir::Function& source_;
  const EngineOptions& options_;
  const HostFeatures host_;
  llvm::Module& module_;
  llvm::LLVMContext& context_;
  llvm::IRBuilder<> b_;
  llvm::Function* function_ = nullptr;
  llvm::FunctionType* convention_ = nullptr;
  Value* state_ = nullptr;
  llvm::GlobalVariable* slots_ = nullptr;
  std::vector<llvm::AllocaInst*> variables_;  ///< per layout row; null where the region does not touch it
  std::vector<std::vector<bool>> dirty_in_;   ///< per block and row: may differ from its home at entry
  std::vector<bool> dirty_;                   ///< the same at the current instruction
  std::vector<std::vector<bool>> loaded_in_;  ///< per block and row: the variable may be in use at entry
  std::vector<bool> loaded_;                  ///< the variable holds the register at the current instruction
  std::map<ir::BlockId, Loop> loops_;         ///< by their first blocks; in precise functions
  std::vector<std::vector<bool>> kept_;       ///< per block and row: may differ from its home in the block
  std::vector<llvm::BasicBlock*> blocks_;
  std::vector<Value*> values_;
  std::vector<ir::Type> unchecked_lanes_;  ///< per value: the float type if such a lane may be another NaN
                                           ///< than the guest's; Void if not
  std::vector<ir::ValueId> unchecked_;  ///< these values' instructions and the writes of registers, in order
  struct Comparison {
    std::array<ir::ValueId, 2> operands;
    uint64_t signalling;
    bool operator==(const Comparison&) const = default;
  };
  std::vector<Comparison> compared_;  ///< in this block: their exceptions are raised
  const ir::Block* block_ = nullptr;
  GuestAddr current_pc_;
  std::vector<std::pair<ir::RegId, Value*>> noted_;  ///< by the stack map of the current access
  Plan plan_;
};

}  // namespace ferry::backend::llvm_tier
