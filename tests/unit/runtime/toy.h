#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ir/builder.h"
#include "ir/guest_arch.h"

namespace ferry::toy {

// A made-up guest for the engine's tests. Sixteen 64-bit registers, the first four in host registers; r15 is
// the link register. Instructions are 8 bytes: op, a, b, c, and a 32-bit immediate; branch targets are
// relative to the instruction.
struct State {
  uint64_t r[16];
  uint64_t pc;
  uint64_t trap_arg;
  uint64_t mode;
  uint64_t pad;
};

constexpr unsigned kLink = 15;
/// Loads and stores ignore the top byte of an address.
constexpr uint64_t kAddressMask = ~uint64_t{0} >> 8;

enum class Opcode : uint8_t {
  Addi,        ///< a = b + imm; in mode 1: a = b - imm
  Add,         ///< a = b + c
  Load,        ///< a = [b + imm]
  Store,       ///< [b + imm] = a
  Branch,      ///< to imm
  Less,        ///< if a < b (unsigned) to imm
  Call,        ///< to imm, r15 = return address
  CallReg,     ///< to a, r15 = return address
  JumpReg,     ///< to a
  Return,      ///< to r15, expected to match a call
  System,      ///< system call
  Break,       ///< breakpoint
  SetMode,     ///< mode = imm, then TrapKind::Yield
  Modified,    ///< TrapKind::InvalidateCode for the line at a
  HelperLoad,  ///< a = [b], by a helper
  Count,       ///< any other opcode is illegal
};

struct Inst {
  Opcode op;
  uint8_t a = 0, b = 0, c = 0;
  int32_t imm = 0;
};
static_assert(sizeof(Inst) == 8);
constexpr uint64_t kInstBytes = sizeof(Inst);

enum Reg : ir::RegId { R0 = 0, Pc = 16, TrapArg, Mode, RegCount };

class Arch final : public ir::GuestArch {
 public:
  Arch();
  const ir::StateLayout& layout() const override { return layout_; }
  std::span<const ir::HelperInfo> helpers() const override;
  uint64_t mode(const void* state) const override { return static_cast<const State*>(state)->mode; }
  uint64_t address_mask() const override { return kAddressMask; }
  void translate(ir::BlockKey key, const ir::TranslateLimits& limits, ir::Function& out) const override;
  std::string disassemble(GuestAddr pc, std::span<const std::byte> code) const override;

 private:
  std::vector<std::string> names_;
  std::vector<ir::StateReg> regs_;
  ir::StateLayout layout_;
};

/// Guest code in a mapping of its own; readable and writable.
class Program {
 public:
  explicit Program(size_t bytes = 1u << 20);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  GuestAddr here() const { return {reinterpret_cast<uintptr_t>(next_)}; }
  GuestAddr start() const { return {reinterpret_cast<uintptr_t>(base_)}; }
  Program& put(Inst inst);
  Program& op(Opcode op, unsigned a = 0, unsigned b = 0, unsigned c = 0, int32_t imm = 0);
  /// An instruction whose immediate leads to `label`, which may be defined later.
  Program& to(const std::string& label, Opcode op, unsigned a = 0, unsigned b = 0);
  Program& label(const std::string& name);
  GuestAddr at(const std::string& label) const { return {reinterpret_cast<uintptr_t>(labels_.at(label))}; }
  /// Changes the instruction at `pc`, as a guest's store would.
  static void patch(GuestAddr pc, Inst inst);
  void skip_to(uint64_t offset) { next_ = reinterpret_cast<Inst*>(base_ + offset); }

 private:
  void fix(Inst* inst, const Inst* target);

  std::byte* base_;
  size_t bytes_;
  Inst* next_;
  std::map<std::string, Inst*> labels_;
  std::multimap<std::string, Inst*> waiting_;
};

}  // namespace ferry::toy
