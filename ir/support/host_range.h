#pragma once

#include <cstdint>

namespace ferry::support {

/// The address range of the host that ferry keeps for itself: its image lies at the start, its heap (the
/// host's brk) within 1 GiB behind, and whatever ferry maps at addresses of its own choice after that. No
/// host kernel places anything here by itself and no guest expects it to be free
/// (docs/adr/0001-static-image.md). cmake/static_executable.cmake reads the first constant from this line.
inline constexpr uint64_t kHostRangeBegin = 0x6a0000000000;
inline constexpr uint64_t kHostRangeEnd = 0x6b0000000000;
/// Image and heap stay below this address; from here on ferry may map freely.
inline constexpr uint64_t kHostRangeFree = kHostRangeBegin + 0x1000000000;

}  // namespace ferry::support
