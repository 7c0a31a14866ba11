// Prints docs/isa-coverage.md, made from the tables of frontend/arm64 and the lists of the tests, or compares
// it:
//   isa_coverage ROOT [--check]
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/coverage/tables.h"

namespace ferry::coverage {
namespace {

constexpr std::string_view kHeader =
    R"(# A64 instructions: what works and what tests it

Made by `build/dev/tests/coverage/isa_coverage . >docs/isa-coverage.md` from `frontend/arm64/a64*.def` (one row per encoding),
`features.def`, `cpu_features.def`, the cases and the exception lists of the tests; CTest's `isa_coverage_is_up_to_date` compares.

- *Decoder*: every row with its fields at their edges, all values of bits 31 to 10, and 2 * 10^7 more words against LLVM's
  disassembler (`tests/decode`); the differences and their reasons are in [differences.txt](../tests/decode/differences.txt).
- *Cases*: one-line cases of [tests/guest/cases](../tests/guest/cases) that contain the row, on every engine, and on QEMU's user mode
  where it agrees with the manual.
- *Differential*: rows drawn into random sequences whose outcome is compared with QEMU's (`tests/diff`).
- *C programs* (`tests/linux`, Debian's packages) run on all features that are announced; they are not counted by instruction.

A feature without rows consists of names inside MRS, MSR and SYS. Scalar floating point is also compared with QEMU's value by value
(`tests/unit/fp`).

What ferry does with reserved and CONSTRAINED UNPREDICTABLE encodings: [unpredictable.md](unpredictable.md).

)";

struct Numbers {
  unsigned rows = 0, handled = 0, with_cases = 0, cases = 0, differential = 0;
};

Numbers count(const FeatureCoverage& feature) {
  Numbers numbers;
  for (const RowCoverage& r : feature.rows) {
    ++numbers.rows;
    const bool works = r.handled && feature.implemented;
    numbers.handled += works;
    numbers.with_cases += works && r.cases > 0;
    numbers.cases += r.cases;
    numbers.differential += works && r.no_differential.empty();
  }
  return numbers;
}

std::string print_feature(const FeatureCoverage& feature) {
  const Numbers n = count(feature);
  std::ostringstream line;
  line << "| " << arm64::feature_name(feature.feature) << " | " << n.rows << " | " << n.handled << " | "
       << (feature.implemented ? "yes" : "no") << " | " << feature.announced << " | " << n.with_cases << " ("
       << n.cases << ") | " << n.differential << " |\n";
  return line.str();
}

/// Names by reason, in the order of the table.
class ByReason {
 public:
  void add(const std::string& reason, const std::string& name) {
    std::string& names = names_[reason];
    if (names.empty()) order_.push_back(reason);
    names += (names.empty() ? "" : ", ") + name;
  }
  std::string text() const {
    std::string text;
    for (const std::string& reason : order_) text += "- " + reason + ": " + names_.at(reason) + "\n";
    return text;
  }

 private:
  std::map<std::string, std::string> names_;
  std::vector<std::string> order_;
};

/// Without its feature it does nothing (Arm ARM C6.2, HINT).
bool is_hint(const arm64::Row& row) { return (row.pattern.value & 0xfffff01f) == 0xd503201f; }

std::string print_exceptions(const Coverage& coverage) {
  ByReason hints, unhandled, excluded, untested;
  for (const FeatureCoverage& feature : coverage.features) {
    const std::string absent = std::string(arm64::feature_name(feature.feature)) + " is not implemented";
    for (const RowCoverage& r : feature.rows) {
      const bool works = r.handled && feature.implemented;
      if (!works)
        (is_hint(*r.row) ? hints : unhandled).add(r.no_handler.empty() ? absent : r.no_handler, r.row->name);
      if (works && !r.no_differential.empty()) excluded.add(r.no_differential, r.row->name);
      if (works && r.cases == 0) {
        untested.add(r.no_differential.empty() ? "random sequences only" : "neither", r.row->name);
      }
    }
  }
  return "\n## Rows that are illegal instructions\n\n" + unhandled.text() + "\n## Rows that do nothing\n\n" +
         hints.text() + "\n## Rows outside the differential test\n\n" + excluded.text() +
         "\n## Rows without a case\n\n" + untested.text();
}

std::string print(const Coverage& coverage) {
  std::string text(kHeader);
  text +=
      "| feature | rows | work | on CPU `max` | announced by | with cases (cases) | differential |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const FeatureCoverage& feature : coverage.features) text += print_feature(feature);
  text += print_exceptions(coverage) +
          "\n## Extensions without rows\n\nTheir words are illegal instructions:\n\n";
  for (const std::string& extension : coverage.left_out) text += "- " + extension + "\n";
  return text;
}

/// Whether the page in the source tree is `text`.
bool is_up_to_date(const std::string& root, const std::string& text) {
  std::ifstream file(root + "/docs/isa-coverage.md");
  std::stringstream page;
  page << file.rdbuf();
  if (page.str() == text) return true;
  std::fprintf(stderr,
               "docs/isa-coverage.md is out of date: build/dev/tests/coverage/isa_coverage . "
               ">docs/isa-coverage.md\n");
  return false;
}

int run(const std::string& root, bool check) {
  const Coverage coverage = read_coverage(root);
  for (const std::string& error : coverage.errors) std::fprintf(stderr, "%s\n", error.c_str());
  const std::string text = print(coverage);
  if (check) return coverage.errors.empty() && is_up_to_date(root, text) ? 0 : 1;
  std::fputs(text.c_str(), stdout);
  return coverage.errors.empty() ? 0 : 1;
}

}  // namespace
}  // namespace ferry::coverage

int main(int argc, char** argv) {
  const bool check = argc == 3 && std::string_view(argv[2]) == "--check";
  if (argc != 2 && !check) {
    std::fprintf(stderr, "usage: isa_coverage ROOT [--check]\n");
    return 2;
  }
  return ferry::coverage::run(argv[1], check);
}
