#include "backend/x64/emitter.h"
#include "backend/x64/vec_opcodes.h"

// Products of polynomials, checksums, ciphers and hashes, on the host's instructions for them where it has
// these.
namespace ferry::backend::x64 {

using ir::kNoValue;
using ir::ValueId;

void Emitter::on_clmul(const Inst& in, ValueId id) {
  if (!host_.pclmul) return emit_slow_call(in, id);
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int to = ra_.define(id, in.args[0], host_.avx || a == b ? 0 : mask_of(b));
  vec3(vop::kClmul, to, a, b, in.imm != 0 ? 0x11 : 0x00);
}

void Emitter::on_crc32c(const Inst& in, ValueId id) {
  const int width = static_cast<int>(ir::bits(ra_.type(in.args[0])));
  const int data = gp(in.args[0]);
  const int crc = gp_zero_extended(in.args[1]);
  const int to = ra_.define(id, in.args[1], mask_of(data));
  if (to != crc) as_.mov(r(to, 32), r(crc, 32));
  switch (width) {
    case 8:
      as_.crc32(Xbyak::Reg32(to), r8(data));
      break;
    case 16:
      as_.crc32(Xbyak::Reg32(to), Xbyak::Reg16(data));
      break;
    case 32:
      as_.crc32(Xbyak::Reg32(to), Xbyak::Reg32(data));
      break;
    default:
      as_.crc32(Xbyak::Reg64(to), Xbyak::Reg64(data));
      break;
  }
  ra_.set_clean(id, true);
}

// ---- AES

void Emitter::aes_round(const VecOpcode& op, const Inst& in, ValueId id) {
  if (!host_.aes) return emit_slow_call(in, id);
  vec_binary(op, in.args[0], in.args[1], id);
}

void Emitter::on_aes_enc(const Inst& in, ValueId id) { aes_round(vop::kAesEnc, in, id); }
void Emitter::on_aes_enc_last(const Inst& in, ValueId id) { aes_round(vop::kAesEncLast, in, id); }
void Emitter::on_aes_dec(const Inst& in, ValueId id) { aes_round(vop::kAesDec, in, id); }
void Emitter::on_aes_dec_last(const Inst& in, ValueId id) { aes_round(vop::kAesDecLast, in, id); }

// The host mixes columns only at the end of a round: undo what it does before that.
void Emitter::on_aes_mix(const Inst& in, ValueId id) {
  if (!host_.aes) return emit_slow_call(in, id);
  const int a = vx(in.args[0]);
  const int zero = ra_.scratch_xmm();
  const int to = ra_.define(id, in.args[0]);
  vec_zero(zero);
  vec3(vop::kAesDecLast, to, a, zero);
  vec3(vop::kAesEnc, to, to, zero);
}

void Emitter::on_aes_inv_mix(const Inst& in, ValueId id) {
  if (!host_.aes) return emit_slow_call(in, id);
  const int a = vx(in.args[0]);
  vec1(vop::kAesInvMix, ra_.define(id, in.args[0]), a);
}

// ---- SHA-1, SHA-256

void Emitter::sha_step(const VecOpcode& op, const Inst& in, ValueId id) {
  const int a = vx(in.args[0]);
  const int b = vx(in.args[1]);
  const int to = ra_.define(id, in.args[0], a == b ? 0 : mask_of(b));
  vec_move(to, a);
  as_.vec(op, false, to, to, a == b ? to : b);
}

void Emitter::on_sha1_rounds(const Inst& in, ValueId id) {
  if (!host_.sha) return emit_slow_call(in, id);
  sha_step(vop::kSha1Rounds, in, id);
  as_.db(static_cast<int>(in.imm));
}

void Emitter::on_sha256_msg1(const Inst& in, ValueId id) {
  host_.sha ? sha_step(vop::kSha256Msg1, in, id) : emit_slow_call(in, id);
}

void Emitter::on_sha256_msg2(const Inst& in, ValueId id) {
  host_.sha ? sha_step(vop::kSha256Msg2, in, id) : emit_slow_call(in, id);
}

// The third operand of SHA256RNDS2 is xmm0, which may hold something else.
void Emitter::on_sha256_rounds(const Inst& in, ValueId id) {
  if (!host_.sha) return emit_slow_call(in, id);
  constexpr int kWork = 0;
  const int cdgh = vx(in.args[0]);
  const int abef = vx(in.args[1]);
  const int work = vx(in.args[2]);
  const int before = ra_.scratch_xmm();
  const int to = ra_.define(id, kNoValue, mask_of(kWork) | mask_of(cdgh) | mask_of(abef) | mask_of(work));
  vec_move(to, cdgh);
  if (work == kWork) {
    as_.vec(vop::kSha256Rounds, false, to, to, abef);
    return;
  }
  vec_move(before, kWork);
  vec_move(kWork, work);
  as_.vec(vop::kSha256Rounds, false, to, to, abef == kWork ? before : abef);
  vec_move(kWork, before);
}

}  // namespace ferry::backend::x64
