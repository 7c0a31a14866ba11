// Products of polynomials, checksums, ciphers and hashes: the host's instructions where it has them.
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backend/llvm/lower.h"

namespace ferry::backend::llvm_tier {

using ir::Type;

namespace {

// The lane type in which LLVM declares these intrinsics.
Type intrinsic_lanes(Type type) { return type == Type::V16I8 ? Type::V2I64 : type; }

}  // namespace

// The intrinsic `id` on the instruction's operands.
llvm::Value* Lowering::host_step(const Inst& inst, bool available, llvm::Intrinsic::ID id) {
  if (!available) return evaluate(inst);
  std::vector<Value*> args;
  for (unsigned i = 0; i < inst.arg_count; ++i) args.push_back(arg_as(inst, i, intrinsic_lanes(inst.type)));
  return as(b_.CreateIntrinsic(id, {}, args), inst.type);
}

llvm::Value* Lowering::clmul(const Inst& inst) {
  if (!host_.clmul) return evaluate(inst);
  Value* lanes = b_.getInt8(inst.imm != 0 ? 0x11 : 0x00);
  return b_.CreateIntrinsic(llvm::Intrinsic::x86_pclmulqdq, {},
                            {arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type), lanes});
}

// SSE4.2, the floor, has it.
llvm::Value* Lowering::crc32c(const Inst& inst) {
  Value* data = arg(inst, 0);
  Value* checksum = arg(inst, 1);
  switch (ir::bits(arg_type(inst, 0))) {
    case 8:
      return b_.CreateIntrinsic(llvm::Intrinsic::x86_sse42_crc32_32_8, {}, {checksum, data});
    case 16:
      return b_.CreateIntrinsic(llvm::Intrinsic::x86_sse42_crc32_32_16, {}, {checksum, data});
    case 32:
      return b_.CreateIntrinsic(llvm::Intrinsic::x86_sse42_crc32_32_32, {}, {checksum, data});
    default:
      break;
  }
  checksum = b_.CreateZExt(checksum, b_.getInt64Ty());
  return b_.CreateTrunc(b_.CreateIntrinsic(llvm::Intrinsic::x86_sse42_crc32_64_64, {}, {checksum, data}),
                        b_.getInt32Ty());
}

llvm::Value* Lowering::aes_enc(const Inst& inst) {
  return host_step(inst, host_.aes, llvm::Intrinsic::x86_aesni_aesenc);
}
llvm::Value* Lowering::aes_enc_last(const Inst& inst) {
  return host_step(inst, host_.aes, llvm::Intrinsic::x86_aesni_aesenclast);
}
llvm::Value* Lowering::aes_dec(const Inst& inst) {
  return host_step(inst, host_.aes, llvm::Intrinsic::x86_aesni_aesdec);
}
llvm::Value* Lowering::aes_dec_last(const Inst& inst) {
  return host_step(inst, host_.aes, llvm::Intrinsic::x86_aesni_aesdeclast);
}
llvm::Value* Lowering::aes_inv_mix(const Inst& inst) {
  return host_step(inst, host_.aes, llvm::Intrinsic::x86_aesni_aesimc);
}

// The host mixes columns only at the end of a round: undo what it does before that.
llvm::Value* Lowering::aes_mix(const Inst& inst) {
  if (!host_.aes) return evaluate(inst);
  Value* state = arg_as(inst, 0, Type::V2I64);
  Value* zero = llvm::Constant::getNullValue(state->getType());
  Value* undone = b_.CreateIntrinsic(llvm::Intrinsic::x86_aesni_aesdeclast, {}, {state, zero});
  return as(b_.CreateIntrinsic(llvm::Intrinsic::x86_aesni_aesenc, {}, {undone, zero}), inst.type);
}

llvm::Value* Lowering::sha1_rounds(const Inst& inst) {
  if (!host_.sha) return evaluate(inst);
  return b_.CreateIntrinsic(
      llvm::Intrinsic::x86_sha1rnds4, {},
      {arg_as(inst, 0, inst.type), arg_as(inst, 1, inst.type), b_.getInt8(static_cast<uint8_t>(inst.imm))});
}
llvm::Value* Lowering::sha256_rounds(const Inst& inst) {
  return host_step(inst, host_.sha, llvm::Intrinsic::x86_sha256rnds2);
}
llvm::Value* Lowering::sha256_msg1(const Inst& inst) {
  return host_step(inst, host_.sha, llvm::Intrinsic::x86_sha256msg1);
}
llvm::Value* Lowering::sha256_msg2(const Inst& inst) {
  return host_step(inst, host_.sha, llvm::Intrinsic::x86_sha256msg2);
}

}  // namespace ferry::backend::llvm_tier
