#include "frontend/arm64/flags.h"

#include "frontend/arm64/translator_core.h"
#include "ir/support/bits.h"

namespace ferry::arm64 {
namespace {

constexpr bool matches(uint32_t word, uint32_t mask, uint32_t value) { return (word & mask) == value; }

FlagUse immediate_use(uint32_t word) {
  if (matches(word, 0x3f800000, 0x31000000)) return FlagUse::Writes;  // ADDS, SUBS
  if (matches(word, 0x7f800000, 0x72000000)) return FlagUse::Writes;  // ANDS
  return FlagUse::None;
}

FlagUse branch_use(uint32_t word) {
  if (matches(word, 0x7c000000, 0x14000000)) return FlagUse::Jumps;  // B, BL
  if (matches(word, 0x7c000000, 0x34000000)) return FlagUse::Forks;  // CBZ, CBNZ, TBZ, TBNZ
  if (matches(word, 0xffdfffe0, 0xd51b4200)) return FlagUse::Reads;  // MRS, MSR NZCV
  if (matches(word, 0xfff8f01f, 0xd500401f)) return FlagUse::Reads;  // CFINV, AXFLAG, XAFLAG, MSR (immediate)
  if (matches(word, 0xfffff0ff, 0xd50330df))
    return FlagUse::Reads;                                          // ISB: what follows may change until then
  if (matches(word, 0xffc00000, 0xd5000000)) return FlagUse::None;  // other system instructions
  return FlagUse::Reads;                                            // B.cond, BR, RET, SVC...
}

FlagUse register_use(uint32_t word) {
  const uint32_t group = support::extract(word, 24, 5);
  const bool s = support::extract(word, 29, 1) != 0;
  if (group == 0b01010) return matches(word, 0x60000000, 0x60000000) ? FlagUse::Writes : FlagUse::None;
  if (group == 0b01011) return s ? FlagUse::Writes : FlagUse::None;
  if (group == 0b11011) return FlagUse::None;
  const bool no_flags = support::extract(word, 21, 3) == 0b110 && !s;  // 1 and 2 source
  return no_flags ? FlagUse::None : FlagUse::Reads;
}

FlagUse fp_use(uint32_t word) {
  if (matches(word, 0xff20fc07, 0x1e202000)) return FlagUse::Writes;  // FCMP, FCMPE
  if (matches(word, 0xff200400, 0x1e200400)) return FlagUse::Reads;   // FCCMP, FCSEL
  if (matches(word, 0xfffffc00, 0x1e7e0000)) return FlagUse::Reads;   // FJCVTZS
  return FlagUse::None;
}

}  // namespace

FlagUse flag_use(uint32_t word) {
  switch (support::extract(word, 25, 4)) {  // Arm ARM C4.1, op0
    case 0b1000:
    case 0b1001:
      return immediate_use(word);
    case 0b1010:
    case 0b1011:
      return branch_use(word);
    case 0b0100:
    case 0b0110:
    case 0b1100:
    case 0b1110:  // memory copy and set (0x011x01) pass NZCV between their instructions
      return matches(word, 0x3b200c00, 0x19000400) ? FlagUse::Reads : FlagUse::None;
    case 0b0101:
    case 0b1101:
      return register_use(word);
    case 0b0111:
    case 0b1111:
      return fp_use(word);
    default:
      return FlagUse::Reads;
  }
}

GuestAddr direct_target(uint32_t word, GuestAddr pc) {
  int64_t offset;
  if (matches(word, 0x7c000000, 0x14000000)) {
    offset = support::sign_extend(word, 26);
  } else if (matches(word, 0x7e000000, 0x36000000)) {
    offset = support::sign_extend(word >> 5, 14);
  } else {
    offset = support::sign_extend(word >> 5, 19);
  }
  return pc + static_cast<uint64_t>(offset * 4);
}

// ---- setting flags

FlagRecipe& TranslatorCore::replace_flags(FlagRecipe::Kind kind) {
  settle_fp_exceptions();
  flags_ = FlagRecipe{};
  flags_.kind = kind;
  flags_.stored = false;
  return flags_;
}

void TranslatorCore::set_flags_add(Value a, Value b, Value result) {
  FlagRecipe& f = replace_flags(FlagRecipe::Kind::Add);
  f.a = a;
  f.b = b;
  f.result = result;
}

void TranslatorCore::set_flags_sub(Value a, Value b, Value result) {
  FlagRecipe& f = replace_flags(FlagRecipe::Kind::Sub);
  f.a = a;
  f.b = b;
  f.result = result;
}

void TranslatorCore::set_flags_adc(Value a, Value b, Value carry_in, Value result) {
  FlagRecipe& f = replace_flags(FlagRecipe::Kind::Adc);
  f.a = a;
  f.b = b;
  f.carry_in = carry_in;
  f.result = result;
}

void TranslatorCore::set_flags_logic(Value result) { replace_flags(FlagRecipe::Kind::Logic).result = result; }

void TranslatorCore::set_flags_float_compare(Value a, Value b, bool signalling) {
  FlagRecipe& f = replace_flags(FlagRecipe::Kind::FloatCompare);
  f.a = a;
  f.b = b;
  f.signalling = signalling;
  f.raised = false;
}

void TranslatorCore::set_flags_packed(Value nzcv) { replace_flags(FlagRecipe::Kind::Packed).result = nzcv; }

void TranslatorCore::guard_flags(Value guard, uint32_t otherwise) {
  flags_.guard = guard;
  flags_.otherwise = static_cast<uint8_t>(otherwise);
}

void TranslatorCore::settle_fp_exceptions() {
  if (!flags_.raised) float_compare(static_cast<unsigned>(FloatCond::Uno));
}

// ---- the flags one by one

TranslatorCore::Value TranslatorCore::float_compare(unsigned relations) {
  flags_.raised = true;
  return b_.emit(Op::fcmp, Type::I1, {flags_.a, flags_.b}, relations, flags_.signalling ? 1 : 0);
}

TranslatorCore::Value TranslatorCore::packed_bit(unsigned bit) {
  return b_.icmp(IntCond::Ne, b_.and_(flags_.result, b_.i32(uint32_t{1} << bit)), b_.i32(0));
}

TranslatorCore::Value TranslatorCore::plain_n() {
  switch (flags_.kind) {
    case FlagRecipe::Kind::Registers:
      return b_.get_reg(N, Type::I1);
    case FlagRecipe::Kind::FloatCompare:
      return float_compare(1);
    default:
      return b_.icmp(IntCond::Slt, flags_.result, b_.konst(flags_.result.type, 0));
  }
}

TranslatorCore::Value TranslatorCore::plain_z() {
  switch (flags_.kind) {
    case FlagRecipe::Kind::Registers:
      return b_.get_reg(Z, Type::I1);
    case FlagRecipe::Kind::FloatCompare:
      return float_compare(2);
    case FlagRecipe::Kind::Packed:
      return packed_bit(30);
    case FlagRecipe::Kind::Sub:
      return b_.icmp(IntCond::Eq, flags_.a, flags_.b);
    default:
      return b_.icmp(IntCond::Eq, flags_.result, b_.konst(flags_.result.type, 0));
  }
}

TranslatorCore::Value TranslatorCore::plain_c() {
  switch (flags_.kind) {
    case FlagRecipe::Kind::Registers:
      return b_.get_reg(C, Type::I1);
    case FlagRecipe::Kind::Add:
      return b_.icmp(IntCond::Ult, flags_.result, flags_.a);
    case FlagRecipe::Kind::Sub:
      return b_.icmp(IntCond::Uge, flags_.a, flags_.b);
    case FlagRecipe::Kind::Adc:
      return b_.emit(Op::carry, Type::I1, {flags_.a, flags_.b, flags_.carry_in});
    case FlagRecipe::Kind::Logic:
      return b_.i1(false);
    case FlagRecipe::Kind::FloatCompare:
      return float_compare(14);
    case FlagRecipe::Kind::Packed:
      return packed_bit(29);
  }
  return {};
}

TranslatorCore::Value TranslatorCore::plain_v() {
  switch (flags_.kind) {
    case FlagRecipe::Kind::Registers:
      return b_.xor_(b_.get_reg(N, Type::I1), b_.get_reg(S, Type::I1));
    case FlagRecipe::Kind::Add:
      return b_.emit(Op::overflow, Type::I1, {flags_.a, flags_.b, b_.i1(false)});
    case FlagRecipe::Kind::Sub:
      return b_.xor_(plain_n(), plain_s());
    case FlagRecipe::Kind::Adc:
      return b_.emit(Op::overflow, Type::I1, {flags_.a, flags_.b, flags_.carry_in});
    case FlagRecipe::Kind::Logic:
      return b_.i1(false);
    case FlagRecipe::Kind::FloatCompare:
      return float_compare(8);
    case FlagRecipe::Kind::Packed:
      return packed_bit(28);
  }
  return {};
}

TranslatorCore::Value TranslatorCore::plain_s() {
  switch (flags_.kind) {
    case FlagRecipe::Kind::Registers:
      return b_.get_reg(S, Type::I1);
    case FlagRecipe::Kind::Sub:
      return b_.icmp(IntCond::Slt, flags_.a, flags_.b);
    case FlagRecipe::Kind::Logic:
      return plain_n();
    case FlagRecipe::Kind::FloatCompare:
      return float_compare(9);
    default:
      return b_.xor_(plain_n(), plain_v());
  }
}

TranslatorCore::Value TranslatorCore::guarded(Value inner, bool otherwise) {
  if (!flags_.guard) return inner;
  return otherwise ? b_.or_(b_.not_(flags_.guard), inner) : b_.and_(flags_.guard, inner);
}

TranslatorCore::Value TranslatorCore::flag_n() { return guarded(plain_n(), (flags_.otherwise & 8) != 0); }
TranslatorCore::Value TranslatorCore::flag_z() { return guarded(plain_z(), (flags_.otherwise & 4) != 0); }
TranslatorCore::Value TranslatorCore::flag_c() { return guarded(plain_c(), (flags_.otherwise & 2) != 0); }
TranslatorCore::Value TranslatorCore::flag_v() { return guarded(plain_v(), (flags_.otherwise & 1) != 0); }

TranslatorCore::Value TranslatorCore::packed_flags() {
  Value packed = b_.shl(b_.zext(Type::I64, flag_n()), b_.i64(31));
  packed = b_.or_(packed, b_.shl(b_.zext(Type::I64, flag_z()), b_.i64(30)));
  packed = b_.or_(packed, b_.shl(b_.zext(Type::I64, flag_c()), b_.i64(29)));
  return b_.or_(packed, b_.shl(b_.zext(Type::I64, flag_v()), b_.i64(28)));
}

// ---- conditions

namespace {

/// The integer comparison of a with b that `cond` means after CMP a, b; false: there is none (Mi, Pl, Vs,
/// Vc).
bool compare_condition(Cond cond, ir::IntCond& out) {
  switch (cond) {
    case Cond::Eq:
      out = ir::IntCond::Eq;
      return true;
    case Cond::Ne:
      out = ir::IntCond::Ne;
      return true;
    case Cond::Cs:
      out = ir::IntCond::Uge;
      return true;
    case Cond::Cc:
      out = ir::IntCond::Ult;
      return true;
    case Cond::Hi:
      out = ir::IntCond::Ugt;
      return true;
    case Cond::Ls:
      out = ir::IntCond::Ule;
      return true;
    case Cond::Ge:
      out = ir::IntCond::Sge;
      return true;
    case Cond::Lt:
      out = ir::IntCond::Slt;
      return true;
    case Cond::Gt:
      out = ir::IntCond::Sgt;
      return true;
    case Cond::Le:
      out = ir::IntCond::Sle;
      return true;
    default:
      return false;
  }
}

/// The comparison of a result with zero that `cond` means after ANDS (C = V = 0); false: there is none.
bool logic_condition(Cond cond, ir::IntCond& out) {
  switch (cond) {
    case Cond::Eq:
    case Cond::Ls:
      out = ir::IntCond::Eq;
      return true;  // C is 0: LS is "Z or not C", see below
    case Cond::Ne:
      out = ir::IntCond::Ne;
      return true;
    case Cond::Mi:
    case Cond::Lt:
      out = ir::IntCond::Slt;
      return true;
    case Cond::Pl:
    case Cond::Ge:
      out = ir::IntCond::Sge;
      return true;
    case Cond::Gt:
      out = ir::IntCond::Sgt;
      return true;
    case Cond::Le:
      out = ir::IntCond::Sle;
      return true;
    default:
      return false;
  }
}

/// The set of relations (FloatCond's bits) for which `cond` holds after FCMP: less gives N, equal Z and C,
/// greater C, unordered C and V.
constexpr unsigned float_relations(Cond cond) {
  constexpr unsigned kFlags[] = {8, 4 | 2, 2, 2 | 1};
  unsigned relations = 0;
  for (unsigned i = 0; i < 4; ++i) relations |= condition_holds(cond, kFlags[i]) ? 1u << i : 0;
  return relations;
}
static_assert(float_relations(Cond::Gt) == static_cast<unsigned>(ir::FloatCond::Ogt));
static_assert(float_relations(Cond::Hi) == static_cast<unsigned>(ir::FloatCond::Ugt));

}  // namespace

TranslatorCore::Value TranslatorCore::plain_condition(Cond cond) {
  IntCond direct;
  if (flags_.kind == FlagRecipe::Kind::Sub && compare_condition(cond, direct)) {
    return b_.icmp(direct, flags_.a, flags_.b);
  }
  if (flags_.kind == FlagRecipe::Kind::Logic) {
    if (cond == Cond::Ls) return b_.i1(true);
    if (logic_condition(cond, direct)) return b_.icmp(direct, flags_.result, b_.konst(flags_.result.type, 0));
  }
  if (flags_.kind == FlagRecipe::Kind::FloatCompare) return float_compare(float_relations(cond));
  if (flags_.kind == FlagRecipe::Kind::Add && (cond == Cond::Eq || cond == Cond::Ne)) {
    return b_.icmp(cond == Cond::Eq ? IntCond::Eq : IntCond::Ne, flags_.result,
                   b_.konst(flags_.result.type, 0));
  }
  switch (cond) {
    case Cond::Eq:
      return plain_z();
    case Cond::Ne:
      return b_.not_(plain_z());
    case Cond::Cs:
      return plain_c();
    case Cond::Cc:
      return b_.not_(plain_c());
    case Cond::Mi:
      return plain_n();
    case Cond::Pl:
      return b_.not_(plain_n());
    case Cond::Vs:
      return plain_v();
    case Cond::Vc:
      return b_.not_(plain_v());
    case Cond::Hi:
      return b_.andn(plain_c(), plain_z());
    case Cond::Ls:
      return b_.or_(b_.not_(plain_c()), plain_z());
    case Cond::Ge:
      return b_.not_(plain_s());
    case Cond::Lt:
      return plain_s();
    case Cond::Gt:
      return b_.not_(b_.or_(plain_s(), plain_z()));
    case Cond::Le:
      return b_.or_(plain_s(), plain_z());
    default:
      return b_.i1(true);
  }
}

TranslatorCore::Value TranslatorCore::condition(uint32_t cond) {
  const auto c = static_cast<Cond>(cond);
  if (c >= Cond::Al) return b_.i1(true);
  return guarded(plain_condition(c), condition_holds(c, flags_.otherwise));
}

// ---- writing them to their rows

void TranslatorCore::store_flags() {
  if (flags_.stored) return;
  const unsigned otherwise = flags_.otherwise;
  const bool otherwise_s = ((otherwise >> 3) ^ otherwise) & 1;
  const Value n = flag_n();
  const Value z = flag_z();
  const Value c = flag_c();
  const Value s = guarded(plain_s(), otherwise_s);
  b_.set_reg(N, n);
  b_.set_reg(Z, z);
  b_.set_reg(C, c);
  b_.set_reg(S, s);
  flags_.stored = true;
}

void TranslatorCore::finish_flags() {
  settle_fp_exceptions();
  store_flags();
  flags_ = FlagRecipe{};
}

void TranslatorCore::store_flags_if_live() {
  if (flags_.stored || flags_.dead) return settle_fp_exceptions();
  flags_.dead = flags_dead_at(next_pc(), kPeekBudget);
  if (flags_.dead) return settle_fp_exceptions();
  store_flags();
}

void TranslatorCore::store_flags_for(GuestAddr target) {
  settle_fp_exceptions();
  if (flags_.stored || flags_.dead || flags_dead_at(target, kPeekBudget)) return;
  store_flags();
}

bool TranslatorCore::flags_dead_at(GuestAddr pc, unsigned budget) {
  if (limits_.max_insts == 1) return false;
  const unsigned peeked_before = peeked_count_;
  const bool dead = peek_flags(pc, budget);
  if (!dead) peeked_count_ = peeked_before;
  return dead;
}

bool TranslatorCore::peek_flags(GuestAddr pc, unsigned budget) {
  constexpr uint64_t kPage = 4096;
  if (peeked_count_ == kMaxPeeked) return false;
  auto& range = peeked_[peeked_count_++];
  range = {pc, pc};
  while (budget-- > 0 && support::align_down(pc.value, kPage) == support::align_down(pc_.value, kPage)) {
    const uint32_t word = read_word(pc);
    range.second = pc + 4;
    switch (flag_use(word)) {
      case FlagUse::None:
        break;
      case FlagUse::Reads:
        return false;
      case FlagUse::Writes:
        return true;
      case FlagUse::Jumps:
        return peek_flags(direct_target(word, pc), budget);
      case FlagUse::Forks:
        if (!peek_flags(direct_target(word, pc), budget / 2)) return false;
        break;
    }
    pc = pc + 4;
  }
  return false;
}

}  // namespace ferry::arm64
