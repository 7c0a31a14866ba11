#include "tests/ir/case_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/parse.h"
#include "tests/ir/toy_guest.h"

namespace ferry::ir_test {

using support::Error;
using support::Result;

Result<ir::Function> parse_toy(std::string_view text, unsigned first_line) {
  static const ir::StateLayout* const layouts[] = {&toy_layout()};
  return ir::parse(text, {.layouts = layouts, .helpers = toy_helpers()}, first_line);
}

namespace {

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)), in_(path_) {}

  Result<std::vector<Case>> run() {
    if (!in_) return Error{path_ + ": cannot be read"};
    std::string line;
    while (next(line)) {
      if (!take(line)) return Error{path_ + ": " + message_};
    }
    return std::move(cases_);
  }

 private:
  bool next(std::string& line) {
    ++number_;
    return static_cast<bool>(std::getline(in_, line));
  }
  bool fail(const std::string& message) {
    message_ = "line " + std::to_string(number_) + ": " + message;
    return false;
  }

  bool take(const std::string& line) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string keyword;
    if (!(words >> keyword)) return true;
    std::string rest;
    if (keyword == "case") {
      words >> rest;
      cases_.push_back({.name = rest, .file = path_, .line = number_});
      return true;
    }
    if (cases_.empty()) return fail("no case has begun");
    Case& current = cases_.back();
    if (keyword == "function") return function(line);
    if (keyword == "run") {
      std::getline(words, rest);
      current.runs.push_back({rest, number_});
    } else if (keyword == "pass") {
      while (words >> rest) current.passes.push_back(rest);
    } else if (keyword == "error") {
      words >> current.error_rule;
    } else if (keyword != "expect") {
      return fail("unknown keyword `" + keyword + "`");
    }
    return true;
  }

  bool function(const std::string& first) {
    const unsigned first_line = number_;
    std::string text = first + "\n";
    std::string line;
    do {
      if (!next(line)) return fail("the function does not end");
      text += line + "\n";
    } while (!line.starts_with("}"));
    auto parsed = parse_toy(text, first_line);
    if (!parsed) {
      message_ = parsed.error().message;
      return false;
    }
    cases_.back().functions.push_back(std::move(*parsed));
    return true;
  }

  std::string path_;
  std::ifstream in_;
  unsigned number_ = 0;
  std::string message_;
  std::vector<Case> cases_;
};

}  // namespace

Result<std::vector<Case>> read_cases(const std::string& path) { return Reader(path).run(); }

std::vector<std::string> case_files(std::string_view folder) {
  std::vector<std::string> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(FERRY_IR_CASES) / folder)) {
    if (entry.path().extension() == ".ir") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ferry::ir_test
