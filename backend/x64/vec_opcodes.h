#pragma once

#include "backend/x64/assembler.h"

// The vector instructions that the emitter uses, as data (Intel SDM volume 2).
namespace ferry::backend::x64::vop {

constexpr VecOpcode int_op(uint8_t code, bool commutes = false) {
  return {VecPrefix::P66, VecMap::M0f, code, commutes};
}
constexpr VecOpcode int_op38(uint8_t code, bool commutes = false) {
  return {VecPrefix::P66, VecMap::M0f38, code, commutes};
}
constexpr VecOpcode int_op3a(uint8_t code) { return {VecPrefix::P66, VecMap::M0f3a, code}; }

inline constexpr VecOpcode kPaddB = int_op(0xfc, true), kPaddW = int_op(0xfd, true),
                           kPaddD = int_op(0xfe, true), kPaddQ = int_op(0xd4, true), kPsubB = int_op(0xf8),
                           kPsubW = int_op(0xf9), kPsubD = int_op(0xfa), kPsubQ = int_op(0xfb),
                           kPmullW = int_op(0xd5, true), kPmullD = int_op38(0x40, true),
                           kPand = int_op(0xdb, true), kPandn = int_op(0xdf), kPor = int_op(0xeb, true),
                           kPxor = int_op(0xef, true);
inline constexpr VecOpcode kPminSB = int_op38(0x38, true), kPminSW = int_op(0xea, true),
                           kPminSD = int_op38(0x39, true), kPminUB = int_op(0xda, true),
                           kPminUW = int_op38(0x3a, true), kPminUD = int_op38(0x3b, true),
                           kPmaxSB = int_op38(0x3c, true), kPmaxSW = int_op(0xee, true),
                           kPmaxSD = int_op38(0x3d, true), kPmaxUB = int_op(0xde, true),
                           kPmaxUW = int_op38(0x3e, true), kPmaxUD = int_op38(0x3f, true);
inline constexpr VecOpcode kPcmpeqB = int_op(0x74, true), kPcmpeqW = int_op(0x75, true),
                           kPcmpeqD = int_op(0x76, true), kPcmpeqQ = int_op38(0x29, true),
                           kPcmpgtB = int_op(0x64), kPcmpgtW = int_op(0x65), kPcmpgtD = int_op(0x66),
                           kPcmpgtQ = int_op38(0x37);
inline constexpr VecOpcode kPaddusB = int_op(0xdc, true), kPaddusW = int_op(0xdd, true),
                           kPaddsB = int_op(0xec, true), kPaddsW = int_op(0xed, true),
                           kPsubusB = int_op(0xd8), kPsubusW = int_op(0xd9), kPsubsB = int_op(0xe8),
                           kPsubsW = int_op(0xe9), kPavgB = int_op(0xe0, true), kPavgW = int_op(0xe3, true);
inline constexpr VecOpcode kPmulhW = int_op(0xe5, true), kPmulhuW = int_op(0xe4, true),
                           kPmuludq = int_op(0xf4, true), kPmuldq = int_op38(0x28, true);
inline constexpr VecOpcode kPackssWB = int_op(0x63), kPackusWB = int_op(0x67), kPackssDW = int_op(0x6b),
                           kPackusDW = int_op38(0x2b);
inline constexpr VecOpcode kPunpckl[] = {int_op(0x60), int_op(0x61), int_op(0x62), int_op(0x6c)};
inline constexpr VecOpcode kPunpckh[] = {int_op(0x68), int_op(0x69), int_op(0x6a), int_op(0x6d)};
inline constexpr VecOpcode kPshufB = int_op38(0x00), kPshufD = int_op(0x70),
                           kPshufHW = {VecPrefix::Pf3, VecMap::M0f, 0x70},
                           kPshufLW = {VecPrefix::Pf2, VecMap::M0f, 0x70}, kPalignr = int_op3a(0x0f),
                           kShufps = {VecPrefix::None, VecMap::M0f, 0xc6}, kPblendW = int_op3a(0x0e);
inline constexpr VecOpcode kPmovsx[] = {int_op38(0x20), int_op38(0x23),
                                        int_op38(0x25)};  // by source lane: 8, 16, 32
inline constexpr VecOpcode kPmovzx[] = {int_op38(0x30), int_op38(0x33), int_op38(0x35)};
inline constexpr VecOpcode kPabsB = int_op38(0x1c), kPabsW = int_op38(0x1d), kPabsD = int_op38(0x1e);
inline constexpr VecOpcode kMovq = {VecPrefix::Pf3, VecMap::M0f, 0x7e};  // the low half, upper half cleared
inline constexpr VecOpcode kMovaps = {VecPrefix::None, VecMap::M0f, 0x28};
inline constexpr VecOpcode kMovsd = {VecPrefix::Pf2, VecMap::M0f,
                                     0x10};  // register form: merges the low half
inline constexpr VecOpcode kInsertps = int_op3a(0x21);

inline constexpr VecShift kSrlW{0x71, 2}, kSraW{0x71, 4}, kSllW{0x71, 6}, kSrlD{0x72, 2}, kSraD{0x72, 4},
    kSllD{0x72, 6}, kSrlQ{0x73, 2}, kSllQ{0x73, 6}, kSrlBytes{0x73, 3}, kSllBytes{0x73, 7};

// Shifts of each lane by its own amount, AVX2 only; by lane width: 32, 64.
inline constexpr VecOpcode kSllV[] = {int_op38(0x47), {VecPrefix::P66, VecMap::M0f38, 0x47, false, true}};
inline constexpr VecOpcode kSrlV[] = {int_op38(0x45), {VecPrefix::P66, VecMap::M0f38, 0x45, false, true}};
inline constexpr VecOpcode kSraV = int_op38(0x46);

inline constexpr VecOpcode kAesInvMix = int_op38(0xdb), kAesEnc = int_op38(0xdc),
                           kAesEncLast = int_op38(0xdd), kAesDec = int_op38(0xde),
                           kAesDecLast = int_op38(0xdf), kClmul = int_op3a(0x44);
// These have no AVX form.
inline constexpr VecOpcode kSha1Rounds = {VecPrefix::None, VecMap::M0f3a, 0xcc},
                           kSha256Rounds = {VecPrefix::None, VecMap::M0f38, 0xcb},
                           kSha256Msg1 = {VecPrefix::None, VecMap::M0f38, 0xcc},
                           kSha256Msg2 = {VecPrefix::None, VecMap::M0f38, 0xcd};

/// Floating-point opcodes (0F map), for fp_opcode() to prefix.
inline constexpr uint8_t kFpSqrt = 0x51, kFpAnd = 0x54, kFpXor = 0x57, kFpAdd = 0x58, kFpMul = 0x59,
                         kFpSub = 0x5c, kFpMin = 0x5d, kFpDiv = 0x5e, kFpMax = 0x5f, kFpCmp = 0xc2;

/// CMPPS predicate UNORD_Q: one of the numbers is a NaN.
inline constexpr uint8_t kUnordered = 3;

/// The form of a floating-point instruction for this type: PS, PD, SS or SD.
constexpr VecOpcode fp_opcode(uint8_t code, ir::Type type) {
  const bool wide = ir::lane_bits(type) == 64;
  const bool vector = ir::is_vector(type);
  const VecPrefix prefix =
      vector ? (wide ? VecPrefix::P66 : VecPrefix::None) : (wide ? VecPrefix::Pf2 : VecPrefix::Pf3);
  return {prefix, VecMap::M0f, code};
}

/// The packed form whatever the type: for scalars it works on the lanes above, too.
constexpr VecOpcode packed_opcode(uint8_t code, ir::Type type) {
  return {ir::lane_bits(type) == 64 ? VecPrefix::P66 : VecPrefix::None, VecMap::M0f, code};
}

}  // namespace ferry::backend::x64::vop
