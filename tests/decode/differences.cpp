#include "tests/decode/differences.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/decode/mnemonics.h"

namespace ferry::decode_test {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(trimmed(part));
  return parts;
}

Kind read_kind(std::string_view text) {
  if (text == "absent") return Kind::Absent;
  if (text == "surplus") return Kind::Surplus;
  if (text == "renamed") return Kind::Renamed;
  return Kind::Same;
}

bool is_one_of(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& wanted) {
    if (!wanted.ends_with('*')) return wanted == name;
    return name.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1));
  });
}

uint32_t field(const frontend::BitPattern& pattern, char letter, uint32_t word) {
  for (unsigned i = 0; i < pattern.field_count; ++i) {
    if (pattern.fields[i].letter == letter) return pattern.fields[i].extract(word);
  }
  return 0;
}

/// "PATTERN" or "PATTERN; ab cd".
void read_pattern(const std::string& text, Difference& difference) {
  const std::vector<std::string> parts = split(text, ';');
  difference.pattern = frontend::parse_bit_pattern(parts[0], 32);
  if (parts.size() > 1) difference.equal_fields = split(parts[1], ' ');
}

}  // namespace

Kind kind_of(const Verdicts& v) {
  if (v.row == nullptr) return v.llvm.empty() ? Kind::Same : Kind::Absent;
  if (v.llvm.empty()) return Kind::Surplus;
  return is_mnemonic_of(*v.row, mnemonic_of(v.llvm)) ? Kind::Same : Kind::Renamed;
}

bool Difference::covers(uint32_t word, const Verdicts& verdicts) const {
  if (kind_of(verdicts) != kind || !pattern.matches(word)) return false;
  const auto equal = [&](const std::string& pair) {
    return field(pattern, pair[0], word) == field(pattern, pair[1], word);
  };
  if (!equal_fields.empty() && std::none_of(equal_fields.begin(), equal_fields.end(), equal)) return false;
  if (names.empty()) return true;
  return is_one_of(names, kind == Kind::Surplus ? verdicts.row->name : mnemonic_of(verdicts.llvm));
}

std::vector<Difference> read_differences(const std::string& path, std::string& error) {
  std::vector<Difference> differences;
  std::ifstream file(path);
  if (!file) error = path + " cannot be read";
  unsigned number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> columns = split(line, '|');
    Difference difference;
    difference.line = number;
    if (columns.size() == 5) {
      difference.kind = read_kind(columns[0]);
      read_pattern(columns[1], difference);
      if (columns[2] != "*") difference.names = split(columns[2], ',');
    }
    if (difference.kind == Kind::Same || difference.pattern.width != 32 || columns[3].empty() ||
        columns[4].empty()) {
      error = path + ":" + std::to_string(number) + ": not KIND | PATTERN | NAMES | SECTION | REASON";
    } else {
      differences.push_back(difference);
    }
  }
  return differences;
}

}  // namespace ferry::decode_test
