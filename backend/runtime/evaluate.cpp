#include "backend/runtime/evaluate.h"

#include "ir/interp.h"

namespace ferry::backend {

namespace {

ir::Bits128 bits_of(__m128i v) {
  return {static_cast<uint64_t>(_mm_cvtsi128_si64(v)),
          static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(v, v)))};
}

}  // namespace

extern "C" __m128i ferry_evaluate(uint64_t descriptor, uint64_t imm, uint64_t imm2, __m128i a, __m128i b,
                                  __m128i c) {
  const OpDescriptor op = OpDescriptor::unpack(descriptor);
  const ir::Inst inst{.op = op.op, .type = op.type, .imm = imm, .imm2 = imm2};
  const ir::Bits128 operands[3] = {bits_of(a), bits_of(b), bits_of(c)};
  const ir::Bits128 result = ir::evaluate(inst, op.arg_type, op.nan_rule, operands);
  return _mm_set_epi64x(static_cast<int64_t>(result.high), static_cast<int64_t>(result.low));
}

}  // namespace ferry::backend
