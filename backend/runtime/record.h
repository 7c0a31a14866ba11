#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "backend/codegen.h"
#include "ir/function.h"
#include "ir/guest_arch.h"

namespace ferry::backend {

/// One translation as the engine keeps it: host code, or IR for the interpreter. Lives from its publication to the
/// next flush, also when it was invalidated or replaced: a thread may still be inside, and return stacks may lead to it.
struct Record {
  ir::BlockKey key;
  const void* entry = nullptr;  ///< null: `function` is to be interpreted
  std::unique_ptr<CodeObject> object;
  std::unique_ptr<ir::Function> function;
  std::vector<std::pair<GuestAddr, GuestAddr>> ranges;
  std::vector<LinkSlot*> incoming;   ///< slots that lead here
  std::atomic<bool> valid{true};     ///< false once it was invalidated or replaced
  bool keep_baseline = false;        ///< the optimizer could not improve it: do not ask again

  static std::unique_ptr<Record> of_code(std::unique_ptr<CodeObject> code) {
    auto record = std::make_unique<Record>();
    record->key = code->key;
    record->entry = code->code.data();
    record->ranges = std::move(code->ranges);
    record->object = std::move(code);
    return record;
  }
  static std::unique_ptr<Record> of_function(std::unique_ptr<ir::Function> function) {
    auto record = std::make_unique<Record>();
    record->key = {function->pc, function->mode};
    record->ranges = std::move(function->ranges);
    record->function = std::move(function);
    return record;
  }

  bool optimized() const { return object && object->tier == Tier::Llvm; }
  bool imprecise() const { return object && !object->precise; }
  bool overlaps(GuestAddr first, GuestAddr last) const {
    for (const auto& [from, to] : ranges) {
      if (from < last && first < to) return true;
    }
    return false;
  }
};

}  // namespace ferry::backend
