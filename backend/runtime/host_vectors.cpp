#include "backend/runtime/host_vectors.h"

#include <cpuid.h>

#include <cstring>

namespace ferry::backend {

namespace {

constexpr unsigned kInLegacyArea = 16;  ///< xmm0 to xmm15

// The rest lies in the extended area in XSAVE's standard format (Intel SDM 1, 13.4; Linux,
// arch/x86/include/uapi/asm/sigcontext.h).
constexpr uint32_t kExtendedMagic = 0x46505853;  ///< FP_XSTATE_MAGIC1
constexpr size_t kMagicAt = 464, kStateBitsAt = 512;
constexpr unsigned kUpperZmm = 7;  ///< the state component with zmm16 to zmm31
constexpr size_t kZmmBytes = 64;

/// Where zmm16 lies in the area; 0: it is as after a reset, all zeros.
size_t upper_zmm_offset(const std::byte* area) {
  uint32_t magic;
  std::memcpy(&magic, area + kMagicAt, sizeof magic);
  uint64_t in_use;
  std::memcpy(&in_use, area + kStateBitsAt, sizeof in_use);
  unsigned eax, offset, ecx, edx;
  constexpr unsigned kXsaveLeaf = 0xd;
  if (magic != kExtendedMagic || (in_use >> kUpperZmm & 1) == 0 ||
      __get_cpuid_count(kXsaveLeaf, kUpperZmm, &eax, &offset, &ecx, &edx) == 0)
    return 0;
  return offset;
}

}  // namespace

void read_host_vector(const ucontext_t& context, unsigned number, std::span<std::byte> to) {
  const auto* state = context.uc_mcontext.fpregs;
  if (number < kInLegacyArea) {
    std::memcpy(to.data(), &state->_xmm[number], to.size());
    return;
  }
  const auto* area = reinterpret_cast<const std::byte*>(state);
  const size_t offset = upper_zmm_offset(area);
  if (offset == 0) {
    std::memset(to.data(), 0, to.size());
  } else {
    std::memcpy(to.data(), area + offset + (number - kInLegacyArea) * kZmmBytes, to.size());
  }
}

}  // namespace ferry::backend
