#include "backend/x64/codegen.h"

#include "backend/x64/emitter.h"

namespace ferry::backend::x64 {

namespace {

class X64Codegen final : public Codegen {
 public:
  X64Codegen(const EngineOptions& options, const HostFeatures& features)
      : emitter_(options, options.host_extensions ? features : HostFeatures{}) {}

  std::string_view name() const override { return "x64"; }

  support::Result<CodeImage> compile(const ir::Function& function) override {
    return emitter_.compile(function);
  }

 private:
  Emitter emitter_;
};

}  // namespace

std::unique_ptr<Codegen> make_x64_codegen(const EngineOptions& options, const HostFeatures& features) {
  return std::make_unique<X64Codegen>(options, features);
}

}  // namespace ferry::backend::x64
