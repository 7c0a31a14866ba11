#include "tests/guest/ways.h"

namespace ferry::guest_test {
namespace {

template <uint32_t max_insts, uint32_t max_blocks, bool precise>
std::unique_ptr<Runner> interpreter(GuestMemory& memory, std::string&) {
  ir::TranslateLimits limits;
  limits.max_insts = max_insts;
  limits.max_blocks = max_blocks;
  limits.precise = precise;
  return make_interp_runner(memory, limits);
}

constexpr Way kWays[] = {
    {"single", true, interpreter<1, 1, true>},
    {"block", true, interpreter<64, 1, true>},
    {"block_imprecise", false, interpreter<64, 1, false>},
    {"region", true, interpreter<256, 32, true>},
};

}  // namespace

std::span<const Way> ways() { return kWays; }

}  // namespace ferry::guest_test
