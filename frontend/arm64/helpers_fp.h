#pragma once

#include <cstdint>

#include "frontend/arm64/helper_types.h"
#include "ir/inst.h"

namespace ferry::arm64 {

/// An IR op to be done by soft_fp, as one number.
struct SoftFpOp {
  ir::Op op;
  ir::Type type;      ///< the result's
  ir::Type arg_type;  ///< the first operand's
  uint8_t imm;
  uint8_t imm2;

  constexpr uint64_t pack() const {
    return static_cast<uint64_t>(op) | static_cast<uint64_t>(type) << 8 |
           static_cast<uint64_t>(arg_type) << 16 | uint64_t{imm} << 24 | uint64_t{imm2} << 32;
  }
  static constexpr SoftFpOp unpack(uint64_t bits) {
    return {static_cast<ir::Op>(bits & 0xff), static_cast<ir::Type>(bits >> 8 & 0xff),
            static_cast<ir::Type>(bits >> 16 & 0xff), static_cast<uint8_t>(bits >> 24),
            static_cast<uint8_t>(bits >> 32)};
  }
};

/// A64 operations that are not IR ops.
enum class FpExtra : uint8_t {
  Mulx,
  RecipStep,
  RsqrtStep,
  RecipEstimate,
  RsqrtEstimate,
  RecipExponent,
  RoundInt32Z,
  RoundInt32X,
  RoundInt64Z,
  RoundInt64X,
  UnsignedRecipEstimate,
  UnsignedRsqrtEstimate,
  NarrowToOdd,  ///< FCVTXN: two doubles to the two low singles
  ToBFloat,     ///< singles to the low halves of their lanes
};

/// Sums in the lanes of V4F32 of products of narrower numbers. Lane i of a factor is its bits 16i+15 to 16i,
/// or for BFloatDot its bits 32i+31 to 32i, which are two numbers.
enum class FpProductSum : uint8_t {
  Half,       ///< FPMulAddH: of half precision, with FPCR
  BFloatDot,  ///< BFDotAdd: two products, without FPCR and FPSR
};

namespace helpers {

/// A SoftFpOp as FPCR says, flags accumulated in the state's FPSR. Scalars lie in the lowest lane.
Vector128 soft_fp(State* state, uint64_t operation, Vector128 a, Vector128 b, Vector128 c);
/// An FpExtra (bits 7 to 0) on lanes or a scalar of an ir::Type (bits 15 to 8).
Vector128 soft_fp_extra(State* state, uint64_t operation, Vector128 a, Vector128 b);
/// An FpProductSum.
Vector128 soft_fp_product_sum(State* state, uint64_t operation, Vector128 sum, Vector128 a, Vector128 b);
/// FCMP of two scalars of an ir::Type (bits 7 to 0), FCMPE with bit 8: N Z C V in bits 31 to 28.
uint32_t soft_fp_compare(State* state, uint64_t operation, Vector128 a, Vector128 b);
/// FJCVTZS: the value in the low half, whether it was exact in bit 32.
uint64_t javascript_int(State* state, uint64_t value);

}  // namespace helpers
}  // namespace ferry::arm64
