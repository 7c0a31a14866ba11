#include "tests/guest/ways.h"

#ifdef FERRY_LLVM
#include "backend/engine.h"
#endif

namespace ferry::guest_test {
namespace {

template <backend::EngineKind kind, uint32_t max_insts, bool host_extensions = true>
std::unique_ptr<Runner> engine(GuestMemory& memory, std::string& error) {
  backend::EngineOptions options;
  options.kind = kind;
  options.max_block_insts = max_insts;
  options.host_extensions = host_extensions;
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
    {"baseline_oldest_host", true, engine<backend::EngineKind::Baseline, 64, false>},
#ifdef FERRY_LLVM
    {"llvm", true, engine<backend::EngineKind::Llvm, 64>},
    {"llvm_oldest_host", true, engine<backend::EngineKind::Llvm, 64, false>},
#endif
};

}  // namespace

std::span<const Way> ways() { return kWays; }

}  // namespace ferry::guest_test
