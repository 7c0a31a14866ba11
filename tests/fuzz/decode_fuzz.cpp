// Any words as AArch64 code: translation ends, reads nothing but the code's page, and makes IR that obeys the
// rules. Input: one byte of options (Setup), then the words.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "frontend/registry.h"
#include "ir/print.h"
#include "tests/decode/words.h"
#include "tests/fuzz/ir_checks.h"
#include "tests/fuzz/target.h"

namespace ferry::fuzz {
namespace {

constexpr size_t kPage = 4096;
constexpr uint64_t kCodeAddress = 0x10000000;
constexpr size_t kLongestSeed = 24;

/// A page of code between pages that nobody may read.
std::byte* code_page() {
  static std::byte* const page = [] {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    void* const wanted = reinterpret_cast<void*>(kCodeAddress - kPage);
    void* const got = mmap(wanted, 3 * kPage, PROT_NONE, kFlags, -1, 0);
    require(
        got == wanted && mprotect(reinterpret_cast<void*>(kCodeAddress), kPage, PROT_READ | PROT_WRITE) == 0,
        "the guest's code page can be mapped");
    return reinterpret_cast<std::byte*>(kCodeAddress);
  }();
  return page;
}

bool in_page(GuestAddr pc) { return pc.value / kPage == kCodeAddress / kPage; }

class OnePage final : public ir::CodeView {
 public:
  bool executable(GuestAddr pc) const override { return in_page(pc); }
};
constexpr OnePage kOnePage;

/// What the input's first byte chooses.
struct Setup {
  uint64_t mode;
  bool at_end;  ///< the words are the last ones of their page
  ir::TranslateLimits limits;

  explicit Setup(uint8_t choice) : mode(choice & 1), at_end((choice & 2) != 0) {
    limits.max_insts = (choice & 4) != 0 ? 1 : 64;
    limits.precise = (choice & 8) == 0;
    limits.max_blocks = (choice & 16) != 0 ? 16 : 1;
    limits.code = &kOnePage;
  }
};

/// Where the input's words lie.
struct Words {
  GuestAddr first, last;
};

/// Puts the words where `setup` says and undefined instructions everywhere else.
Words place(const Setup& setup, std::span<const uint8_t> words) {
  std::byte* const page = code_page();
  const size_t size = std::min(words.size() / 4 * 4, kPage);
  const size_t at = setup.at_end ? kPage - size : 0;
  std::memset(page, 0, kPage);
  if (size != 0) std::memcpy(page + at, words.data(), size);
  return {{kCodeAddress + at}, {kCodeAddress + at + size}};
}

/// Checks limits and ranges of what was made from the code at `pc`. The end of the range that `pc` is in.
GuestAddr check_ranges(const ir::Function& function, GuestAddr pc, const ir::TranslateLimits& limits) {
  require(function.guest_insts >= 1 && function.guest_insts <= limits.max_insts, "limits are kept",
          ir::print(function));
  GuestAddr end = pc;
  for (const auto& [first, last] : function.ranges) {
    require(first < last && in_page(first) && in_page(GuestAddr{last.value - 1}), "ranges are in the page",
            ir::print(function));
    if (first <= pc && pc < last) end = last;
  }
  require(end != pc, "the entry is in a range", ir::print(function));
  return end;
}

/// Translates the code at `pc` and checks what comes out. Where the code that follows it begins.
GuestAddr translate_at(GuestAddr pc, const Setup& setup) {
  static const ir::GuestArch& arch = *frontend::find_guest("aarch64");
  static ir::Function function;
  arch.translate({pc, setup.mode}, setup.limits, function);
  const GuestAddr next = check_ranges(function, pc, setup.limits);
  const std::array layouts = {&arch.layout()};
  check_function(function, {layouts, arch.helpers()});
  const std::span code(code_page() + pc.value % kPage, 4);
  require(!arch.disassemble(pc, code).empty(), "every word has a text");
  return next;
}

Input make_seed(uint8_t choice, size_t count, decode_test::Random& random) {
  const std::span<const arm64::Row> rows = arm64::rows();
  Input seed = {choice};
  for (size_t i = 0; i < count; ++i) {
    const uint32_t word = decode_test::random_instance(rows[random() % rows.size()].pattern, random);
    for (unsigned shift = 0; shift < 32; shift += 8) seed.push_back(static_cast<uint8_t>(word >> shift));
  }
  return seed;
}

}  // namespace

std::vector<Input> seeds() {
  constexpr unsigned kSeeds = 512;
  decode_test::Random random(1);
  std::vector<Input> all;
  for (unsigned i = 0; i < kSeeds; ++i) {
    all.push_back(make_seed(static_cast<uint8_t>(random()), random() % kLongestSeed + 1, random));
  }
  return all;
}

}  // namespace ferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  if (size == 0) return 0;
  const fuzz::Setup setup(data[0]);
  const fuzz::Words words = fuzz::place(setup, {data + 1, size - 1});
  for (GuestAddr pc = words.first; pc < words.last;) pc = fuzz::translate_at(pc, setup);
  return 0;
}
