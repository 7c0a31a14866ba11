#include "backend/codegen.h"

#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include "backend/engine.h"
#include "backend/llvm/compiler.h"
#include "backend/llvm/linker.h"
#include "backend/llvm/lower.h"

namespace ferry::backend {

namespace {

// LLVM itself is set up by the first compile. compile() may run beside translated code and other compiles.
class LlvmCodegen final : public Codegen {
 public:
  explicit LlvmCodegen(const EngineOptions& options) : options_(options) {}

  std::string_view name() const override { return "llvm"; }

  support::Result<CodeImage> compile(const ir::Function& function) override {
    if (compiler_ == nullptr) {
      auto created = llvm_tier::Compiler::create(options_.host_extensions);
      if (!created) return created.error();
      compiler_ = std::move(*created);
    }
    llvm::LLVMContext context;
    llvm::Module module("region", context);
    compiler_->prepare(module);
    const llvm_tier::Plan plan =
        llvm_tier::Lowering(function, options_, compiler_->host_features(), module).run();
    if (options_.verify && llvm::verifyModule(module, &llvm::errs())) {
      return support::Error{"the LLVM lowering made an invalid module"};
    }
    compiler_->optimize(module);
    if (options_.dump.find("llvm") != std::string::npos) module.print(llvm::errs(), nullptr);
    auto object = compiler_->emit_object(module);
    if (!object) return object.error();
    if (auto error = region_.link(*object, plan, function)) return *error;
    return region_.image();
  }

 private:
  const EngineOptions options_;
  std::unique_ptr<llvm_tier::Compiler> compiler_;
  llvm_tier::LinkedRegion region_;
};

}  // namespace

std::unique_ptr<Codegen> make_llvm_codegen(const EngineOptions& options) {
  return std::make_unique<LlvmCodegen>(options);
}

}  // namespace ferry::backend
