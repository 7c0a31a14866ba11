#include "frontend/arm64/simd_permute.h"

#include <bit>

#include "ir/support/bits.h"

namespace ferry::arm64 {

// ---- families

SimdPermuteHandlers::Part SimdPermuteHandlers::part_of(uint32_t imm5) {
  const auto size = static_cast<uint32_t>(std::countr_zero(imm5));
  return {size, imm5 >> (size + 1)};
}

bool SimdPermuteHandlers::insert(uint32_t d, Part part, Value element) {
  return set_v_all(d, b_.emit(Op::insert_lane, vector_of(element.type), {v(d), element}, part.index));
}

bool SimdPermuteHandlers::transpose(Lanes lanes, unsigned part, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, permute(lanes, v(n), v(m),
                              [=](unsigned i) { return i / 2 * 2 + part + i % 2 * lanes.per_register(); }));
}

bool SimdPermuteHandlers::extract(uint32_t q, uint32_t m, uint32_t position, uint32_t n, uint32_t d) {
  const Lanes bytes = vector_lanes(q, 0);
  return set_v_all(d, permute(bytes, v(n), v(m), [=](unsigned i) {
                     const unsigned at = position + i;
                     return at < bytes.count() ? at : bytes.per_register() + at - bytes.count();
                   }));
}

// Reverses the elements in each container.
bool SimdPermuteHandlers::reverse(Lanes lanes, unsigned container, uint32_t n, uint32_t d) {
  return set_v_all(
      d, permute_register(lanes, v(n), [=](unsigned i) { return i ^ (container / lanes.width - 1); }));
}

// Each lookup of 16 bytes yields zero for the others' indices, so the parts of a longer table are ORed
// together.
bool SimdPermuteHandlers::table(uint32_t q, uint32_t m, unsigned registers, uint32_t n, uint32_t d,
                                Value otherwise) {
  const Type bytes = Type::V16I8;
  const Value indices = v(m);
  Value result = b_.binary(Op::tbl, bytes, v(n), indices);
  for (unsigned i = 1; i < registers; ++i) {
    const Value local = b_.binary(Op::sub, bytes, indices, every(bytes, 16 * i));
    result = b_.or_(result, b_.binary(Op::tbl, bytes, v((n + i) % 32), local));
  }
  if (otherwise) {
    const Value outside = vcompare(IntCond::Uge, bytes, indices, every(bytes, 16 * registers));
    result = b_.or_(result, b_.and_(otherwise, outside));
  }
  return set_bits(d, q != 0 ? 128 : 64, result);
}

bool SimdPermuteHandlers::move_immediate(uint32_t q, uint32_t d, Type type, uint64_t value) {
  return set_bits(d, q != 0 ? 128 : 64, every(type, value));
}

// MSL: shifted by 8 or 16, ones coming in.
uint64_t SimdPermuteHandlers::shifting_ones(uint32_t imm, uint32_t shift) {
  const unsigned amount = 8 * (shift + 1);
  return uint64_t{imm} << amount | support::low_mask(amount);
}

uint64_t SimdPermuteHandlers::bits_to_bytes(uint32_t imm) {
  uint64_t bytes = 0;
  for (unsigned i = 0; i < 8; ++i) bytes |= (imm >> i & 1) != 0 ? uint64_t{0xff} << 8 * i : 0;
  return bytes;
}

// VFPExpandImm: sign, the exponent's top bit inverted and copied down, its low two bits, four bits of
// fraction.
uint64_t SimdPermuteHandlers::expand_float(uint32_t imm, unsigned width) {
  const unsigned exponent_bits = width == 16 ? 5 : width == 32 ? 8 : 11;
  const unsigned fraction_bits = width - exponent_bits - 1;
  const uint64_t sign = imm >> 7;
  const uint64_t high =
      (imm >> 6 & 1) != 0 ? support::low_mask(exponent_bits - 3) : uint64_t{1} << (exponent_bits - 3);
  const uint64_t exponent = high << 2 | (imm >> 4 & 3);
  return sign << (width - 1) | exponent << fraction_bits | uint64_t{imm & 15} << (fraction_bits - 4);
}

// ---- copies

bool SimdPermuteHandlers::DUP_elt_vec(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  return set_bits(d, q != 0 ? 128 : 64, broadcast(8u << part.size, v(n), part.index));
}
bool SimdPermuteHandlers::DUP_elt_scalar(uint32_t imm, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  set_scalar(d, lane(n, scalar_type(part.size), part.index));
  return true;
}
bool SimdPermuteHandlers::DUP_gen(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  return set_bits(d, q != 0 ? 128 : 64,
                  b_.unary(Op::splat, ir::vector_type(8u << part.size), general(n, part.size)));
}
bool SimdPermuteHandlers::INS_gen(uint32_t imm, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  return insert(d, part, general(n, part.size));
}
bool SimdPermuteHandlers::INS_elt(uint32_t imm, uint32_t imm4, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  return insert(d, part, lane(n, scalar_type(part.size), imm4 >> part.size));
}
bool SimdPermuteHandlers::SMOV(uint32_t q, uint32_t imm, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  set_r(d, b_.sext(width(q), lane(n, ir::int_type(8u << part.size), part.index)));
  return true;
}
bool SimdPermuteHandlers::UMOV(uint32_t /*q*/, uint32_t imm, uint32_t n, uint32_t d) {
  const Part part = part_of(imm);
  set_r(d, lane(n, ir::int_type(8u << part.size), part.index));
  return true;
}

// ---- permutations

bool SimdPermuteHandlers::ZIP1(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, zip(vector_lanes(q, size), v(n), v(m), 0));
}
bool SimdPermuteHandlers::UZP1(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, unzip(vector_lanes(q, size), v(n), v(m), 0));
}
bool SimdPermuteHandlers::TRN1(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return transpose(vector_lanes(q, size), 0, m, n, d);
}
bool SimdPermuteHandlers::ZIP2(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, zip(vector_lanes(q, size), v(n), v(m), 1));
}
bool SimdPermuteHandlers::UZP2(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return set_v_all(d, unzip(vector_lanes(q, size), v(n), v(m), 1));
}
bool SimdPermuteHandlers::TRN2(uint32_t q, uint32_t size, uint32_t m, uint32_t n, uint32_t d) {
  return transpose(vector_lanes(q, size), 1, m, n, d);
}
bool SimdPermuteHandlers::EXT(uint32_t q, uint32_t m, uint32_t imm, uint32_t n, uint32_t d) {
  return extract(q, m, imm, n, d);
}
bool SimdPermuteHandlers::REV16_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return reverse(vector_lanes(q, size), 16, n, d);
}
bool SimdPermuteHandlers::REV32_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return reverse(vector_lanes(q, size), 32, n, d);
}
bool SimdPermuteHandlers::REV64_vec(uint32_t q, uint32_t size, uint32_t n, uint32_t d) {
  return reverse(vector_lanes(q, size), 64, n, d);
}
bool SimdPermuteHandlers::TBL(uint32_t q, uint32_t m, uint32_t len, uint32_t n, uint32_t d) {
  return table(q, m, len + 1, n, d, {});
}
bool SimdPermuteHandlers::TBX(uint32_t q, uint32_t m, uint32_t len, uint32_t n, uint32_t d) {
  return table(q, m, len + 1, n, d, v(d));
}

// ---- immediates

bool SimdPermuteHandlers::MOVI_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return move_immediate(q, d, Type::V4I32, uint64_t{imm} << 8 * shift);
}
bool SimdPermuteHandlers::MOVI_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return move_immediate(q, d, Type::V8I16, uint64_t{imm} << 8 * shift);
}
bool SimdPermuteHandlers::MOVI_ones(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return move_immediate(q, d, Type::V4I32, shifting_ones(imm, shift));
}
bool SimdPermuteHandlers::MOVI_8(uint32_t q, uint32_t imm, uint32_t d) {
  return move_immediate(q, d, Type::V16I8, imm);
}
bool SimdPermuteHandlers::MOVI_64(uint32_t q, uint32_t imm, uint32_t d) {
  return move_immediate(q, d, Type::V2I64, bits_to_bytes(imm));
}
bool SimdPermuteHandlers::MVNI_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return move_immediate(q, d, Type::V4I32, ~(uint64_t{imm} << 8 * shift));
}
bool SimdPermuteHandlers::MVNI_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return move_immediate(q, d, Type::V8I16, ~(uint64_t{imm} << 8 * shift));
}
bool SimdPermuteHandlers::MVNI_ones(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return move_immediate(q, d, Type::V4I32, ~shifting_ones(imm, shift));
}
bool SimdPermuteHandlers::ORR_vec_imm_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return set_bits(d, q != 0 ? 128 : 64, b_.or_(v(d), every(Type::V4I32, uint64_t{imm} << 8 * shift)));
}
bool SimdPermuteHandlers::BIC_vec_imm_32(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return set_bits(d, q != 0 ? 128 : 64, b_.andn(v(d), every(Type::V4I32, uint64_t{imm} << 8 * shift)));
}
bool SimdPermuteHandlers::ORR_vec_imm_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return set_bits(d, q != 0 ? 128 : 64, b_.or_(v(d), every(Type::V8I16, uint64_t{imm} << 8 * shift)));
}
bool SimdPermuteHandlers::BIC_vec_imm_16(uint32_t q, uint32_t imm, uint32_t shift, uint32_t d) {
  return set_bits(d, q != 0 ? 128 : 64, b_.andn(v(d), every(Type::V8I16, uint64_t{imm} << 8 * shift)));
}
bool SimdPermuteHandlers::FMOV_vec_imm_half(uint32_t q, uint32_t imm, uint32_t d) {
  return move_immediate(q, d, Type::V8I16, expand_float(imm, 16));
}
bool SimdPermuteHandlers::FMOV_vec_imm_single(uint32_t q, uint32_t imm, uint32_t d) {
  return move_immediate(q, d, Type::V4I32, expand_float(imm, 32));
}
bool SimdPermuteHandlers::FMOV_vec_imm_double(uint32_t imm, uint32_t d) {
  return move_immediate(1, d, Type::V2I64, expand_float(imm, 64));
}

}  // namespace ferry::arm64
