// ir/fp under NanRule::Arm against QEMU's user mode: every row of vectors.def, on edge values and random
// operands, under the FPCR settings that the row reads. QEMU is another implementation of the same manual,
// not the manual: where it differs, kDeviations says so, with the section that is on our side.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/unit/fp/operands.h"
#include "tests/unit/fp/vectors_protocol.h"

namespace ferry::ir::fp::test {
namespace {

enum class Group { Arithmetic, Conversion, Integers, WidenAddend, Pairs };

constexpr uint64_t kFz16 = uint64_t{1} << 19;
constexpr uint64_t kFz = uint64_t{1} << 24;
constexpr uint64_t kDn = uint64_t{1} << 25;
constexpr uint64_t kAhp = uint64_t{1} << 26;

uint64_t nzcv_of(Relation relation) {
  switch (relation) {
    case Relation::Less:
      return uint64_t{8} << 28;
    case Relation::Equal:
      return uint64_t{6} << 28;
    case Relation::Greater:
      return uint64_t{2} << 28;
    case Relation::Unordered:
      break;
  }
  return uint64_t{3} << 28;
}

uint64_t javascript_outcome(JavascriptInt outcome) {
  return outcome.value | (outcome.exact ? uint64_t{1} << 62 : 0);
}

struct Row {
  const char* name;
  unsigned operands;
  Format format;
  Group group;
  uint64_t (*meaning)(Env& env, Format f, Bits a, Bits b, Bits c);
};

constexpr Row kRows[] = {
#define FP_VECTOR(name, text, operands, format, group, meaning)                      \
  {#name, operands, Format::format, Group::group,                                    \
   []([[maybe_unused]] Env& env, [[maybe_unused]] Format f, [[maybe_unused]] Bits a, \
      [[maybe_unused]] Bits b, [[maybe_unused]] Bits c) -> uint64_t { return meaning; }},
#include "tests/unit/fp/vectors.def"
#undef FP_VECTOR
};

/// The FPCR settings that can matter to a row.
std::vector<uint64_t> fpcr_variants(const Row& row) {
  std::vector<uint64_t> flushes{0, row.format == Format::Half ? kFz16 : kFz};
  if (row.operands == 1 || row.group == Group::WidenAddend) flushes = {0, kFz, kFz16, kFz | kFz16};
  std::vector<uint64_t> halves{0};
  if (row.group == Group::Conversion || row.format == Format::Half) halves.push_back(kAhp);
  std::vector<uint64_t> variants;
  for (uint64_t rmode = 0; rmode < 4; ++rmode) {
    for (const uint64_t dn : {uint64_t{0}, kDn}) {
      for (const uint64_t flush : flushes) {
        for (const uint64_t half : halves) variants.push_back((rmode << 22) | dn | flush | half);
      }
    }
  }
  return variants;
}

std::vector<Bits> pairs_of_bf16() {
  const auto singles = edge_values(Format::BFloat16, Amount::Few);
  std::vector<Bits> pairs;
  for (const Bits low : singles) {
    for (const Bits high : {Bits{0}, Bits{0x3f80}, Bits{0xbf81}, Bits{0x7f7f}, Bits{0x80}, Bits{0xff80}}) {
      pairs.push_back((high << 16) | low);
    }
  }
  return pairs;
}

struct Operands {
  std::vector<Bits> a{0}, b{0}, c{0};
};

Operands edges_of(const Row& row) {
  Operands edges;
  if (row.group == Group::Integers) {
    edges.a = edge_integers();
    return edges;
  }
  if (row.group == Group::Pairs)
    return {pairs_of_bf16(), pairs_of_bf16(), edge_values(Format::Single, Amount::Few)};
  const Amount amount = row.operands == 1 ? Amount::Many : row.operands == 2 ? Amount::Some : Amount::Few;
  edges.a = edge_values(row.format, amount);
  if (row.operands > 1) edges.b = edges.a;
  if (row.operands > 2)
    edges.c = edge_values(row.group == Group::WidenAddend ? Format::Single : row.format, amount);
  return edges;
}

std::vector<VectorRequest> requests_for(const Row& row) {
  constexpr int kRandomPerVariant = 400;
  const Operands edges = edges_of(row);
  const bool wide_addend = row.group == Group::WidenAddend || row.group == Group::Pairs;
  RandomOperands random(row.format, 7);
  RandomOperands random_addend(wide_addend ? Format::Single : row.format, 8);
  std::mt19937_64 raw(9);
  std::vector<VectorRequest> requests;
  for (const uint64_t fpcr : fpcr_variants(row)) {
    for (const Bits a : edges.a) {
      for (const Bits b : edges.b) {
        for (const Bits c : edges.c) requests.push_back({a, b, c, fpcr});
      }
    }
    for (int i = 0; i < kRandomPerVariant; ++i) {
      VectorRequest request{random.next(), random.next(), random_addend.next(), fpcr};
      if (row.group == Group::Integers) request.a = raw() >> (raw() & 63);
      if (row.group == Group::Pairs) request.a |= random.next() << 16, request.b |= random.next() << 16;
      requests.push_back(request);
    }
  }
  return requests;
}

/// A place where QEMU does something else than the manual says.
struct Deviation {
  std::string_view row;
  const char* reason;
  bool (*covers)(const VectorRequest& request, const VectorReply& ours, const VectorReply& theirs);
};

constexpr Deviation kDeviations[] = {
    {"FCVTZS_fix_hh",
     "QEMU 7.2 sign-extends a negative 16-bit result into bits 16 to 31 of the vector register; a scalar "
     "write to Hd "
     "clears them (Arm ARM, V[] with width 16).",
     [](const VectorRequest&, const VectorReply& ours, const VectorReply& theirs) {
       return theirs.value == (ours.value | 0xffff0000) && ours.value >> 15 == 1 && ours.fpsr == theirs.fpsr;
     }},
    {"FJCVTZS",
     "QEMU 7.2 sets PSTATE.Z for a positive denormal that FPCR.FZ flushed: the operand was not an integer, "
     "so Z is 0 "
     "(corrected in later QEMU).",
     [](const VectorRequest& request, const VectorReply& ours, const VectorReply& theirs) {
       const bool denormal = request.a != 0 && request.a >> 52 == 0;
       return denormal && (request.fpcr & kFz) != 0 && ours.value == 0 && theirs.value == uint64_t{1} << 62 &&
              ours.fpsr == theirs.fpsr;
     }},
};

const Deviation* deviation_of(std::string_view row) {
  for (const Deviation& deviation : kDeviations) {
    if (deviation.row == row) return &deviation;
  }
  return nullptr;
}

/// Runs one row's requests through the real instruction under QEMU. Empty if that fails.
std::vector<VectorReply> run_qemu(size_t row, const std::vector<VectorRequest>& requests) {
  const std::string base =
      testing::TempDir() + "ferry_fp_" + std::to_string(getpid()) + "_" + std::to_string(row);
  const std::string in = base + ".in";
  const std::string out = base + ".out";
  std::ofstream(in, std::ios::binary)
      .write(reinterpret_cast<const char*>(requests.data()),
             static_cast<std::streamsize>(requests.size() * sizeof(VectorRequest)));
  const std::string command = std::string(FERRY_QEMU_AARCH64 " -cpu max " FERRY_FP_VECTORS " ") +
                              std::to_string(row) + " <" + in + " >" + out;
  std::vector<VectorReply> replies;
  if (std::system(command.c_str()) == 0) {
    replies.resize(requests.size());
    std::ifstream file(out, std::ios::binary);
    const auto size = static_cast<std::streamsize>(replies.size() * sizeof(VectorReply));
    file.read(reinterpret_cast<char*>(replies.data()), size);
    if (file.gcount() != size) replies.clear();
  }
  std::remove(in.c_str());
  std::remove(out.c_str());
  return replies;
}

class FpQemu : public testing::TestWithParam<size_t> {};

TEST_P(FpQemu, AgreesWithTheInstruction) {
  const Row& row = kRows[GetParam()];
  const auto requests = requests_for(row);
  const auto replies = run_qemu(GetParam(), requests);
  ASSERT_EQ(replies.size(), requests.size()) << "qemu-aarch64 failed";
  const Deviation* deviation = deviation_of(row.name);
  size_t excused = 0;
  int reported = 0;
  for (size_t i = 0; i < requests.size() && reported < 10; ++i) {
    const VectorRequest& request = requests[i];
    Env env{mode_from_fpcr(static_cast<uint32_t>(request.fpcr))};
    const uint64_t value = row.meaning(env, row.format, request.a, request.b, request.c);
    const VectorReply ours{value, env.flags};
    const VectorReply theirs = replies[i];
    if (ours.value == theirs.value && ours.fpsr == theirs.fpsr) continue;
    if (deviation != nullptr && deviation->covers(request, ours, theirs)) {
      ++excused;
      continue;
    }
    ++reported;
    ADD_FAILURE() << std::hex << row.name << " fpcr=" << request.fpcr << " a=" << request.a
                  << " b=" << request.b << " c=" << request.c << ": QEMU " << theirs.value << " fpsr "
                  << theirs.fpsr << ", ours " << ours.value << " fpsr " << ours.fpsr;
  }
  if (deviation != nullptr && std::string_view(FERRY_QEMU_VERSION).starts_with("7.2")) {
    EXPECT_GT(excused, 0u) << "no longer seen, remove it from kDeviations: " << deviation->reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, FpQemu, testing::Range<size_t>(0, std::size(kRows)),
                         [](const auto& info) { return std::string(kRows[info.param].name); });

}  // namespace
}  // namespace ferry::ir::fp::test
