#include "frontend/arm64/translator_core.h"

#include <algorithm>

#include "frontend/arm64/flow.h"
#include "frontend/arm64/helpers_tags.h"

namespace ferry::arm64 {

TranslatorCore::TranslatorCore(const Cpu& cpu, const ir::BlockKey& key, const ir::TranslateLimits& limits,
                               ir::Function& out)
    : b_(out), pc_(key.pc), cpu_(cpu), limits_(limits) {}

// ---- guest memory

void TranslatorCore::before_access() {
  if (limits_.precise) store_flags_if_live();
}

TranslatorCore::Value TranslatorCore::full_address(Address address) {
  Value sum = address.base;
  if (address.index) sum = b_.add(sum, b_.shl(address.index, b_.i64(address.scale)));
  const auto disp = static_cast<uint64_t>(int64_t{address.disp});
  return disp == 0 ? sum : b_.add(sum, b_.i64(disp));
}

ir::Address TranslatorCore::check_tags(Address address, unsigned bytes, bool write) {
  const Address checked = check_part(address, bytes, write);
  tag_checked_ = false;
  return checked;
}

ir::Address TranslatorCore::check_part(Address address, unsigned bytes, bool write) {
  if (!checks_tags() || !tag_checked_) return address;
  const Value access = b_.i32(bytes | (write ? helpers::kCheckedWrite : 0));
  return {call(Helper::check_tags, {full_address(address), access})};
}

TranslatorCore::Value TranslatorCore::load(Type type, Address address, MemAccess access) {
  address = check_part(address, access.bytes, false);
  before_access();
  return b_.load(type, address, access);
}

void TranslatorCore::store(Address address, Value value, MemAccess access) {
  address = check_part(address, access.bytes, true);
  before_access();
  b_.store(address, value, access);
}

TranslatorCore::Value TranslatorCore::atomic_rmw(Value address, Value operand, MemAccess access,
                                                 ir::AtomicKind kind) {
  address = check_tags(address, access.bytes, false);
  before_access();
  return b_.emit(Op::atomic_rmw, operand.type, {address, operand}, access.pack(),
                 static_cast<uint64_t>(kind));
}

TranslatorCore::Value TranslatorCore::cmpxchg(Value address, Value expected, Value desired,
                                              MemAccess access) {
  address = check_tags(address, access.bytes, false);
  before_access();
  return b_.emit(Op::cmpxchg, desired.type, {address, expected, desired}, access.pack());
}

void TranslatorCore::check_alignment(Value address, unsigned bytes) {
  constexpr unsigned kBlock = 16;  // FEAT_LSE2
  if (bytes == 1) return;
  before_access();
  b_.emit(Op::check_aligned, Type::Void, {address}, bytes, cpu_.has(Feature::LSE2) ? kBlock : bytes);
}

void TranslatorCore::check_alignment(Address address, unsigned bytes) {
  check_alignment(full_address(address), bytes);
}

TranslatorCore::Value TranslatorCore::call(Helper helper, std::initializer_list<Value> args) {
  const auto id = static_cast<ir::HelperId>(helper);
  if (b_.function().helpers[id].effect == ir::HelperEffect::Memory) before_access();
  return b_.call(id, args);
}

// ---- blocks and exits

void TranslatorCore::begin_block(GuestAddr pc) {
  flags_ = FlagRecipe{};
  b_.begin_block(pc, is_main() ? ir::BlockKind::Main : ir::BlockKind::Copy);
}

ir::BlockId TranslatorCore::block_at(frontend::RegionPlace place) {
  const uint32_t inside = region_.find(place);
  return inside != frontend::Region::kNone ? inside : exit_block(Exit{place});
}

uint32_t TranslatorCore::copy_of(GuestAddr function) const {
  return is_main() ? region_.find({function, next_pc()}) : frontend::Region::kNone;
}

ir::BlockId TranslatorCore::exit_block(const Exit& exit) {
  const std::size_t inner = std::max<std::size_t>(region_.blocks().size(), 1);
  const auto known = std::find(exits_.begin(), exits_.end(), exit);
  const auto index = known - exits_.begin();
  if (known == exits_.end()) exits_.push_back(exit);
  return static_cast<ir::BlockId>(inner + static_cast<std::size_t>(index));
}

// Whoever leaves the copy of a called function leaves as if by that call, so that the return is predicted.
void TranslatorCore::leave_for(frontend::RegionPlace place) {
  if (place.return_to == GuestAddr{}) {
    b_.goto_pc(place.pc);
  } else {
    b_.call_pc(place.pc, place.return_to);
  }
}

void TranslatorCore::leave_indirect(Value target, GuestAddr return_to) {
  if (return_to == GuestAddr{}) {
    b_.goto_indirect(target);
  } else {
    b_.call_indirect(target, return_to);
  }
}

void TranslatorCore::emit_exits() {
  // One may need another.
  for (std::size_t i = 0; i < exits_.size(); ++i) {
    const Exit exit = exits_[i];
    b_.begin_block(exit.at.pc);
    emit_exit(exit);
  }
}

void TranslatorCore::emit_exit(const Exit& exit) {
  switch (exit.how) {
    case Exit::How::To:
      return leave_for(exit.at);
    case Exit::How::Jump:
      return leave_indirect(x(exit.by), exit.at.return_to);
    case Exit::How::Call:
      return b_.call_indirect(x(exit.by), exit.at.pc + 4);
    case Exit::How::Return:
      return b_.ret(x(exit.by));
    case Exit::How::SystemCall:
      return b_.trap(ir::TrapKind::SystemCall, exit.at.pc);
    case Exit::How::Repeat: {
      const Value again = b_.icmp(ir::IntCond::Ne, x(exit.by), b_.i64(0));
      const ir::BlockId here = block_at(exit.at);
      return b_.br_if(again, here, block_at({exit.at.pc + 4, exit.at.return_to}));
    }
  }
}

void TranslatorCore::fall_through(GuestAddr pc) {
  store_flags_for(pc);
  const uint32_t inside = region_.find({pc, return_to_});
  if (inside != frontend::Region::kNone) {
    b_.br(inside);
  } else {
    leave_for({pc, return_to_});
  }
}

void TranslatorCore::add_peeked_ranges() {
  auto& ranges = b_.function().ranges;
  for (unsigned i = 0; i < peeked_count_; ++i) {
    const auto [first, last] = peeked_[i];
    const auto touching = std::find_if(ranges.begin(), ranges.end(), [&](const auto& range) {
      return first <= range.second && range.first <= last;
    });
    if (touching == ranges.end()) {
      ranges.push_back(peeked_[i]);
    } else {
      *touching = {std::min(first, touching->first), std::max(last, touching->second)};
    }
  }
  peeked_count_ = 0;
}

// ---- ends of a block

bool TranslatorCore::trap(ir::TrapKind kind, GuestAddr resume) {
  settle_fp_exceptions();
  store_flags();
  b_.trap(kind, resume);
  return false;
}

bool TranslatorCore::system_call() {
  settle_fp_exceptions();
  store_flags();
  const Value made = call(Helper::system_call, {b_.i64(next_pc().value)});
  // Both ways lead forward, so that neither is a safe point: a call that was made must not come again.
  b_.br_if(made, block_at(next_pc()), exit_block({{next_pc(), return_to_}, Exit::How::SystemCall}));
  return false;
}

bool TranslatorCore::jump(GuestAddr target) {
  fall_through(target);
  return false;
}

bool TranslatorCore::leave_for_next() {
  settle_fp_exceptions();
  store_flags();
  leave_for({next_pc(), return_to_});
  return false;
}

bool TranslatorCore::branch_if(Value condition, GuestAddr target) {
  store_flags_for(target);
  store_flags_for(next_pc());
  const ir::BlockId taken = block_at(target);
  b_.br_if(condition, taken, block_at(next_pc()));
  return false;
}

bool TranslatorCore::branch_or_repeat(Value condition, GuestAddr target, uint32_t n) {
  settle_fp_exceptions();
  store_flags();
  const ir::BlockId taken = block_at(target);
  b_.br_if(condition, taken, exit_block({{pc_, return_to_}, Exit::How::Repeat, n}));
  return false;
}

bool TranslatorCore::jump_indirect(Value target) {
  settle_fp_exceptions();
  store_flags();
  leave_indirect(target, return_to_);
  return false;
}

bool TranslatorCore::branch_by(Exit::How how, uint32_t n, GuestAddr expected, ir::BlockId block) {
  settle_fp_exceptions();
  store_flags();
  const Value is_expected = b_.icmp(ir::IntCond::Eq, x(n), b_.i64(expected.value));
  b_.br_if(is_expected, block, exit_block({{pc_, return_to_}, how, n}));
  return false;
}

bool TranslatorCore::jump_by(uint32_t n) {
  const GuestAddr expected = A64Flow(known_branches()).flow(pc_).target;
  const uint32_t inside = region_.find({expected, return_to_});
  if (inside == frontend::Region::kNone) return jump_indirect(x(n));
  return branch_by(Exit::How::Jump, n, expected, inside);
}

bool TranslatorCore::call_by(uint32_t n) {
  const GuestAddr expected = A64Flow(known_branches()).flow(pc_).target;
  const uint32_t copy = copy_of(expected);
  if (copy == frontend::Region::kNone) return call_indirect(x(n));
  set_r(30, b_.i64(next_pc().value));
  return branch_by(Exit::How::Call, n, expected, copy);
}

bool TranslatorCore::ret_by(uint32_t n) {
  if (is_main()) return ret(x(n));
  return branch_by(Exit::How::Return, n, return_to_, block_at({return_to_, {}}));
}

bool TranslatorCore::call_direct(GuestAddr target) {
  set_r(30, b_.i64(next_pc().value));
  store_flags_for(target);
  const uint32_t copy = copy_of(target);
  if (copy != frontend::Region::kNone) {
    b_.br(copy);
  } else {
    b_.call_pc(target, next_pc());
  }
  return false;
}

bool TranslatorCore::call_indirect(Value target) {
  settle_fp_exceptions();
  set_r(30, b_.i64(next_pc().value));
  store_flags();
  b_.call_indirect(target, next_pc());
  return false;
}

bool TranslatorCore::ret(Value target) {
  settle_fp_exceptions();
  store_flags();
  b_.ret(target);
  return false;
}

}  // namespace ferry::arm64
