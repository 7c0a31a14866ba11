#include "tests/coverage/tables.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "frontend/arm64/cpu_features.h"
#include "frontend/arm64/dispatch.h"
#include "frontend/arm64/translator.h"
#include "tests/guest/case_file.h"

namespace ferry::coverage {
namespace {

using arm64::Feature;
using arm64::Row;

using Reasons = std::map<std::string, std::string>;

/// Lines "NAME reason"; # begins a comment.
Reasons read_reasons(const std::string& path, Coverage& coverage) {
  Reasons reasons;
  std::ifstream file(path);
  if (!file) coverage.errors.push_back(path + " cannot be read");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t end = line.find(' ');
    const std::size_t reason = line.find_first_not_of(' ', end);
    if (reason == std::string::npos) {
      coverage.errors.push_back(path + ": no reason: " + line);
    } else {
      reasons.emplace(line.substr(0, end), line.substr(reason));
    }
  }
  return reasons;
}

/// Number of cases that contain a row, by the row's name.
std::map<std::string, unsigned> count_cases(const std::string& folder, Coverage& coverage) {
  std::map<std::string, unsigned> counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const guest_test::CaseFile file = guest_test::read_case_file(entry.path().string());
    if (!file.error.empty()) coverage.errors.push_back(file.error);
    for (const guest_test::Case& c : file.cases) {
      std::set<std::string> names;
      for (uint32_t i = 0; i < c.start.word_count; ++i) {
        if (const Row* row = arm64::decode(c.start.words[i])) names.insert(row->name);
      }
      for (const std::string& name : names) ++counts[name];
    }
  }
  return counts;
}

void add_to_list(std::string& list, const std::string& item) { list += (list.empty() ? "" : ", ") + item; }

std::string announced([[maybe_unused]] Feature wanted) {
  std::string list;
#define CPU_HWCAP(feature, word, bit) \
  if (wanted == Feature::feature)     \
    add_to_list(list, ((word) == 1 ? "HWCAP " : "HWCAP2 ") + std::to_string(bit));
#include "frontend/arm64/cpu_features.def"
#define CPU_ID_FIELD(feature, id_register, lsb, value) \
  if (wanted == Feature::feature)                      \
    add_to_list(list, #id_register "[" + std::to_string((lsb) + 3) + ":" + std::to_string(lsb) + "]");
#include "frontend/arm64/cpu_features.def"
  return list;
}

/// The reasons of the absent lines of differences.txt that name a feature: "FEAT_X ...".
std::vector<std::string> read_left_out(const std::string& path) {
  std::vector<std::string> extensions;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::string reason = line.substr(std::min(line.size(), line.rfind('|') + 2));
    const bool extension = line.starts_with("absent") && reason.starts_with("FEAT_");
    if (extension && std::find(extensions.begin(), extensions.end(), reason) == extensions.end()) {
      extensions.push_back(reason);
    }
  }
  return extensions;
}

/// Takes a name's reason out of the map, so that what remains has no use.
std::string take(Reasons& reasons, const std::string& name) {
  const auto found = reasons.find(name);
  if (found == reasons.end()) return {};
  std::string reason = found->second;
  reasons.erase(found);
  return reason;
}

}  // namespace

Coverage read_coverage(const std::string& root) {
  static constexpr auto kHandled = arm64::handled_rows<arm64::Translator>();
  Coverage coverage;
  auto cases = count_cases(root + "/tests/guest/cases", coverage);
  Reasons excluded = read_reasons(root + "/tests/diff/excluded.txt", coverage);
  Reasons unhandled = read_reasons(root + "/tests/coverage/unhandled.txt", coverage);
  for (std::size_t i = 0; i < static_cast<std::size_t>(Feature::kCount); ++i) {
    const auto feature = static_cast<Feature>(i);
    FeatureCoverage& f = coverage.features.emplace_back(
        FeatureCoverage{feature, arm64::kImplemented.has(feature), announced(feature), {}});
    for (const Row& row : arm64::rows()) {
      if (row.feature != feature) continue;
      RowCoverage& r = f.rows.emplace_back();
      r.row = &row;
      r.handled = kHandled[static_cast<std::size_t>(row.id)];
      r.cases = cases[row.name];
      r.no_differential = take(excluded, row.name);
      if (r.handled && f.implemented) continue;
      r.no_handler = take(unhandled, row.name);
      if (r.no_handler.empty() && f.implemented) {
        coverage.errors.push_back(std::string(row.name) + " has no handler, and unhandled.txt no reason");
      }
    }
  }
  for (const auto& [name, reason] : excluded) coverage.errors.push_back("excluded.txt: no row " + name);
  for (const auto& [name, reason] : unhandled)
    coverage.errors.push_back("unhandled.txt: no such row, or it works: " + name);
  coverage.left_out = read_left_out(root + "/tests/decode/differences.txt");
  return coverage;
}

}  // namespace ferry::coverage
