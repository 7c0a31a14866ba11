#pragma once

#include <cstdint>

#include "ir/inst.h"

namespace ferry::ir {

/// A set of types, one bit each.
class TypeSet {
 public:
  constexpr TypeSet() = default;
  constexpr TypeSet(Type type) : bits_(uint32_t{1} << static_cast<unsigned>(type)) {}
  constexpr TypeSet operator|(TypeSet other) const { return TypeSet(bits_ | other.bits_); }
  constexpr bool has(Type type) const { return (bits_ >> static_cast<unsigned>(type) & 1) != 0; }

 private:
  constexpr explicit TypeSet(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

inline constexpr TypeSet kWords = TypeSet(Type::I32) | Type::I64;
inline constexpr TypeSet kIntegers = kWords | Type::I8 | Type::I16;
inline constexpr TypeSet kIntegersAndBool = kIntegers | Type::I1;
inline constexpr TypeSet kIntVectors = TypeSet(Type::V16I8) | Type::V8I16 | Type::V4I32 | Type::V2I64;
inline constexpr TypeSet kIntVectorsTo32 = TypeSet(Type::V16I8) | Type::V8I16 | Type::V4I32;
inline constexpr TypeSet kIntVectorsFrom16 = TypeSet(Type::V8I16) | Type::V4I32 | Type::V2I64;
inline constexpr TypeSet kVectors = kIntVectors | Type::V8F16 | Type::V4F32 | Type::V2F64;
inline constexpr TypeSet kFloats = TypeSet(Type::F16) | Type::F32 | Type::F64;
inline constexpr TypeSet kFloatVectors = TypeSet(Type::V8F16) | Type::V4F32 | Type::V2F64;
inline constexpr TypeSet kFloatVectorsFrom32 = TypeSet(Type::V4F32) | Type::V2F64;
inline constexpr TypeSet kFloatVectorsTo32 = TypeSet(Type::V8F16) | Type::V4F32;
inline constexpr TypeSet kAnyValue = kIntegersAndBool | kFloats | kVectors;

/// The types that an instruction with this op may have: of its result, or of a store's value.
constexpr TypeSet allowed_types(Op op) {
  switch (op) {
    case Op::konst:
    case Op::select:
      return kAnyValue;
    case Op::get_reg:
      return kWords | Type::I1 | kVectors;
    case Op::call:
      return kAnyValue | Type::Void;

    case Op::add:
    case Op::sub:
      return kIntegers | kIntVectors;
    case Op::mul:
      return kWords | kIntVectorsTo32;
    case Op::and_:
    case Op::or_:
    case Op::xor_:
    case Op::andn:
      return kIntegersAndBool | kVectors;
    case Op::smin:
    case Op::smax:
    case Op::umin:
    case Op::umax:
    case Op::abs:
      return kWords | kIntVectors;
    case Op::shl:
    case Op::lshr:
    case Op::ashr:
    case Op::rotr:
    case Op::udiv:
    case Op::sdiv:
    case Op::umulh:
    case Op::smulh:
    case Op::bswap:
    case Op::atomic_rmw:
      return kWords;
    case Op::cmpxchg:
      return kWords | Type::V2I64;
    case Op::clz:
      return kWords | kIntVectorsTo32;
    case Op::rbit:
    case Op::popcnt:
      return kWords | Type::V16I8;
    case Op::zext:
    case Op::sext:
      return kIntegers;
    case Op::trunc:
      return TypeSet(Type::I1) | Type::I8 | Type::I16 | Type::I32;
    case Op::icmp:
    case Op::carry:
    case Op::overflow:
    case Op::fcmp:
      return Type::I1;

    case Op::load:
      return kIntegers | kFloats | kVectors;
    case Op::store:
      return kIntegers | kFloats | kVectors;

    case Op::vshl:
    case Op::vlshr:
    case Op::vashr:
    case Op::vicmp:
      return kIntVectors;
    case Op::vshl_by:
    case Op::vlshr_by:
    case Op::vashr_by:
      return kIntVectorsFrom16;
    case Op::uadd_sat:
    case Op::sadd_sat:
    case Op::usub_sat:
    case Op::ssub_sat:
      return kIntVectors;
    case Op::uavg_round:
      return TypeSet(Type::V16I8) | Type::V8I16;
    case Op::mul_wide_u:
    case Op::mul_wide_s:
    case Op::widen_u:
    case Op::widen_s:
      return kIntVectorsFrom16;
    case Op::narrow:
    case Op::narrow_sat_ss:
    case Op::narrow_sat_su:
    case Op::narrow_sat_uu:
      return kIntVectorsTo32;
    case Op::shuffle:
    case Op::splat:
    case Op::insert_lane:
    case Op::scalar_to_vec:
    case Op::zero_upper:
      return kVectors;
    case Op::tbl:
      return Type::V16I8;
    case Op::extract_lane:
      return kIntegers | kFloats;
    case Op::bitcast:
      return kWords | Type::I16 | kFloats;

    case Op::clmul:
      return Type::V2I64;
    case Op::crc32c:
      return Type::I32;
    case Op::aes_enc:
    case Op::aes_enc_last:
    case Op::aes_dec:
    case Op::aes_dec_last:
    case Op::aes_mix:
    case Op::aes_inv_mix:
      return Type::V16I8;
    case Op::sha1_rounds:
    case Op::sha256_rounds:
    case Op::sha256_msg1:
    case Op::sha256_msg2:
      return Type::V4I32;

    case Op::fadd:
    case Op::fsub:
    case Op::fmul:
    case Op::fdiv:
    case Op::fsqrt:
    case Op::fma:
    case Op::fmin:
    case Op::fmax:
    case Op::fminnum:
    case Op::fmaxnum:
    case Op::fabs:
    case Op::fneg:
    case Op::fround:
    case Op::sint_to_fp:
    case Op::uint_to_fp:
      return kFloats | kFloatVectors;
    case Op::vfcmp:
      return kFloatVectors;
    case Op::fconvert:
      return kFloats;
    case Op::fwiden:
    case Op::fwiden_raw:
      return kFloatVectorsFrom32;
    case Op::fnarrow:
      return kFloatVectorsTo32;
    case Op::fp_to_sint:
    case Op::fp_to_uint:
      return kWords | kIntVectorsFrom16;

    case Op::set_reg:
    case Op::at:
    case Op::fence:
    case Op::check_aligned:
    case Op::br:
    case Op::br_if:
    case Op::goto_pc:
    case Op::goto_indirect:
    case Op::call_pc:
    case Op::call_indirect:
    case Op::ret:
    case Op::trap:
      return Type::Void;
  }
  return {};
}

}  // namespace ferry::ir
