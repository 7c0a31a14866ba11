// Runs IR functions through the x64 baseline without an engine: a code space, a state, and the shared stubs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/codegen.h"
#include "backend/engine.h"
#include "backend/x64/codegen.h"
#include "backend/x64/stubs.h"
#include "ir/function.h"
#include "ir/interp.h"

namespace ferry::backend::x64::test {

inline constexpr unsigned kWords = 20;    // I64 rows w0...; the first kPinCount are pinned
inline constexpr unsigned kHalves = 4;    // I32 rows
inline constexpr unsigned kFlags = 4;     // I1 rows
inline constexpr unsigned kVectors = 12;  // V16I8 rows

/// The registers of a made-up guest.
struct alignas(16) State {
  uint64_t words[kWords];
  uint64_t pc;
  uint64_t trap_arg;
  uint32_t halves[kHalves];
  uint8_t flags[kFlags];
  uint8_t padding[12];
  ir::Bits128 vectors[kVectors];

  bool operator==(const State&) const = default;
};

constexpr ir::RegId word(unsigned i) { return static_cast<ir::RegId>(i); }
constexpr ir::RegId half(unsigned i) { return static_cast<ir::RegId>(kWords + i); }
constexpr ir::RegId flag(unsigned i) { return static_cast<ir::RegId>(kWords + kHalves + i); }
constexpr ir::RegId vector(unsigned i) { return static_cast<ir::RegId>(kWords + kHalves + kFlags + i); }

const ir::StateLayout& layout();

/// Helpers by what they do.
enum Helper : ir::HelperId { kMix, kBlend, kScale, kTouchState, kPeek, kHelperCount };
std::span<const ir::HelperInfo> helpers();

/// One mapping for code, slots and counters.
class TestSpace : public CodeSpace {
 public:
  TestSpace();
  ~TestSpace() override;
  std::span<std::byte> reserve(size_t bytes) override;
  void commit(size_t used) override;
  LinkSlot* allocate_slots(size_t count) override;
  uint64_t* allocate_counter(uint64_t value) override;
  void rewind() { code_used_ = keep_code_, data_used_ = 0; }
  void keep() { keep_code_ = code_used_; }

 private:
  static constexpr size_t kBytes = size_t{32} << 20;
  std::byte* base_;
  size_t code_used_ = 0, keep_code_ = 0, data_used_ = 0;
};

/// How translated code came back.
struct Exit {
  ExitKind kind;
  uint64_t value;
  LinkSlot* slot = nullptr;  ///< ResolveLink, Hot
};

/// Code that was compiled and placed.
struct Compiled {
  std::span<std::byte> code;
  std::vector<LinkSlot*> slots;
  std::vector<FaultPoint> fault_points;
  bool pins_in_registers;
};

/// A CPU of the made-up guest and a code generator.
class Machine {
 public:
  explicit Machine(const EngineOptions& options = {}, const HostFeatures& features = HostFeatures::detect());

  State& state() { return memory_->state; }
  RuntimeArea& area() { return memory_->area; }
  TestSpace& space() { return space_; }

  /// nullptr when that fails: error() tells why.
  std::unique_ptr<Compiled> compile(const ir::Function& fn);
  const std::string& error() const { return error_; }
  Exit enter(const void* code);
  Exit run(const ir::Function& fn);
  void reset_return_stack();

 private:
  struct alignas(16) Memory {
    RuntimeArea area;
    State state;
  };
  uint64_t hot_threshold_;
  TestSpace space_;
  StubCode stubs_;
  std::unique_ptr<Memory> memory_;
  std::vector<uint64_t> stack_;
  std::unique_ptr<Codegen> codegen_;
  std::string error_;
};

/// A Function with this guest's layout and helpers.
ir::Function new_function();

}  // namespace ferry::backend::x64::test
