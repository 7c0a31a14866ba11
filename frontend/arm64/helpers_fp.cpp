#include "frontend/arm64/helpers_fp.h"

#include <cstring>
#include <iterator>

#include "ir/fp/softfloat.h"
#include "ir/fp_ops.h"
#include "ir/interp_frame.h"

namespace ferry::arm64::helpers {

namespace {

namespace fp = ir::fp;
using ir::Bits128;

ir::Bits128 bits_of(Vector128 v) {
  Bits128 out;
  std::memcpy(&out, &v, sizeof out);
  return out;
}

Vector128 vector_of(Bits128 bits) {
  Vector128 out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

/// An operation's environment: FPCR's modes; its exceptions reach FPSR in the end.
class GuestEnv {
 public:
  explicit GuestEnv(State* state) : state_(state), env_{fp::mode_from_fpcr(state->fpcr), 0} {}
  ~GuestEnv() { state_->fpsr |= env_.flags; }
  GuestEnv(const GuestEnv&) = delete;
  GuestEnv& operator=(const GuestEnv&) = delete;
  fp::Env& operator*() { return env_; }

 private:
  State* state_;
  fp::Env env_;
};

fp::Format format_of(unsigned width) {
  return width == 16 ? fp::Format::Half : width == 32 ? fp::Format::Single : fp::Format::Double;
}

uint64_t extra_lane(fp::Env& env, FpExtra operation, unsigned width, uint64_t a, uint64_t b) {
  const fp::Format format = format_of(width);
  const fp::Rounding current = env.mode.rounding;
  switch (operation) {
    case FpExtra::Mulx:
      return fp::mulx(env, format, a, b);
    case FpExtra::RecipStep:
      return fp::recip_step(env, format, a, b);
    case FpExtra::RsqrtStep:
      return fp::rsqrt_step(env, format, a, b);
    case FpExtra::RecipEstimate:
      return fp::recip_estimate(env, format, a);
    case FpExtra::RsqrtEstimate:
      return fp::rsqrt_estimate(env, format, a);
    case FpExtra::RecipExponent:
      return fp::recip_exponent(env, format, a);
    case FpExtra::RoundInt32Z:
      return fp::round_to_int_range(env, format, a, fp::Rounding::TowardZero, 32);
    case FpExtra::RoundInt32X:
      return fp::round_to_int_range(env, format, a, current, 32);
    case FpExtra::RoundInt64Z:
      return fp::round_to_int_range(env, format, a, fp::Rounding::TowardZero, 64);
    case FpExtra::RoundInt64X:
      return fp::round_to_int_range(env, format, a, current, 64);
    case FpExtra::UnsignedRecipEstimate:
      return fp::unsigned_recip_estimate(static_cast<uint32_t>(a));
    case FpExtra::UnsignedRsqrtEstimate:
      return fp::unsigned_rsqrt_estimate(static_cast<uint32_t>(a));
    case FpExtra::ToBFloat:
      return fp::convert(env, fp::Format::Single, fp::Format::BFloat16, a, current);
    case FpExtra::NarrowToOdd:
      break;
  }
  return 0;
}

Bits128 narrow_to_odd(fp::Env& env, Bits128 doubles) {
  auto narrow = [&](uint64_t value) {
    return fp::convert(env, fp::Format::Double, fp::Format::Single, value, fp::Rounding::ToOdd);
  };
  const uint64_t low = narrow(doubles.low);
  return {low | narrow(doubles.high) << 32, 0};
}

}  // namespace

Vector128 soft_fp(State* state, uint64_t operation, Vector128 a, Vector128 b, Vector128 c) {
  const SoftFpOp op = SoftFpOp::unpack(operation);
  GuestEnv env(state);
  return vector_of(ir::evaluate_fp(*env, {op.op, op.type, op.arg_type, op.imm, op.imm2}, bits_of(a),
                                   bits_of(b), bits_of(c)));
}

Vector128 soft_fp_extra(State* state, uint64_t operation, Vector128 a, Vector128 b) {
  const auto extra = static_cast<FpExtra>(operation & 0xff);
  const auto type = static_cast<ir::Type>(operation >> 8 & 0xff);
  GuestEnv env(state);
  if (extra == FpExtra::NarrowToOdd) return vector_of(narrow_to_odd(*env, bits_of(a)));
  return vector_of(ir::interp::zip(type, bits_of(a), bits_of(b), [&](uint64_t x, uint64_t y, unsigned width) {
    return extra_lane(*env, extra, width, x, y);
  }));
}

Vector128 soft_fp_product_sum(State* state, uint64_t operation, Vector128 sum, Vector128 a, Vector128 b) {
  GuestEnv env(state);
  uint32_t sums[4], a_pairs[4], b_pairs[4];
  uint16_t a_halves[8], b_halves[8];
  std::memcpy(sums, &sum, sizeof sums);
  std::memcpy(a_pairs, &a, sizeof a_pairs);
  std::memcpy(b_pairs, &b, sizeof b_pairs);
  std::memcpy(a_halves, &a, sizeof a_halves);
  std::memcpy(b_halves, &b, sizeof b_halves);
  for (unsigned i = 0; i < std::size(sums); ++i) {
    const uint64_t result = static_cast<FpProductSum>(operation) == FpProductSum::Half
                                ? fp::mul_add_half(*env, sums[i], a_halves[i], b_halves[i])
                                : fp::bf16_dot_add(sums[i], a_pairs[i] & 0xffff, b_pairs[i] & 0xffff,
                                                   a_pairs[i] >> 16, b_pairs[i] >> 16);
    sums[i] = static_cast<uint32_t>(result);
  }
  Vector128 out;
  std::memcpy(&out, sums, sizeof out);
  return out;
}

uint32_t soft_fp_compare(State* state, uint64_t operation, Vector128 a, Vector128 b) {
  const unsigned width = ir::bits(static_cast<ir::Type>(operation & 0xff));
  const bool signalling = (operation >> 8 & 1) != 0;
  GuestEnv env(state);
  const uint64_t mask = support::low_mask(width);
  switch (fp::compare(*env, format_of(width), bits_of(a).low & mask, bits_of(b).low & mask, signalling)) {
    case fp::Relation::Less:
      return 0x80000000;
    case fp::Relation::Equal:
      return 0x60000000;
    case fp::Relation::Greater:
      return 0x20000000;
    case fp::Relation::Unordered:
      return 0x30000000;
  }
  return 0;
}

uint64_t javascript_int(State* state, uint64_t value) {
  GuestEnv env(state);
  const fp::JavascriptInt result = fp::to_javascript_int(*env, value);
  return result.value | (result.exact ? uint64_t{1} << 32 : 0);
}

}  // namespace ferry::arm64::helpers
