#include "frontend/arm64/state.h"

namespace ferry::arm64 {

namespace {

constexpr ir::StateReg kRegs[] = {
#define REG(name, text, type, member, pin) {text, ir::Type::type, offsetof(State, member), pin},
#include "frontend/arm64/state.def"
#undef REG
};

constexpr ir::StateLayout kLayout{kRegs, sizeof(State), PC, TRAP_ARG};

}  // namespace

const ir::StateLayout& state_layout() { return kLayout; }

}  // namespace ferry::arm64
