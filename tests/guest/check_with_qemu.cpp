// Checks case files against QEMU's user mode, or fills in what they leave open.
//   check_with_qemu DRIVER [--fill] FILE...     --fill: "=> ?" becomes what QEMU says
#include <cstdio>
#include <cstring>
#include <fstream>

#include "tests/guest/case_file.h"
#include "tests/guest/runner.h"

namespace ferry::guest_test {
namespace {

bool save(const std::string& path, const CaseFile& file) {
  std::ofstream out(path);
  for (const std::string& line : file.lines) out << line << '\n';
  return out.good();
}

/// The number of cases that QEMU disagrees with, or -1.
int check(const std::string& driver, const std::string& path, bool fill) {
  CaseFile file = read_case_file(path);
  if (!file.error.empty()) {
    std::printf("%s\n", file.error.c_str());
    return -1;
  }
  std::vector<GuestRun> starts;
  std::vector<const Case*> asked;
  for (const Case& c : file.cases) {
    if (c.noqemu) continue;
    starts.push_back(c.start);
    asked.push_back(&c);
  }
  const std::vector<GuestRun> results = run_under_qemu(driver, starts);
  if (results.size() != starts.size()) {
    std::printf("%s: QEMU failed\n", path.c_str());
    return -1;
  }
  int bad = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Case& c = *asked[i];
    if (fill && c.unknown) {
      file.lines[c.line - 1] = c.text.substr(0, c.text.find("=>") + 2) + describe_result(c, results[i]);
      continue;
    }
    const std::string wrong = c.unknown ? "  has no result yet\n" : differences(c, results[i]);
    if (wrong.empty()) continue;
    ++bad;
    std::printf("%s:%u: %s\n%s", path.c_str(), c.line, c.text.c_str(), wrong.c_str());
  }
  std::printf("%s: %zu cases, %zu asked, %d differ\n", path.c_str(), file.cases.size(), asked.size(), bad);
  if (fill && !save(path, file)) return -1;
  return bad;
}

}  // namespace
}  // namespace ferry::guest_test

int main(int argc, char** argv) {
  bool fill = false, good = true;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--fill") == 0) {
      fill = true;
    } else {
      good &= ferry::guest_test::check(argv[1], argv[i], fill) == 0;
    }
  }
  return good && argc > 2 ? 0 : 1;
}
