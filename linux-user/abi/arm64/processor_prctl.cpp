#include "linux-user/abi/arm64/processor_prctl.h"

#include <linux/prctl.h>
#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "frontend/arm64/pointer_keys.h"

namespace ferry::linux_user::arm64_abi_detail {
namespace {

using ferry::arm64::PointerKeyId;
using ferry::arm64::State;

struct KeyBit {
  PointerKeyId key;
  uint64_t bit;
};
constexpr KeyBit kAddressKeys[] = {{ferry::arm64::kKeyIA, PR_PAC_APIAKEY},
                                   {ferry::arm64::kKeyIB, PR_PAC_APIBKEY},
                                   {ferry::arm64::kKeyDA, PR_PAC_APDAKEY},
                                   {ferry::arm64::kKeyDB, PR_PAC_APDBKEY}};
constexpr uint64_t kAllAddressKeys = PR_PAC_APIAKEY | PR_PAC_APIBKEY | PR_PAC_APDAKEY | PR_PAC_APDBKEY;
constexpr uint64_t kAllKeys = kAllAddressKeys | PR_PAC_APGAKEY;

void renew_key(State& state, PointerKeyId key) {
  std::array<uint64_t, 2> random{};
  // As much as this is available at once from a kernel that has started; there is no way to report a failure.
  (void)!::getrandom(random.data(), sizeof random, 0);
  set_key(state, key, random);
}

void renew_keys(State& state, uint64_t keys) {
  for (const auto& [key, bit] : kAddressKeys) {
    if ((keys & bit) != 0) renew_key(state, key);
  }
  if ((keys & PR_PAC_APGAKEY) != 0) renew_key(state, ferry::arm64::kKeyGA);
}

bool all_zero(const std::array<uint64_t, 4>& args, size_t from) {
  for (size_t i = from; i < args.size(); ++i) {
    if (args[i] != 0) return false;
  }
  return true;
}

// ---- pointer_auth.c: ptrauth_prctl_reset_keys, ptrauth_set_enabled_keys, ptrauth_get_enabled_keys

SysResult reset_keys(State& state, const std::array<uint64_t, 4>& args) {
  if (!all_zero(args, 1) || (args[0] & ~kAllKeys) != 0) return SysResult::error(EINVAL);
  renew_keys(state, args[0] != 0 ? args[0] : kAllKeys);
  return 0;
}

SysResult set_enabled_keys(State& state, const std::array<uint64_t, 4>& args) {
  const auto [keys, enabled, rest0, rest1] = args;
  if (!all_zero(args, 2)) return SysResult::error(EINVAL);
  if ((keys & ~kAllAddressKeys) != 0 || (enabled & ~keys) != 0) return SysResult::error(EINVAL);
  for (const auto& [key, bit] : kAddressKeys) {
    if ((keys & bit) != 0) enable_key(state, key, (enabled & bit) != 0);
  }
  return 0;
}

SysResult get_enabled_keys(const State& state, const std::array<uint64_t, 4>& args) {
  if (!all_zero(args, 0)) return SysResult::error(EINVAL);
  uint64_t enabled = 0;
  for (const auto& [key, bit] : kAddressKeys) {
    if (key_enabled(state, key)) enabled |= bit;
  }
  return static_cast<int64_t>(enabled);
}

// ---- process.c: set_tagged_addr_ctrl, get_tagged_addr_ctrl; mte.c: set_mte_ctrl

ferry::arm64::TagChecks tag_checks(uint64_t control) {
  using ferry::arm64::TagChecks;
  // Who accepts both gets what the administrator prefers for each CPU, which is asynchronous where nobody
  // changed it.
  if ((control & PR_MTE_TCF_ASYNC) != 0) return TagChecks::Asynchronous;
  return (control & PR_MTE_TCF_SYNC) != 0 ? TagChecks::Synchronous : TagChecks::None;
}

SysResult set_tagged_addresses(const ferry::arm64::Cpu& cpu, Task& task, State& state,
                               const std::array<uint64_t, 4>& args) {
  const uint64_t control = args[0];
  const uint64_t tagging = cpu.has(ferry::arm64::Feature::MTE) ? PR_MTE_TCF_MASK | PR_MTE_TAG_MASK : 0;
  if (!all_zero(args, 1) || (control & ~(PR_TAGGED_ADDR_ENABLE | tagging)) != 0)
    return SysResult::error(EINVAL);
  task.tagged_address_control = control;
  state.tags.allowed = static_cast<uint16_t>((control & PR_MTE_TAG_MASK) >> PR_MTE_TAG_SHIFT);
  state.tags.checks = tag_checks(control);
  return 0;
}

SysResult get_tagged_addresses(const Task& task, const std::array<uint64_t, 4>& args) {
  if (!all_zero(args, 0)) return SysResult::error(EINVAL);
  return static_cast<int64_t>(task.tagged_address_control);
}

std::optional<SysResult> pointer_key_prctl(State& state, int option, const std::array<uint64_t, 4>& args) {
  switch (option) {
    case PR_PAC_RESET_KEYS:
      return reset_keys(state, args);
    case PR_PAC_SET_ENABLED_KEYS:
      return set_enabled_keys(state, args);
    case PR_PAC_GET_ENABLED_KEYS:
      return get_enabled_keys(state, args);
    default:
      return std::nullopt;
  }
}

}  // namespace

void start_pointer_keys(State& state) {
  renew_keys(state, kAllKeys);
  for (const auto& [key, bit] : kAddressKeys) enable_key(state, key, true);
}

std::optional<SysResult> processor_prctl(const ferry::arm64::Cpu& cpu, Task& task, int option,
                                         const std::array<uint64_t, 4>& args) {
  State& state = *static_cast<State*>(task.state());
  switch (option) {
    case PR_SET_TAGGED_ADDR_CTRL:
      return set_tagged_addresses(cpu, task, state, args);
    case PR_GET_TAGGED_ADDR_CTRL:
      return get_tagged_addresses(task, args);
    default:
      return cpu.has(ferry::arm64::Feature::PAuth) ? pointer_key_prctl(state, option, args) : std::nullopt;
  }
}

}  // namespace ferry::linux_user::arm64_abi_detail
