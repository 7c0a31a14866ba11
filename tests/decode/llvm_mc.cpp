#include "tests/decode/llvm_mc.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace ferry::decode_test {
namespace {

const llvm::Target& aarch64(const llvm::Triple& triple) {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64Disassembler();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  if (target == nullptr) std::abort();
  return *target;
}

}  // namespace

/// The parts of LLVM's machine-code layer; each refers to those before it.
struct LlvmDisassembler::Parts {
  explicit Parts(const std::string& features) : features_of_cpu(features) {}

  const std::string features_of_cpu;
  const llvm::Triple triple{"aarch64-linux-gnu"};
  const llvm::Target& target = aarch64(triple);
  const llvm::MCTargetOptions options;
  const std::unique_ptr<llvm::MCRegisterInfo> registers{target.createMCRegInfo(triple.str())};
  const std::unique_ptr<llvm::MCAsmInfo> assembly{target.createMCAsmInfo(*registers, triple.str(), options)};
  const std::unique_ptr<llvm::MCInstrInfo> instructions{target.createMCInstrInfo()};
  const std::unique_ptr<llvm::MCSubtargetInfo> subtarget{
      target.createMCSubtargetInfo(triple.str(), "", features_of_cpu)};
  llvm::MCContext context{triple, assembly.get(), registers.get(), subtarget.get()};
  const std::unique_ptr<llvm::MCDisassembler> disassembler{target.createMCDisassembler(*subtarget, context)};
  const std::unique_ptr<llvm::MCInstPrinter> printer{target.createMCInstPrinter(
      triple, assembly->getAssemblerDialect(), *assembly, *instructions, *registers)};
};

LlvmDisassembler::LlvmDisassembler(const std::string& features) : parts_(std::make_unique<Parts>(features)) {}
LlvmDisassembler::~LlvmDisassembler() = default;

const std::string& LlvmDisassembler::text(uint32_t word) {
  text_.clear();
  const std::array<uint8_t, 4> bytes = {static_cast<uint8_t>(word), static_cast<uint8_t>(word >> 8),
                                        static_cast<uint8_t>(word >> 16), static_cast<uint8_t>(word >> 24)};
  llvm::MCInst instruction;
  uint64_t size = 0;
  const auto status = parts_->disassembler->getInstruction(instruction, size, bytes, 0, llvm::nulls());
  if (status == llvm::MCDisassembler::Fail) return text_;
  llvm::raw_string_ostream stream(text_);
  parts_->printer->printInst(&instruction, 0, "", *parts_->subtarget, stream);
  stream.flush();
  std::replace(text_.begin(), text_.end(), '\t', ' ');
  text_.erase(0, text_.find_first_not_of(' '));
  return text_;
}

}  // namespace ferry::decode_test
