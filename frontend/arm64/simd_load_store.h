#pragma once

#include <array>

#include "frontend/arm64/simd_permute.h"

namespace ferry::arm64 {

/// Loads and stores of structures (Arm ARM C4.1.94, "Advanced SIMD load/store").
class SimdLoadStoreHandlers : public SimdPermuteHandlers {
 public:
  // ---- multiple structures

  bool LD1_mult(uint32_t q, uint32_t opcode, uint32_t size, uint32_t n, uint32_t t);
  bool LD2_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD3_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD4_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD1_mult_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t size, uint32_t n, uint32_t t);
  bool LD2_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool LD3_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool LD4_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool ST1_mult(uint32_t q, uint32_t opcode, uint32_t size, uint32_t n, uint32_t t);
  bool ST2_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool ST3_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool ST4_mult(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool ST1_mult_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t size, uint32_t n, uint32_t t);
  bool ST2_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool ST3_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool ST4_mult_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);

  // ---- single structures

  bool LD1_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool LD2_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool LD3_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool LD4_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool LD1_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool LD2_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool LD3_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool LD4_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool ST1_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool ST2_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool ST3_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool ST4_sngl(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n, uint32_t t);
  bool ST1_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool ST2_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool ST3_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool ST4_sngl_post(uint32_t q, uint32_t m, uint32_t opcode, uint32_t s, uint32_t size, uint32_t n,
                     uint32_t t);
  bool LD1R(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD2R(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD3R(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD4R(uint32_t q, uint32_t size, uint32_t n, uint32_t t);
  bool LD1R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool LD2R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool LD3R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);
  bool LD4R_post(uint32_t q, uint32_t m, uint32_t size, uint32_t n, uint32_t t);

 protected:
  using SimdPermuteHandlers::SimdPermuteHandlers;
  ~SimdLoadStoreHandlers() = default;

 private:
  /// In the place of Rm: an instruction without write-back.
  static constexpr uint32_t kNoPost = 32;

  /// One element of a register.
  struct Part {
    uint32_t size;
    unsigned index;
  };
  static Part part_of(uint32_t q, uint32_t opcode, uint32_t s, uint32_t size);
  static unsigned registers_of(uint32_t opcode);
  static Type element_type(uint32_t size) {
    return size < 2 ? ir::int_type(8u << size) : ir::float_type(8u << size);
  }

  /// At most the four registers that one of these instructions works on.
  using Registers = std::array<Value, 4>;

  Target post_target(uint32_t n, uint32_t m, unsigned bytes, bool write);
  Value load_at(const Target& target, Type type, unsigned bytes, unsigned disp);
  void store_at(const Target& target, Value value, unsigned bytes, unsigned disp);
  Value group_elements(Lanes lanes, unsigned elements, Value memory);
  Registers transpose_words(const Registers& rows);
  Registers deinterleave(Lanes lanes, unsigned elements, const Registers& memory);
  Registers interleave(Lanes lanes, unsigned elements, const Registers& registers);
  template <typename Source>
  Value gather_three(Lanes lanes, const Registers& from, Source source);
  bool load_multiple(Lanes lanes, unsigned registers, unsigned elements, uint32_t n, uint32_t t, uint32_t m);
  bool store_multiple(Lanes lanes, unsigned registers, unsigned elements, uint32_t n, uint32_t t, uint32_t m);
  bool load_single(Part part, unsigned elements, uint32_t n, uint32_t t, uint32_t m);
  bool store_single(Part part, unsigned elements, uint32_t n, uint32_t t, uint32_t m);
  bool load_replicate(uint32_t q, uint32_t size, unsigned elements, uint32_t n, uint32_t t, uint32_t m);
};

}  // namespace ferry::arm64
