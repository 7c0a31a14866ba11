#include "tests/guest/case_file.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/guest/assembler.h"

namespace ferry::guest_test {
namespace {

constexpr uint64_t kDefaultCodeOffset = 0x800;
constexpr char kFlagLetters[] = "NZCV";

/// Every register and byte of memory starts with a value of its own, so that a mix-up shows.
GuestRun default_start() {
  GuestRun run{};
  for (unsigned i = 0; i < 31; ++i) run.cpu.x[i] = 0xc0de0000'00001000 | uint64_t{i} << 32 | i;
  for (unsigned i = 0; i < 32; ++i) {
    run.cpu.v[i][0] = 0xf00d0000'00002000 | uint64_t{i} << 32 | i;
    run.cpu.v[i][1] = 0xbeef0000'00003000 | uint64_t{i} << 32 | i;
  }
  for (unsigned i = 0; i < GUEST_DATA_SIZE; ++i) run.memory[i] = static_cast<uint8_t>(i * 7 + 3);
  run.cpu.sp = GUEST_DATA_BASE + GUEST_DATA_SIZE / 2;
  run.cpu.pc = GUEST_CODE_BASE + kDefaultCodeOffset;
  return run;
}

/// A number, decimal or 0x, of up to 128 bits, or @N; false: neither.
bool parse_value(const std::string& text, uint64_t (&value)[2]) {
  value[0] = value[1] = 0;
  if (text.empty()) return false;
  char* end = nullptr;
  if (text[0] == '@') {
    value[0] = GUEST_DATA_BASE + std::strtoull(text.c_str() + 1, &end, 0);
    return *end == '\0' && text.size() > 1;
  }
  constexpr std::size_t kHalfDigits = 16;
  if (text.rfind("0x", 0) == 0 && text.size() > 2 + kHalfDigits) {
    const std::size_t split = text.size() - kHalfDigits;
    value[1] = std::strtoull(text.substr(0, split).c_str(), &end, 16);
    if (*end != '\0') return false;
    value[0] = std::strtoull(text.substr(split).c_str(), &end, 16);
    return *end == '\0';
  }
  const bool negative = text[0] == '-';
  value[0] = negative ? static_cast<uint64_t>(std::strtoll(text.c_str(), &end, 0))
                      : std::strtoull(text.c_str(), &end, 0);
  return *end == '\0';
}

bool parse_flags(const std::string& text, uint64_t& nzcv) {
  nzcv = 0;
  if (text == "-") return true;
  for (const char c : text) {
    const char* found = std::strchr(kFlagLetters, c);
    if (found == nullptr || c == '\0') return false;
    nzcv |= uint64_t{1} << (31 - (found - kFlagLetters));
  }
  return !text.empty();
}

/// "@N" or "@N.S" as a name: where and how many bytes.
bool parse_cell(const std::string& name, uint64_t& offset, uint64_t& size) {
  char* end = nullptr;
  offset = std::strtoull(name.c_str() + 1, &end, 0);
  size = 8;
  if (*end == '.') size = std::strtoull(end + 1, &end, 0);
  return *end == '\0' && size <= 16 && offset + size <= GUEST_DATA_SIZE;
}

/// Sets what `name` names in `run`; false: no such name or value.
bool assign(GuestRun& run, const std::string& name, const std::string& text) {
  if (name == "nzcv") return parse_flags(text, run.cpu.nzcv);
  uint64_t value[2];
  if (!parse_value(text, value)) return false;
  if (name[0] == '@') {
    uint64_t offset, size;
    if (!parse_cell(name, offset, size)) return false;
    std::memcpy(run.memory + offset, value, size);
    return true;
  }
  if (name == "sp") return run.cpu.sp = value[0], true;
  if (name == "fpcr") return run.cpu.fpcr = value[0], true;
  if (name == "fpsr") return run.cpu.fpsr = value[0], true;
  char* end = nullptr;
  const uint64_t number = std::strtoull(name.c_str() + 1, &end, 10);
  if (*end != '\0' || name.size() < 2) return false;
  if (name[0] == 'x' && number < 31) return run.cpu.x[number] = value[0], true;
  if (name[0] == 'v' && number < 32) {
    std::memcpy(run.cpu.v[number], value, sizeof(value));
    return true;
  }
  return false;
}

bool parse_starts(Case& c, const std::string& text) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "noqemu") {
      c.noqemu = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return false;
    const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "pc") {
      c.start.cpu.pc = GUEST_CODE_BASE + std::strtoull(value.c_str(), nullptr, 0);
    } else if (!assign(c.start, name, value)) {
      return false;
    }
  }
  return true;
}

bool parse_results(Case& c, const std::string& text) {
  c.expected = c.start;
  c.expected.cpu.pc = c.start.cpu.pc + c.start.word_count * 4;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (word == "?") {
      c.unknown = true;
    } else if (word == "illegal" || word == "fault" || word == "svc") {
      c.expected.stop = word == "illegal" ? kGuestStopIllegal
                        : word == "fault" ? kGuestStopFault
                                          : kGuestStopSvc;
      if (word != "svc") c.expected.cpu.pc = c.start.cpu.pc;
    } else if (name == "pc") {
      c.expected.cpu.pc = c.start.cpu.pc + static_cast<uint64_t>(std::strtoll(value.c_str(), nullptr, 0));
    } else if (value == "*" && name[0] == 'x') {
      c.any_x |= uint64_t{1} << std::strtoul(name.c_str() + 1, nullptr, 10);
    } else if (!assign(c.expected, name, value)) {
      return false;
    }
  }
  return true;
}

bool parse_line(const std::string& line, Case& c) {
  const std::size_t bar = line.find('|'), arrow = line.find("=>");
  if (bar == std::string::npos || arrow == std::string::npos || arrow < bar) return false;
  c.text = line;
  c.assembly = line.substr(0, bar);
  c.start = default_start();
  return parse_starts(c, line.substr(bar + 1, arrow - bar - 1));
}

std::string format(const char* pattern, uint64_t a, uint64_t b = 0) {
  char text[96];
  std::snprintf(text, sizeof(text), pattern, a, b);
  return text;
}

std::string vector_text(const uint64_t (&v)[2]) {
  return v[1] != 0 ? format("0x%" PRIx64 "%016" PRIx64, v[1], v[0]) : format("0x%" PRIx64, v[0]);
}

std::string flags_text(uint64_t nzcv) {
  std::string text;
  for (int i = 0; i < 4; ++i) {
    if ((nzcv >> (31 - i) & 1) != 0) text += kFlagLetters[i];
  }
  return text.empty() ? "-" : text;
}

std::string value_text(uint64_t value) {
  if (value >= GUEST_DATA_BASE && value < GUEST_DATA_BASE + GUEST_DATA_SIZE) {
    return format("@%" PRIu64, value - GUEST_DATA_BASE);
  }
  return value < 10 ? format("%" PRIu64, value) : format("0x%" PRIx64, value);
}

const char* stop_name(uint32_t stop) {
  constexpr const char* kNames[] = {"brk", "illegal", "fault", "svc", "stuck"};
  return kNames[stop];
}

/// What differs between `from` and `to`, as assignments.
std::vector<std::string> changes(const GuestRun& from, const GuestRun& to, uint64_t any_x) {
  std::vector<std::string> out;
  for (unsigned i = 0; i < 31; ++i) {
    if ((any_x >> i & 1) != 0 || from.cpu.x[i] == to.cpu.x[i]) continue;
    out.push_back("x" + std::to_string(i) + "=" + value_text(to.cpu.x[i]));
  }
  if (from.cpu.sp != to.cpu.sp) out.push_back("sp=" + value_text(to.cpu.sp));
  if (from.cpu.nzcv != to.cpu.nzcv) out.push_back("nzcv=" + flags_text(to.cpu.nzcv));
  if (from.cpu.fpcr != to.cpu.fpcr) out.push_back("fpcr=" + format("0x%" PRIx64, to.cpu.fpcr));
  if (from.cpu.fpsr != to.cpu.fpsr) out.push_back("fpsr=" + format("0x%" PRIx64, to.cpu.fpsr));
  for (unsigned i = 0; i < 32; ++i) {
    if (std::memcmp(from.cpu.v[i], to.cpu.v[i], sizeof(from.cpu.v[i])) == 0) continue;
    out.push_back("v" + std::to_string(i) + "=" + vector_text(to.cpu.v[i]));
  }
  for (unsigned i = 0; i < GUEST_DATA_SIZE; i += 8) {
    if (std::memcmp(from.memory + i, to.memory + i, 8) == 0) continue;
    uint64_t cell;
    std::memcpy(&cell, to.memory + i, sizeof(cell));
    out.push_back("@" + std::to_string(i) + "=" + value_text(cell));
  }
  return out;
}

}  // namespace

CaseFile read_case_file(const std::string& path) {
  CaseFile file;
  std::ifstream in(path);
  if (!in) file.error = path + ": cannot be read";
  for (std::string line; std::getline(in, line);) {
    file.lines.push_back(line);
    if (line.empty() || line[0] == '#') continue;
    Case c;
    c.line = static_cast<unsigned>(file.lines.size());
    if (!parse_line(line, c)) {
      file.error = path + ":" + std::to_string(c.line) + ": not a case: " + line;
      return file;
    }
    file.cases.push_back(std::move(c));
  }
  std::vector<std::string> texts;
  for (const Case& c : file.cases) texts.push_back(c.assembly);
  std::string error;
  const auto words = assemble(texts, error);
  if (words.size() != texts.size()) {
    file.error = path + ": does not assemble:\n" + error;
    return file;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    Case& c = file.cases[i];
    const bool fits = !words[i].empty() && words[i].size() <= GUEST_MAX_WORDS;
    if (fits) std::memcpy(c.start.words, words[i].data(), words[i].size() * 4);
    c.start.word_count = static_cast<uint32_t>(words[i].size());
    if (!fits || !parse_results(c, c.text.substr(c.text.find("=>") + 2))) {
      file.error = path + ":" + std::to_string(c.line) + ": not a case: " + c.text;
      return file;
    }
  }
  return file;
}

std::string differences(const Case& c, const GuestRun& actual) {
  std::string text;
  if (actual.stop != c.expected.stop) text += std::string("  stopped by ") + stop_name(actual.stop) + "\n";
  const auto offset = static_cast<int64_t>(actual.cpu.pc - c.start.cpu.pc);
  if (actual.cpu.pc != c.expected.cpu.pc) text += "  pc=" + std::to_string(offset) + "\n";
  const auto is = changes(c.expected, actual, c.any_x);
  const auto want = changes(actual, c.expected, c.any_x);
  for (std::size_t i = 0; i < is.size(); ++i) text += "  " + is[i] + ", expected " + want[i] + "\n";
  return text;
}

std::string describe_result(const Case& c, const GuestRun& actual) {
  std::string text;
  const auto offset = static_cast<int64_t>(actual.cpu.pc - c.start.cpu.pc);
  if (actual.stop != kGuestStopBrk) text += std::string(" ") + stop_name(actual.stop);
  const int64_t usual = actual.stop == kGuestStopBrk ? c.start.word_count * 4 : 0;
  if (offset != usual) text += " pc=" + std::string(offset >= 0 ? "+" : "") + std::to_string(offset);
  for (const std::string& change : changes(c.start, actual, c.any_x)) text += " " + change;
  return text;
}

}  // namespace ferry::guest_test
