#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/guest/case_file.h"
#include "tests/guest/ways.h"

// Every case of every file, on every way to run it.

namespace ferry::guest_test {
namespace {

std::vector<std::string> case_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(FERRY_GUEST_CASES)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

using Parameter = std::tuple<std::string, Way>;

class GuestCases : public testing::TestWithParam<Parameter> {};

TEST_P(GuestCases, Agree) {
  const auto& [name, way] = GetParam();
  const CaseFile file = read_case_file(std::string(FERRY_GUEST_CASES) + "/" + name + ".txt");
  ASSERT_EQ(file.error, "");
  ASSERT_FALSE(file.cases.empty());
  GuestMemory memory;
  std::string error;
  const auto runner = way.make(memory, error);
  ASSERT_NE(runner, nullptr) << error;
  for (const Case& c : file.cases) {
    EXPECT_FALSE(c.unknown) << name << ":" << c.line << ": has no result yet";
    if (c.unknown || (!way.precise && c.expected.stop == kGuestStopFault)) continue;
    const GuestRun result = runner->run(c.start);
    const std::string wrong = runner->complaint() + differences(c, result);
    if (!wrong.empty()) ADD_FAILURE() << name << ".txt:" << c.line << ": " << c.text << "\n" << wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GuestCases,
                         testing::Combine(testing::ValuesIn(case_files()),
                                          testing::ValuesIn(ways().begin(), ways().end())),
                         [](const testing::TestParamInfo<Parameter>& info) {
                           return std::get<0>(info.param) + "_" + std::get<1>(info.param).name;
                         });

}  // namespace
}  // namespace ferry::guest_test
