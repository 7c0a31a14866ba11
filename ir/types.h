#pragma once

#include <cstdint>
#include <string_view>

namespace ferry::ir {

/// The types of IR values. A 128-bit vector type names how an operation reads its lanes; any 128-bit
/// value may be used where another 128-bit type is expected, so no op exists only to relabel lanes.
/// F16, F32, F64 and vectors live in host vector registers, the others in general registers.
enum class Type : uint8_t {
#define TYPE(name, text, lane_bits, lanes, kind) name,
#include "ir/types.def"
#undef TYPE
};

enum class TypeKind : uint8_t { Void, Int, Float, VecInt, VecFloat };

struct TypeInfo {
  std::string_view text;
  uint8_t lane_bits;
  uint8_t lanes;
  TypeKind kind;
};

inline constexpr TypeInfo kTypeInfo[] = {
#define TYPE(name, text, lane_bits, lanes, kind) {text, lane_bits, lanes, TypeKind::kind},
#include "ir/types.def"
#undef TYPE
};

constexpr const TypeInfo& info(Type type) { return kTypeInfo[static_cast<unsigned>(type)]; }
constexpr unsigned bits(Type type) { return unsigned{info(type).lane_bits} * info(type).lanes; }
/// Size in memory; an i1 takes one byte.
constexpr unsigned bytes(Type type) { return (bits(type) + 7) / 8; }
constexpr unsigned lane_bits(Type type) { return info(type).lane_bits; }
constexpr unsigned lanes(Type type) { return info(type).lanes; }
constexpr bool is_int(Type type) { return info(type).kind == TypeKind::Int; }
constexpr bool is_float(Type type) { return info(type).kind == TypeKind::Float; }
constexpr bool is_vector(Type type) { return info(type).kind >= TypeKind::VecInt; }
constexpr bool is_float_vector(Type type) { return info(type).kind == TypeKind::VecFloat; }
constexpr bool is_half(Type type) { return type == Type::F16 || type == Type::V8F16; }
/// True where values of `type` live in host vector registers.
constexpr bool in_vector_register(Type type) { return is_float(type) || is_vector(type); }

/// The integer type of `width` bits (1, 8, 16, 32 or 64).
constexpr Type int_type(unsigned width) {
  switch (width) {
    case 1:
      return Type::I1;
    case 8:
      return Type::I8;
    case 16:
      return Type::I16;
    case 32:
      return Type::I32;
    default:
      return Type::I64;
  }
}

/// The floating-point type of `width` bits (16, 32 or 64).
constexpr Type float_type(unsigned width) {
  return width == 16 ? Type::F16 : width == 32 ? Type::F32 : Type::F64;
}

/// The 128-bit integer vector with lanes of `width` bits (8, 16, 32 or 64).
constexpr Type vector_type(unsigned width) {
  switch (width) {
    case 8:
      return Type::V16I8;
    case 16:
      return Type::V8I16;
    case 32:
      return Type::V4I32;
    default:
      return Type::V2I64;
  }
}

/// The 128-bit floating-point vector with lanes of `width` bits (16, 32 or 64).
constexpr Type float_vector_type(unsigned width) {
  return width == 16 ? Type::V8F16 : width == 32 ? Type::V4F32 : Type::V2F64;
}

/// The scalar type of one lane of `type`; a scalar is its own lane.
constexpr Type lane_type(Type type) {
  if (!is_vector(type)) return type;
  return is_float_vector(type) ? float_type(lane_bits(type)) : int_type(lane_bits(type));
}

}  // namespace ferry::ir
