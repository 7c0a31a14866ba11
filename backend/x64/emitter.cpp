#include "backend/x64/emitter.h"

#include <cstring>

#include "backend/runtime/evaluate.h"
#include "backend/x64/slow_op.h"
#include "backend/x64/stubs.h"

namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::Op;
using ir::Type;
using ir::ValueId;

namespace {

/// No op expands to more than this; helper calls and slow paths come close.
constexpr size_t kBytesPerInst = 400;
constexpr size_t kFirstBuffer = size_t{64} << 10;

/// Ops whose usual code leaves the host's flags alone.
constexpr bool keeps_flags(Op op) {
  switch (op) {
    case Op::konst:
    case Op::get_reg:
    case Op::set_reg:
    case Op::at:
    case Op::icmp:
    case Op::zext:
    case Op::trunc:
    case Op::load:
    case Op::select:
    case Op::extract_lane:
    case Op::scalar_to_vec:
    case Op::zero_upper:
    case Op::br_if:
      return true;
    default:
      return false;
  }
}

/// Ops without operands that emit nothing: nearly half of all instructions.
constexpr bool is_silent(Op op) { return op == Op::at || op == Op::konst || op == Op::get_reg; }

}  // namespace

Emitter::Emitter(const EngineOptions& options, const HostFeatures& features)
    : options_(options),
      host_(features),
      buffer_bytes_(kFirstBuffer),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_bytes_)),
      as_(buffer_bytes_, buffer_.get()) {}

support::Result<CodeImage> Emitter::compile(const ir::Function& fn) {
  const size_t room = fn.insts.size() * kBytesPerInst + 4096;
  if (room > buffer_bytes_) {
    buffer_bytes_ = room;
    buffer_ = std::make_unique_for_overwrite<std::byte[]>(room);
    as_.set_buffer(buffer_bytes_, buffer_.get());
  }
  fn_ = &fn;
  as_.rewind();
  slots_.clear();
  profiled_.reset();
  fixups_.clear();
  cold_.clear();
  faults_.clear();
  block_jumps_.clear();
  Xbyak::ClearError();
  emit_function();
  if (ra_.overflowed())
    return support::Error{"a block keeps more values alive than the x64 baseline has room for"};
  if (Xbyak::GetError() != 0) {
    return support::Error{std::string("x64 encoder: ") + Xbyak::ConvertErrorToString(Xbyak::GetError())};
  }
  return finish();
}

void Emitter::emit_function() {
  const ir::StateLayout& layout = *fn_->layout;
  pc_offset_ = layout.regs[layout.pc].offset;
  current_pc_ = fn_->pc;
  if (layout_ != &layout) use_layout(layout);
  ra_.begin_function(*fn_);
  last_pc_ = GuestAddr{std::max(fn_->pc.value, ra_.last_pc())};
  block_start_.resize(fn_->blocks.size());
  for (ir::BlockId block = 0; block < fn_->blocks.size(); ++block) emit_block(block);
  for (const BlockJump& jump : block_jumps_) as_.bind(jump.jump, block_start_[jump.to]);
  for (size_t i = 0; i < cold_.size(); ++i) emit_cold(cold_[i]);
}

void Emitter::use_layout(const ir::StateLayout& layout) {
  layout_ = &layout;
  pins_.clear();
  for (const ir::StateReg& reg : layout.regs) {
    if (reg.pin != ir::kNoPin) pins_.push_back({kPinRegs[reg.pin], reg.type, reg.offset});
  }
}

void Emitter::emit_block(ir::BlockId block) {
  block_ = block;
  block_start_[block] = as_.offset();
  clobber_flags();
  ra_.begin_block();
  const ir::Block& b = fn_->blocks[block];
  for (ValueId id = b.begin; id < b.end; ++id) emit_inst(id);
}

void Emitter::emit_inst(ValueId id) {
  using Handler = void (Emitter::*)(const Inst&, ValueId);
  static constexpr Handler kHandlers[] = {
#define OP(name, signature, immediate, trait) &Emitter::on_##name,
#include "ir/ops.def"
#undef OP
  };
  if (ra_.skippable(id)) return;
  const Inst& in = fn_->insts[id];
  if (is_silent(in.op)) {
    ra_.begin_value(id);
    return (this->*kHandlers[static_cast<unsigned>(in.op)])(in, id);
  }
  ra_.begin_inst(id);
  (this->*kHandlers[static_cast<unsigned>(in.op)])(in, id);
  ra_.end_inst(id);
  if (flags_.end != as_.offset() && !keeps_flags(in.op)) clobber_flags();
}

CodeImage Emitter::finish() {
  const uint32_t resolvers = as_.offset();
  as_.leave_room(slots_.size() * kResolverBytes);
  as_.emit_pool();
  std::byte* const code = buffer_.get();
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    slots_[i].resolver = resolvers + i * static_cast<uint32_t>(kResolverBytes);
    emit_resolver(code + slots_[i].resolver, slots_[i].resolver, i, fixups_);
  }
  ranges_ = fn_->ranges;
  CodeImage image;
  image.key = {fn_->pc, fn_->mode};
  image.guest_insts = fn_->guest_insts;
  image.code = {code, as_.getSize()};
  image.slots = slots_;
  image.fixups = fixups_;
  image.fault_points = faults_;
  image.ranges = ranges_;
  image.profiled = profiled_;
  return image;
}

// ---- operands

Xbyak::Address Emitter::home_address(int32_t offset, unsigned bits) {
  switch (bits) {
    case 1:
    case 8:
      return Xbyak::util::byte[Xbyak::util::r12 + offset];
    case 16:
      return Xbyak::util::word[Xbyak::util::r12 + offset];
    case 32:
      return Xbyak::util::dword[Xbyak::util::r12 + offset];
    case 64:
      return Xbyak::util::qword[Xbyak::util::r12 + offset];
    default:
      return Xbyak::util::xword[Xbyak::util::r12 + offset];
  }
}

int Emitter::gp(ValueId v) {
  const ValueKind kind = ra_.kind(v);
  if (kind == ValueKind::Compare || kind == ValueKind::NotCompare) materialize(v);
  return ra_.use(v);
}

int Emitter::gp_zero_extended(ValueId v) {
  const int reg = gp(v);
  if (ra_.clean(v)) return reg;
  const int temp = ra_.scratch_gpr();
  switch (ir::bits(ra_.type(v))) {
    case 1:
    case 8:
      as_.movzx(r(temp, 32), r8(reg));
      break;
    case 16:
      as_.movzx(r(temp, 32), Xbyak::Reg16(reg));
      break;
    case 32:
      as_.mov(r(temp, 32), r(reg, 32));
      break;
    default:
      return reg;
  }
  return temp;
}

int Emitter::gp_sign_extended(ValueId v) {
  const int reg = gp(v);
  if (ir::bits(ra_.type(v)) == 64) return reg;
  const int temp = ra_.scratch_gpr();
  switch (ir::bits(ra_.type(v))) {
    case 8:
      as_.movsx(r(temp, 64), r8(reg));
      break;
    case 16:
      as_.movsx(r(temp, 64), Xbyak::Reg16(reg));
      break;
    default:
      as_.movsxd(Xbyak::Reg64(temp), Xbyak::Reg32(reg));
      break;
  }
  return temp;
}

bool Emitter::immediate(ValueId v, int32_t& imm) const {
  if (!ra_.is_const(v)) return false;
  const uint64_t bits = ra_.constant(v);
  if (ir::bits(ra_.type(v)) <= 32) {
    imm = static_cast<int32_t>(static_cast<uint32_t>(bits));
    return true;
  }
  imm = static_cast<int32_t>(bits);
  return static_cast<uint64_t>(int64_t{imm}) == bits;
}

// ---- flags

bool Emitter::equal_operands(ValueId a, ValueId b) const {
  if (ra_.is_const(a) && ra_.is_const(b)) return ra_.constant(a) == ra_.constant(b);
  return ra_.same(a, b);
}

void Emitter::flags_are_compare(ValueId a, ValueId b, Type type) {
  flags_ = {.end = as_.offset(), .a = a, .b = b, .type = type};
}

void Emitter::flags_are_result(ValueId v, Type type) {
  flags_ = {.end = as_.offset(), .result = v, .result_type = type};
}

bool Emitter::flags_compare(ValueId a, ValueId b, Type type) const {
  return flags_.a != kNoValue && flags_.type == type && equal_operands(flags_.a, a) &&
         equal_operands(flags_.b, b);
}

// ---- ops left to C++

void Emitter::slow_store(unsigned index, Type type, int reg) {
  const int32_t offset = FERRY_AREA_OFFSET(slow_operands) + 16 * static_cast<int32_t>(index);
  if (!ir::in_vector_register(type)) return as_.mov(as_.area(offset), Xbyak::Reg64(reg));
  if (ir::is_vector(type)) return as_.movups(as_.area(offset), x(reg));
  if (ir::bits(type) == 64) return as_.movsd(as_.area(offset), x(reg));
  as_.movss(as_.area(offset), x(reg));
}

void Emitter::slow_invoke(const Inst& in) {
  const OpDescriptor descriptor{in.op, in.type, ra_.type(in.args[0]), fn_->nan_rule};
  as_.call(as_.area(FERRY_AREA_OFFSET(stubs.slow_op)));
  static_assert(sizeof(SlowOp) == 24);
  as_.put64(descriptor.pack());
  as_.put64(in.imm);
  as_.put64(in.imm2);
}

void Emitter::slow_result(Type type, int reg) {
  const int32_t offset = FERRY_AREA_OFFSET(slow_operands);
  if (!ir::in_vector_register(type)) return as_.mov(Xbyak::Reg64(reg), as_.area(offset));
  as_.movups(x(reg), as_.area(offset));
}

void Emitter::emit_slow_call(const Inst& in, ValueId id) {
  const RegAlloc::Locks before = ra_.locks();
  for (unsigned i = 0; i < in.arg_count; ++i) {
    const Type type = ra_.type(in.args[i]);
    const bool vector = ir::in_vector_register(type);
    slow_store(i, type, vector ? vx(in.args[i]) : gp_zero_extended(in.args[i]));
    ra_.set_locks(before);
  }
  slow_invoke(in);
  const int to = ra_.define(id);
  slow_result(in.type, to);
  clobber_flags();
  ra_.set_clean(id, !ir::is_float(in.type));
}

}  // namespace ferry::backend::x64
