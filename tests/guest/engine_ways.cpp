#include "tests/guest/ways.h"

#ifdef FERRY_LLVM
#include "backend/engine.h"
#endif

namespace ferry::guest_test {
namespace {

template <backend::EngineKind kind, uint32_t max_insts>
std::unique_ptr<Runner> engine(GuestMemory& memory, std::string& error) {
  backend::EngineOptions options;
  options.kind = kind;
  options.max_block_insts = max_insts;
  options.verify = true;
  options.background = false;
#ifdef FERRY_LLVM
  options.llvm = backend::make_llvm_codegen;
#endif
  return make_engine_runner(memory, options, error);
}

constexpr Way kWays[] = {
    {"interp", true, engine<backend::EngineKind::Interp, 64>},
    {"baseline_single", true, engine<backend::EngineKind::Baseline, 1>},
    {"baseline", true, engine<backend::EngineKind::Baseline, 64>},
#ifdef FERRY_LLVM
    {"llvm", true, engine<backend::EngineKind::Llvm, 64>},
#endif
};

}  // namespace

std::span<const Way> ways() { return kWays; }

}  // namespace ferry::guest_test
