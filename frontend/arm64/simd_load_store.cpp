#include "frontend/arm64/simd_load_store.h"

namespace ferry::arm64 {

// ---- families

// Sizes B, H, S or D from opcode<2:1>, S and size, which together also hold the index (Arm ARM, LD1 (single
// structure)).
SimdLoadStoreHandlers::Part SimdLoadStoreHandlers::part_of(uint32_t q, uint32_t opcode, uint32_t s,
                                                           uint32_t size) {
  const unsigned index = q << 3 | s << 2 | size;
  if (opcode == 2 && size == 1) return {3, index >> 3};
  return {opcode, index >> opcode};
}

// The opcode's bits 3, 2 and 0; see the encoding table of LD1 (multiple structures).
unsigned SimdLoadStoreHandlers::registers_of(uint32_t opcode) {
  switch (opcode) {
    case 0b000:
      return 4;
    case 0b010:
      return 3;
    case 0b100:
      return 2;
    default:
      return 1;
  }
}

// Post-indexed by Xm, or by the bytes that were accessed where that is XZR.
SimdLoadStoreHandlers::Target SimdLoadStoreHandlers::post_target(uint32_t n, uint32_t m, unsigned bytes,
                                                                 bool write) {
  const Value base = m == kNoPost ? base_address(n) : x_sp(n);
  Target target{check_tags(Address{base}, bytes, write)};
  if (m != kNoPost) target.written_back = b_.add(base, m == 31 ? b_.i64(bytes) : x(m));
  return target;
}

SimdLoadStoreHandlers::Value SimdLoadStoreHandlers::load_at(const Target& target, Type type, unsigned bytes,
                                                            unsigned disp) {
  Address address = target.address;
  address.disp += static_cast<int32_t>(disp);
  return load(type, address, {.bytes = static_cast<uint8_t>(bytes)});
}

void SimdLoadStoreHandlers::store_at(const Target& target, Value value, unsigned bytes, unsigned disp) {
  Address address = target.address;
  address.disp += static_cast<int32_t>(disp);
  store(address, value, {.bytes = static_cast<uint8_t>(bytes)});
}

// The first, second and third of three vectors, one after the other, are the source of each lane: lane
// source(i) of all.
template <typename Source>
SimdLoadStoreHandlers::Value SimdLoadStoreHandlers::gather_three(Lanes lanes, const Registers& from,
                                                                 Source source) {
  const unsigned count = lanes.count();
  const unsigned second = lanes.per_register();
  const Value first_two = permute(lanes, from[0], from[1], [=](unsigned i) {
    const unsigned at = source(i);
    return at < count ? at : at < 2 * count ? second + at - count : 0;
  });
  return permute(lanes, first_two, from[2], [=](unsigned i) {
    const unsigned at = source(i);
    return at < 2 * count ? i : second + at - 2 * count;
  });
}

// Element k of the structures of 2 or 4 in one register, for each k beside one another: hosts move single
// bytes within a register, and larger pieces between two.
SimdLoadStoreHandlers::Value SimdLoadStoreHandlers::group_elements(Lanes lanes, unsigned elements,
                                                                   Value memory) {
  const unsigned structures = lanes.count() / elements;
  if (structures < 2) return memory;
  return permute_register(lanes, memory,
                          [=](unsigned i) { return i % structures * elements + i / structures; });
}

// Four registers of four groups each: group k of each goes to register k.
SimdLoadStoreHandlers::Registers SimdLoadStoreHandlers::transpose_words(const Registers& rows) {
  const Lanes words = {32, 128};
  Registers out;
  for (unsigned half = 0; half < 2; ++half) {
    const Value low = zip(words, rows[0], rows[1], half);
    const Value high = zip(words, rows[2], rows[3], half);
    for (unsigned k = 0; k < 2; ++k) out[2 * half + k] = zip({64, 128}, low, high, k);
  }
  return out;
}

// Memory holds structures of 2, 3 or 4 elements: element k of each goes to register k.
SimdLoadStoreHandlers::Registers SimdLoadStoreHandlers::deinterleave(Lanes lanes, unsigned elements,
                                                                     const Registers& memory) {
  const auto unzipped = [&](Value a, Value b, unsigned part) { return unzip(lanes, a, b, part); };
  Registers out;
  const bool grouped = lanes.bits == 128 && elements != 3 && lanes.count() >= elements;
  if (grouped) {
    Registers rows;
    for (unsigned i = 0; i < elements; ++i) rows[i] = group_elements(lanes, elements, memory[i]);
    if (elements == 4) return transpose_words(rows);
    for (unsigned k = 0; k < 2; ++k) out[k] = zip({64, 128}, rows[0], rows[1], k);
  } else if (elements == 2) {
    for (unsigned k = 0; k < 2; ++k) out[k] = unzipped(memory[0], memory[1], k);
  } else if (elements == 3) {
    for (unsigned k = 0; k < 3; ++k)
      out[k] = gather_three(lanes, memory, [=](unsigned i) { return 3 * i + k; });
  } else {
    for (unsigned odd = 0; odd < 2; ++odd) {
      const Value low = unzipped(memory[0], memory[1], odd);
      const Value high = unzipped(memory[2], memory[3], odd);
      for (unsigned k = 0; k < 2; ++k) out[2 * k + odd] = unzipped(low, high, k);
    }
  }
  return out;
}

SimdLoadStoreHandlers::Registers SimdLoadStoreHandlers::interleave(Lanes lanes, unsigned elements,
                                                                   const Registers& registers) {
  const auto zipped = [&](Value a, Value b, unsigned part) { return zip(lanes, a, b, part); };
  Registers out;
  if (elements == 2) {
    for (unsigned k = 0; k < 2; ++k) out[k] = zipped(registers[0], registers[1], k);
  } else if (elements == 3) {
    const unsigned count = lanes.count();
    for (unsigned k = 0; k < 3; ++k) {
      out[k] = gather_three(lanes, registers, [=](unsigned i) {
        const unsigned at = k * count + i;
        return at % 3 * count + at / 3;
      });
    }
  } else {
    for (unsigned half = 0; half < 2; ++half) {
      const Value even = zipped(registers[0], registers[2], half);
      const Value odd = zipped(registers[1], registers[3], half);
      for (unsigned k = 0; k < 2; ++k) out[2 * half + k] = zipped(even, odd, k);
    }
  }
  return out;
}

// All accesses come before the first register changes: one that faults leaves them as they were.
bool SimdLoadStoreHandlers::load_multiple(Lanes lanes, unsigned registers, unsigned elements, uint32_t n,
                                          uint32_t t, uint32_t m) {
  const unsigned bytes = lanes.bits / 8;
  const Target target = post_target(n, m, registers * bytes, false);
  Registers values;
  for (unsigned i = 0; i < registers; ++i) values[i] = load_at(target, lanes.type(), bytes, i * bytes);
  if (elements > 1) values = deinterleave(lanes, elements, values);
  for (unsigned i = 0; i < registers; ++i) set_v((t + i) % 32, values[i]);
  write_back(n, target);
  return true;
}

bool SimdLoadStoreHandlers::store_multiple(Lanes lanes, unsigned registers, unsigned elements, uint32_t n,
                                           uint32_t t, uint32_t m) {
  const unsigned bytes = lanes.bits / 8;
  const Target target = post_target(n, m, registers * bytes, true);
  Registers values;
  for (unsigned i = 0; i < registers; ++i) values[i] = v((t + i) % 32);
  if (elements > 1) values = interleave(lanes, elements, values);
  for (unsigned i = 0; i < registers; ++i) store_at(target, values[i], bytes, i * bytes);
  write_back(n, target);
  return true;
}

bool SimdLoadStoreHandlers::load_single(Part part, unsigned elements, uint32_t n, uint32_t t, uint32_t m) {
  const Type type = element_type(part.size);
  const unsigned bytes = 1u << part.size;
  const Target target = post_target(n, m, elements * bytes, false);
  Registers values;
  for (unsigned i = 0; i < elements; ++i) values[i] = load_at(target, type, bytes, i * bytes);
  for (unsigned i = 0; i < elements; ++i) {
    const uint32_t reg = (t + i) % 32;
    set_v(reg, b_.emit(Op::insert_lane, vector_of(type), {v(reg), values[i]}, part.index));
  }
  write_back(n, target);
  return true;
}

bool SimdLoadStoreHandlers::store_single(Part part, unsigned elements, uint32_t n, uint32_t t, uint32_t m) {
  const unsigned bytes = 1u << part.size;
  const Target target = post_target(n, m, elements * bytes, true);
  for (unsigned i = 0; i < elements; ++i) {
    store_at(target, lane((t + i) % 32, element_type(part.size), part.index), bytes, i * bytes);
  }
  write_back(n, target);
  return true;
}

bool SimdLoadStoreHandlers::load_replicate(uint32_t q, uint32_t size, unsigned elements, uint32_t n,
                                           uint32_t t, uint32_t m) {
  const Type type = element_type(size);
  const unsigned bytes = 1u << size;
  const Target target = post_target(n, m, elements * bytes, false);
  Registers values;
  for (unsigned i = 0; i < elements; ++i) values[i] = load_at(target, type, bytes, i * bytes);
  for (unsigned i = 0; i < elements; ++i)
    set_v((t + i) % 32, q, b_.unary(Op::splat, vector_of(type), values[i]));
  write_back(n, target);
  return true;
}

// ---- multiple structures

bool SimdLoadStoreHandlers::LD1_mult(uint32_t q, uint32_t opcode, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), registers_of(opcode), 1, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD2_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), 2, 2, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD3_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), 3, 3, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD4_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), 4, 4, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD1_mult_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t size, uint32_t n,
                                          uint32_t t) {
  return load_multiple(vector_lanes(q, size), registers_of(opcode), 1, n, t, m);
}
bool SimdLoadStoreHandlers::LD2_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), 2, 2, n, t, m);
}
bool SimdLoadStoreHandlers::LD3_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), 3, 3, n, t, m);
}
bool SimdLoadStoreHandlers::LD4_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_multiple(vector_lanes(q, size), 4, 4, n, t, m);
}
bool SimdLoadStoreHandlers::ST1_mult(uint32_t q, uint32_t opcode, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), registers_of(opcode), 1, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST2_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), 2, 2, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST3_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), 3, 3, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST4_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), 4, 4, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST1_mult_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t size, uint32_t n,
                                          uint32_t t) {
  return store_multiple(vector_lanes(q, size), registers_of(opcode), 1, n, t, m);
}
bool SimdLoadStoreHandlers::ST2_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), 2, 2, n, t, m);
}
bool SimdLoadStoreHandlers::ST3_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), 3, 3, n, t, m);
}
bool SimdLoadStoreHandlers::ST4_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return store_multiple(vector_lanes(q, size), 4, 4, n, t, m);
}

// ---- single structures

bool SimdLoadStoreHandlers::LD1_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 1, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD2_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 2, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD3_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 3, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD4_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 4, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD1_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 1, n, t, m);
}
bool SimdLoadStoreHandlers::LD2_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 2, n, t, m);
}
bool SimdLoadStoreHandlers::LD3_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 3, n, t, m);
}
bool SimdLoadStoreHandlers::LD4_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return load_single(part_of(q, opcode, s, size), 4, n, t, m);
}
bool SimdLoadStoreHandlers::ST1_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 1, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST2_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 2, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST3_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 3, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST4_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                                     uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 4, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::ST1_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 1, n, t, m);
}
bool SimdLoadStoreHandlers::ST2_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 2, n, t, m);
}
bool SimdLoadStoreHandlers::ST3_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 3, n, t, m);
}
bool SimdLoadStoreHandlers::ST4_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size,
                                          uint32_t n, uint32_t t) {
  return store_single(part_of(q, opcode, s, size), 4, n, t, m);
}
bool SimdLoadStoreHandlers::LD1R(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 1, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD2R(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 2, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD3R(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 3, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD4R(uint32_t q, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 4, n, t, kNoPost);
}
bool SimdLoadStoreHandlers::LD1R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 1, n, t, m);
}
bool SimdLoadStoreHandlers::LD2R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 2, n, t, m);
}
bool SimdLoadStoreHandlers::LD3R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 3, n, t, m);
}
bool SimdLoadStoreHandlers::LD4R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t) {
  return load_replicate(q, size, 4, n, t, m);
}

}  // namespace ferry::arm64
