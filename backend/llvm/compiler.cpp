#include "backend/llvm/compiler.h"

#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Scalar/Sink.h>

#include "backend/codegen.h"
#include "backend/llvm/check_places.h"
#include "backend/llvm/start.h"

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
}

namespace ferry::backend::llvm_tier {

namespace {

void set_option(llvm::StringRef name, bool value) {
  auto& options = llvm::cl::getRegisteredOptions();
  const auto found = options.find(name);
  if (found != options.end()) static_cast<llvm::cl::opt<bool>*>(found->second)->setValue(value);
}

// 61 % of the code generation time of large functions with promoted registers goes into domain reassignment,
// for code of the same size. A guest's store is one access of its size (Arm ARM B2.2.1): what it leaves as it
// was is written too.
void set_options() {
  set_option("disable-x86-domain-reassignment", true);
  set_option("combiner-reduce-load-op-store-width", false);
  set_option("combiner-shrink-load-replace-store-with-store", false);
}

/// The processor that ferry demands: SSE4.2 and POPCNT, nothing beyond.
constexpr const char* kFloor = "x86-64-v2";

std::string feature_string(const llvm::StringMap<bool>& features) {
  llvm::SubtargetFeatures list;
  for (const auto& feature : features) list.AddFeature(feature.getKey(), feature.getValue());
  return list.getString();
}

}  // namespace

support::Result<std::unique_ptr<Compiler>> Compiler::create(bool host_extensions) {
  start_llvm();
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  set_options();

  const std::string triple = "x86_64-unknown-linux-gnu";
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (target == nullptr) return support::Error{"LLVM has no x86-64 back end: " + error};
  const llvm::StringMap<bool> features =
      host_extensions ? llvm::sys::getHostCPUFeatures() : llvm::StringMap<bool>();
  std::unique_ptr<Compiler> compiler(new Compiler());
  compiler->host_ = {
      .fma = features.lookup("fma"),
      .avx2 = features.lookup("avx2"),
      .avx512 = features.lookup("avx512vl") && features.lookup("avx512bw"),
      .half = features.lookup("f16c") && features.lookup("avx2"),
      .half_arithmetic = features.lookup("avx512fp16"),
      .aes = features.lookup("aes"),
      .clmul = features.lookup("pclmul"),
      .sha = features.lookup("sha"),
  };
  compiler->target_.reset(target->createTargetMachine(
      triple, host_extensions ? llvm::sys::getHostCPUName() : kFloor, feature_string(features),
      llvm::TargetOptions(), llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default,
      /*JIT=*/true));
  if (compiler->target_ == nullptr) return support::Error{"LLVM cannot generate code for this host"};
  compiler->build_passes();
  if (!compiler->build_code_generator()) return support::Error{"LLVM cannot emit object code for this host"};
  return compiler;
}

// What LLVMTargetMachine::addPassesToEmitFile does, with a pass of ours before the last.
bool Compiler::build_code_generator() {
  auto& machine = static_cast<llvm::LLVMTargetMachine&>(*target_);
  auto* modules = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* config = machine.createPassConfig(emit_);
  emit_.add(config);
  emit_.add(modules);
  if (config->addISelPasses()) return false;
  config->addMachinePasses();
  config->setInitialized();
  emit_.add(new CheckPlaces(places_are_sound_));
  if (machine.addAsmPrinter(emit_, stream_, nullptr, llvm::CodeGenFileType::ObjectFile,
                            modules->getMMI().getContext()))
    return false;
  emit_.add(llvm::createFreeMachineFunctionPass());
  return true;
}

// Light passes only: guest code was optimized once already. What translation adds is guest registers in
// memory (SROA), recomputed flags (EarlyCSE, InstCombine) and values needed on side exits only (Sink).
void Compiler::build_passes() {
  llvm::PassBuilder builder(target_.get());
  builder.registerModuleAnalyses(modules_);
  builder.registerCGSCCAnalyses(sccs_);
  builder.registerFunctionAnalyses(functions_);
  builder.registerLoopAnalyses(loops_);
  builder.crossRegisterProxies(loops_, functions_, sccs_, modules_);
  passes_.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
  passes_.addPass(llvm::EarlyCSEPass());
  passes_.addPass(llvm::InstCombinePass());
  passes_.addPass(llvm::SimplifyCFGPass());
  passes_.addPass(llvm::SinkingPass());
  passes_.addPass(llvm::ADCEPass());
}

void Compiler::prepare(llvm::Module& module) const {
  module.setTargetTriple(target_->getTargetTriple().str());
  module.setDataLayout(target_->createDataLayout());
}

void Compiler::optimize(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    passes_.run(function, functions_);
  }
  functions_.clear();
  loops_.clear();
  modules_.clear();
}

support::Result<llvm::SmallVector<char, 0>> Compiler::emit_object(llvm::Module& module) {
  object_.clear();
  places_are_sound_ = true;
  emit_.run(module);
  if (!places_are_sound_) return support::Error{kLostPlaces};
  return object_;
}

}  // namespace ferry::backend::llvm_tier
