#pragma once

#include "frontend/arm64/helpers_fp.h"
#include "frontend/arm64/memory_tagging.h"
#include "ir/fp/softfloat.h"

namespace ferry::arm64 {

/// What a floating-point instruction works on: a scalar, or a vector of 128 or (not `full`) 64 bits.
struct FpShape {
  ir::Type type;
  bool full = true;

  bool is_vector() const { return ir::is_vector(type); }
};

/// Scalar floating point (a64_fp.def), and what the vector forms share with it.
///
/// Operations are IR ops where these have the guest's exact meaning: with FPCR's FZ, FZ16, DN and AHP clear.
/// All else goes through one helper, soft_fp, which does any of these ops as FPCR says.
class FpHandlers : public MemoryTaggingHandlers {
 public:
  bool FMUL_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FDIV_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FADD_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FSUB_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FMAX_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FMIN_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FMAXNM_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FMINNM_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FNMUL_float(uint32_t ftype, uint32_t m, uint32_t n, uint32_t d);
  bool FMADD_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool FMSUB_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool FNMADD_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool FNMSUB_float(uint32_t ftype, uint32_t m, uint32_t a, uint32_t n, uint32_t d);
  bool FABS_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FNEG_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FSQRT_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTN_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTP_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTM_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTZ_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTA_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTX_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINTI_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINT32Z_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINT32X_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINT64Z_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FRINT64X_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTNS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTNU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTPS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTPU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTMS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTMU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTZS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTZU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTAS_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTAU_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTZS_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d);
  bool SCVTF_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d);
  bool SCVTF_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVTZU_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d);
  bool UCVTF_fix(uint32_t z, uint32_t ftype, uint32_t scale, uint32_t n, uint32_t d);
  bool UCVTF_int(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FCVT_float(uint32_t ftype, uint32_t opc, uint32_t n, uint32_t d);
  bool FJCVTZS(uint32_t n, uint32_t d);
  bool FMOV_to_gen(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FMOV_from_gen(uint32_t z, uint32_t ftype, uint32_t n, uint32_t d);
  bool FMOV_top_to_gen(uint32_t n, uint32_t d);
  bool FMOV_top_from_gen(uint32_t n, uint32_t d);
  bool FMOV_float(uint32_t ftype, uint32_t n, uint32_t d);
  bool FMOV_float_imm(uint32_t ftype, uint32_t imm, uint32_t d);
  bool FCMP_float(uint32_t ftype, uint32_t m, uint32_t n);
  bool FCMP_zero_float(uint32_t ftype, uint32_t n);
  bool FCMPE_float(uint32_t ftype, uint32_t m, uint32_t n);
  bool FCMPE_zero_float(uint32_t ftype, uint32_t n);
  bool FCCMP_float(uint32_t ftype, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv);
  bool FCCMPE_float(uint32_t ftype, uint32_t m, uint32_t cond, uint32_t n, uint32_t nzcv);
  bool FCSEL_float(uint32_t ftype, uint32_t m, uint32_t cond, uint32_t n, uint32_t d);

 protected:
  using MemoryTaggingHandlers::MemoryTaggingHandlers;
  ~FpHandlers() = default;

  using Rounding = ir::fp::Rounding;

  /// Which operands of a fused multiply-add change their sign first.
  struct Negated {
    bool negate_addend = false;
    bool negate_product = false;
  };

  /// ftype: 0 single, 1 double, 3 half.
  static FpShape scalar_shape(uint32_t ftype) {
    return {ftype == 0 ? Type::F32 : ftype == 1 ? Type::F64 : Type::F16};
  }
  /// Vn as an instruction of this shape reads it. Of 64-bit vectors both halves are the low one, so that an
  /// operation done on all 128 bits raises no other exceptions.
  Value operand(FpShape shape, uint32_t n);
  /// Writes a result of this shape, a handler's last act: returns true.
  bool put(FpShape shape, uint32_t d, Value value);
  /// The op on scalars or vectors, exact for the FPCR in force. `type` is the result's.
  Value fp(Op op, Type type, std::initializer_list<Value> args, uint64_t imm = 0, uint64_t imm2 = 0);
  Value soft_fp(Op op, Type type, std::initializer_list<Value> args, uint64_t imm, uint64_t imm2);
  /// An operation that the IR does not have.
  Value extra(FpExtra operation, Type type, Value a, Value b);
  bool extra_unary(FpExtra operation, FpShape shape, uint32_t n, uint32_t d);
  bool extra_binary(FpExtra operation, FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  Value negate(Type type, Value value);
  Value fused(FpShape shape, Value addend, Value a, Value b, Negated negated);

  bool unary(Op op, FpShape shape, uint32_t n, uint32_t d);
  bool binary(Op op, FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  bool negated_product(FpShape shape, uint32_t m, uint32_t n, uint32_t d);
  bool multiply_add(FpShape shape, uint32_t m, uint32_t a, uint32_t n, uint32_t d, Negated negated);
  bool round_integral(FpShape shape, Rounding rounding, uint32_t n, uint32_t d);
  bool round_current(FpShape shape, bool exact, uint32_t n, uint32_t d);

 private:
  bool to_general(Op op, Rounding rounding, uint32_t z, uint32_t ftype, uint64_t fraction_bits, uint32_t n,
                  uint32_t d);
  bool from_general(Op op, uint32_t z, uint32_t ftype, uint64_t fraction_bits, uint32_t n, uint32_t d);
  void compare_scalars(Value a, Value b, bool signalling);
  Value as_vector(Value value);
  Value from_vector(Type type, Value vector);
};

}  // namespace ferry::arm64
