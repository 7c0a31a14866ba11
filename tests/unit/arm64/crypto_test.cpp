// The cryptographic helpers against published vectors. That single instructions do as the architecture says
// is tested against QEMU (tests/guest, tests/diff).
#include <gtest/gtest.h>

#include "frontend/arm64/helpers_simd.h"

namespace ferry::arm64::helpers {
namespace {

using Words = LanesOf<uint32_t>;

Vector128 words(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return vector_from<uint32_t>({a, b, c, d});
}

// GB/T 32907, appendix A.1.
TEST(SmTest, Sm4Example) {
  constexpr Words kFamilyKey = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
  const Vector128 key = words(0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210);
  Vector128 round_keys = key ^ vector_from<uint32_t>(kFamilyKey);
  Vector128 block = key;
  for (unsigned step = 0; step < 8; ++step) {
    Words constants{};
    for (unsigned i = 0; i < 4; ++i) {
      for (unsigned byte = 0; byte < 4; ++byte) {
        constants[i] = constants[i] << 8 | ((4 * (4 * step + i) + byte) * 7 & 0xff);
      }
    }
    round_keys = sm4_key(round_keys, vector_from<uint32_t>(constants));
    block = sm4_encrypt(block, round_keys);
  }
  EXPECT_EQ(lanes_of<uint32_t>(block), (Words{0x536e4246, 0x86b3e94f, 0xd206965e, 0x681edf34}));
}

}  // namespace
}  // namespace ferry::arm64::helpers
